"""Damaged graphs: valid as files, which bytes that are changed at random rarely are, and wrong as graphs."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

__all__ = ["damaged_graph"]

#: Operations that nodes are turned into, some of which would read files or run code.
_OPERATIONS = (
    "Const", "Placeholder", "Identity", "IdentityN", "Relu", "Conv2D", "MaxPool", "AvgPool", "Split", "ConcatV2",
    "Cast", "Switch", "Merge", "Enter", "NextIteration", "Exit", "While", "If", "PartitionedCall", "PyFunc",
    "EagerPyFunc", "ReadFile", "WriteFile", "VarHandleOp", "ReadVariableOp", "NoOp", "Assert", "Reshape", "Fill",
    "Nonsense", "",
)  # fmt: skip

_SIZES = (-2, -1, 0, 1, 3, 13_000, 100_000, 2**31 - 1, 2**40, 2**63 - 1)


def damaged_graph(graph: Any, number: int) -> bytes:
    """A GraphDef, which is changed in place, with some nodes made wrong; as bytes."""
    chance = random.Random(number)
    for _ in range(chance.choice((1, 1, 2, 4))):
        chance.choice(_MUTATIONS)(chance, graph, chance.choice(graph.node))
    return bytes(graph.SerializeToString())


def _operation(chance: random.Random, _: Any, node: Any) -> None:
    node.op = chance.choice(_OPERATIONS)


def _name(chance: random.Random, graph: Any, node: Any) -> None:
    node.name = chance.choice((chance.choice(graph.node).name, "", "a b", "\x1b[31m\n", "ä" * 300, "^a", "a:0", "/"))


def _source(chance: random.Random, graph: Any, node: Any) -> None:
    """Another input, one more, or one less; so graphs get loops, too."""
    other = chance.choice(graph.node).name
    name = chance.choice(
        (other, other, f"{other}:1", f"{other}:99999999999", f"{other}:x", f"^{other}", "", "gone", "^")
    )
    if node.input and chance.random() < 0.6:
        node.input[chance.randrange(len(node.input))] = name
    elif node.input and chance.random() < 0.5:
        node.input.pop()
    else:
        node.input.append(name)


def _attribute(chance: random.Random, graph: Any, node: Any) -> None:
    """An attribute less, or with another node's value, or a size or type of its own."""
    if not node.attr:
        return
    value, others = node.attr[chance.choice(sorted(node.attr))], chance.choice(graph.node).attr
    kind = chance.randrange(5)
    if kind == 0:
        value.Clear()
    elif kind == 1 and others:
        value.CopyFrom(others[chance.choice(sorted(others))])
    elif kind == 2:
        value.type = chance.choice((0, 2, 3, 4, 7, 20, 21, 101, 150, 9999))
    elif kind == 3:
        del value.list.i[:]
        value.list.i.extend(chance.choice(_SIZES) for _ in range(chance.randint(0, 5)))
    else:
        shape = value.tensor.tensor_shape if value.HasField("tensor") else value.shape
        shape.dim.add().size = chance.choice(_SIZES)
        chance.choice(shape.dim).size = chance.choice(_SIZES)


def _values(chance: random.Random, _: Any, node: Any) -> None:
    """A constant of more, fewer or other bytes than it should have."""
    tensor = node.attr["value"].tensor if "value" in node.attr else None
    if tensor is not None:
        data = tensor.tensor_content
        tensor.tensor_content = data[: chance.randint(0, len(data))] + chance.randbytes(chance.randint(0, 9))


def _graph(chance: random.Random, graph: Any, node: Any) -> None:
    """Nodes in another order, twice or not at all; versions from the past and the future."""
    if chance.random() < 0.3:
        graph.versions.producer, graph.versions.min_consumer = chance.choice(((0, 0), (21, 0), (10**6, 10**6)))
    elif chance.random() < 0.5:
        graph.node.add().CopyFrom(node)
    else:
        graph.node.remove(node)


_MUTATIONS: tuple[Callable[[random.Random, Any, Any], None], ...] = (
    _operation, _operation, _name, _source, _source, _attribute, _attribute, _attribute, _values, _graph
)  # fmt: skip
