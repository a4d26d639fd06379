"""The order of a backward pass: what can be computed at any time is computed when it is needed, not before.

The gradients of all Gram matrices are ready to be computed as soon as the loss is known, and each is as large as its
layer. TensorFlow would compute them all at once and keep them until the backward pass through the network arrives at
their layers. A control dependency makes each wait for that arrival, which saves a third of the memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from nstgraph.operation_types import PASSING
from nstgraph.tensor_ancestry import ancestors, run_for

__all__ = ["delay"]


def delay(ends: Sequence[Any], starts: Sequence[Any]) -> None:
    """Wherever a backward pass adds up, let all summands wait for the one that comes last.

    Args:
        ends: the gradients that it ends in, not yet used in a session.
        starts: where it begins, such as the total loss; nothing before it is touched.
    """
    forward = {name for start in starts for name in ancestors(start)}
    backward = {name: tensor for end in ends for name, tensor in ancestors(end).items() if name not in forward}
    depths: dict[str, int] = {}
    for op in {tensor.op.name: tensor.op for tensor in backward.values()}.values():
        if op.type != "AddN" or op.outputs[0].shape.rank != 4:
            continue
        last = max(op.inputs, key=lambda tensor: _depth(tensor, depths))
        before_last = run_for([last])[0]
        for source in (source for summand in op.inputs if summand is not last for source in _sources(summand)):
            # Only what the last one does not itself wait for, lest they wait for each other.
            if source.outputs[0].name in backward and source.name not in before_last:
                source._add_control_input(last.op)


def _sources(tensor: Any) -> Iterator[Any]:
    """The operations that computed a tensor, or the summands that it is made of."""
    pending = [tensor.op]
    while pending:
        op = pending.pop()
        if op.type == "AddN":
            pending += [summand.op for summand in op.inputs]
        elif (op.type in PASSING or op.type == "Pad") and op.inputs:
            pending.append(op.inputs[0].op)
        else:
            yield op


def _depth(tensor: Any, known: dict[str, int]) -> int:
    """Length of the longest path to a tensor from the graph's inputs; loops are not gone round."""
    pending, begun = [tensor], set()
    while pending:
        current = pending[-1]
        waiting = [below for below in current.op.inputs if below.name not in known and below.name not in begun]
        begun.add(current.name)
        if waiting:
            pending.extend(waiting)
        else:
            known[current.name] = 1 + max((known.get(below.name, 0) for below in current.op.inputs), default=0)
            pending.pop()
    return known[tensor.name]
