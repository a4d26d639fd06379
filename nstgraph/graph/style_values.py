"""What depends on style images alone, kept from one picture to the next: a second picture of a style computes none."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from nstgraph.arrays import Array
from nstgraph.graph.objective import Objective
from nstgraph.hashes import hash_of_numbers
from nstgraph.operation_types import POINTWISE
from nstgraph.tensor_ancestry import run_for

__all__ = ["Group", "StyleValues", "is_fixed", "parts_of_styles"]

#: Bytes that are kept at most: a Gram matrix takes one million, and what is larger is quickly computed beside the rest.
_MOST = 1 << 26

#: Operations that count as having a state, and yet give the same each time.
_HARMLESS = POINTWISE | {"Assert", "ReadVariableOp"}

#: Tensors, and the inputs that they are computed from.
Group: TypeAlias = tuple[list[Any], list[Any]]


class StyleValues:
    """Values of tensors by what they are computed from: a picture's content and size, whatever its name.

    The latest are kept, as far as there is room.

    Args:
        most: bytes that are kept.

    Attributes:
        computed: how often values had to be computed.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, list[Array]] = OrderedDict()
        self.computed = 0

    def get(self, what: Hashable, inputs: Mapping[str, Any], make: Callable[[], Sequence[Array]]) -> Sequence[Array]:
        """The values of ``what`` for these inputs, by name; what is not known yet is made."""
        arrays = {name: np.asarray(value) for name, value in inputs.items()}
        shapes = tuple((name, array.shape, array.dtype.str) for name, array in sorted(arrays.items()))
        key = (what, shapes, hash_of_numbers(*(arrays[name] for name, *_ in shapes)))
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        self.computed += 1
        made = [np.asarray(value) for value in make()]
        if _bytes(made) <= self._most:
            self._kept[key] = made
            while sum(map(_bytes, self._kept.values())) > self._most:
                self._kept.popitem(last=False)
        return made


def parts_of_styles(objective: Objective, targets: Sequence[Any]) -> tuple[list[Group], list[Any]]:
    """The targets that depend on styles alone, and on what is beside them, by inputs; and the others."""
    graph = objective.graph
    interiors = {view.interior.name: view.interior for view in graph.views}
    candidates = {tensor.name: tensor for tensor in [*objective.inputs, *(view.image for view in graph.views)]}
    candidates |= interiors
    own = {view.interior.name for view in graph.styles}
    own |= {view.image.name for view in graph.views if view.interior.name in own}
    groups: dict[tuple[str, ...], Group] = {}
    others = []
    for target in targets:
        _, used = run_for([target], fed=candidates.values())
        if used and used <= own and is_fixed(objective, [target], list(candidates.values())):
            names = tuple(sorted(used))
            groups.setdefault(names, ([], [candidates[name] for name in names]))[0].append(target)
        else:
            others.append(target)
    return list(groups.values()), others


def is_fixed(objective: Objective, tensors: Sequence[Any], inputs: Sequence[Any]) -> bool:
    """Whether tensors are the same whenever inputs are: nothing random, no state but the network's weights."""
    weights = {getattr(variable, "handle", variable).op.name for variable in objective.graph.network.variables}
    operations, _ = run_for(tensors, fed=inputs)
    return not any(
        op.op_def is not None and op.op_def.is_stateful and op.type not in _HARMLESS and name not in weights
        for name, op in operations.items()
    )


def _bytes(arrays: Sequence[Array]) -> int:
    return sum(array.nbytes for array in arrays)
