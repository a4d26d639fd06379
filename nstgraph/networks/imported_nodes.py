"""Nodes of a file as operations of a graph, made one by one; none may take more memory than the file accounts for."""

from __future__ import annotations

import collections
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from nstgraph._tf import tf
from nstgraph.errors import WeightsError
from nstgraph.messages import one_line

__all__ = ["ImportedNodes", "Rehearsal"]

#: Bytes that the tensors of a network may take together, as far as their sizes are known: this, and so many times the
#: file, of which each weight is copied and scaled a few times. A file of a kilobyte could ask for any number of them.
_SPARE, _TIMES = 2**30, 16

#: Pixels; the side of the picture in a rehearsal.
_SIDE = 128

#: Bytes; larger constants take no part in a rehearsal but by their shapes.
_SMALL = 4096


class ImportedNodes:
    """Operations that nodes of a file have become, by name.

    `tf.import_graph_def` would make them all at once. But TensorFlow computes constants to find out shapes, so the size
    of each tensor has to be checked before anything is made from it. Nor does this look through the whole graph each
    time, or take the graph for one of the file's version.

    Args:
        path: the file.
        others: operations made elsewhere that nodes may take tensors from.

    Attributes:
        operations: those made here, and any that are put there.
        known: the same, and the others.
    """

    def __init__(self, path: Path, others: dict[str, Any]) -> None:
        self.operations: dict[str, Any] = {}
        self.known = collections.ChainMap(self.operations, others)
        self._path = path
        self._left = _SPARE + _TIMES * path.stat().st_size

    def add(self, nodes: Iterable[Any], unrehearsed: Collection[str] = ()) -> None:
        """Make the operations of nodes, each of which comes after those it takes tensors from.

        Args:
            nodes: what is to be made.
            unrehearsed: names of those whose results have to be of one size, whatever the picture.

        Raises:
            WeightsError: one cannot be made, or more memory would be taken than is left, or the size is not known.
        """
        for node in nodes:
            try:
                operation = _made(node, self.known)
            except Exception as error:  # TensorFlow finds what is wrong with a damaged file in many ways
                fault = f"its operation {node.name} cannot be imported ({one_line(error)})"
                raise WeightsError(f"{self._path} is damaged: {fault}; get the file again") from error
            if node.name in unrehearsed and not _are_known(operation.outputs):
                fault = f"an operation {node.name}, which is not for pictures of any size, and of unknown size itself"
                raise WeightsError(f"{self._path} has {fault}; ask for layers before it")
            self.keep(node.name, operation)

    def keep(self, name: str, operation: Any) -> None:
        """Add an operation that has been made to those known, unless it would take more memory than is left."""
        size = sum(_known_size(tensor) for tensor in operation.outputs)
        self._left -= size
        if self._left < 0:
            asked = f"{size / 1e9:.1f} GB more for its operation {name}, which is too much for a file of its size"
            raise WeightsError(f"{self._path} asks for {asked}; get another file")
        self.operations[name] = operation


class Rehearsal:
    """The same for a picture whose size is known, in a graph that never runs.

    A file may compute the size of a tensor from that of the picture, however large; here it is known before it is used.

    Attributes:
        failed: names of nodes that pictures of this size are not for, as of all that is computed from these.
    """

    def __init__(self, path: Path, source: str) -> None:
        self.failed: set[str] = set()
        self._path = path
        self._graph = tf.Graph()
        self._nodes = ImportedNodes(path, {})
        with self._graph.as_default():
            self._nodes.operations[source] = tf.placeholder(tf.float32, [1, _SIDE, _SIDE, 3]).op

    def add(self, nodes: Iterable[Any]) -> None:
        """Go through nodes, each of which comes after those it takes tensors from; those known already are passed over.

        Raises:
            WeightsError: more memory would be taken than is left, or the size of a picture does not tell how much.
        """
        known = self._nodes.known
        with self._graph.as_default():
            for node in nodes:
                if node.name in known:
                    continue
                large = node.op == "Const" and node.ByteSize() > _SMALL
                try:
                    operation = _of_its_shape(node) if large else _made(node, known)
                except Exception:  # it is not for a picture of this size, or is found to be damaged when it is imported
                    self.failed.add(node.name)
                    continue
                if _are_known(operation.inputs) and not _are_known(operation.outputs) and node.op != "Placeholder":
                    fault = f"an operation {node.name} whose result may be of any size"
                    raise WeightsError(f"{self._path} has {fault}, which no network needs; get another file")
                self._nodes.keep(node.name, operation)


def _made(node: Any, known: Mapping[str, Any]) -> Any:
    """The operation of a node in the graph that is current, from operations that are known."""
    inputs = []
    for tensor in node.input:
        source, _, number = tensor.partition(":")
        if not source.startswith("^"):
            inputs.append(known[source].outputs[int(number or 0)])
    name = f"network/{node.name}"
    if node.op in _INSTEAD:
        return _INSTEAD[node.op](node, name, *inputs).op
    # Those with an underscore are about the file's own graph: sizes that its input had, what is placed where.
    attributes = {key: value for key, value in node.attr.items() if not key.startswith("_")}
    operation = tf.get_default_graph().create_op(node.op, inputs, name=name, attrs=attributes)
    for tensor in operation.outputs:
        tensor.shape.rank  # noqa: B018 - which raises if TensorFlow has found a length to be negative
    return operation


def _of_its_shape(node: Any) -> Any:
    """A stand-in for a constant, so that the rehearsal holds no weights of its own."""
    value = node.attr["value"].tensor
    return tf.placeholder(tf.as_dtype(value.dtype), [length.size for length in value.tensor_shape.dim]).op


def _are_known(tensors: Iterable[Any]) -> bool:
    """Whether the sizes of all of them are."""
    return all(tensor.shape.is_fully_defined() for tensor in tensors)


def _known_size(tensor: Any) -> int:
    """Bytes of a tensor, with 1 for each length that is not known."""
    lengths = () if tensor.shape.rank is None else tensor.shape.as_list()
    return int(tensor.dtype.size * math.prod(length or 1 for length in lengths))


def _default(node: Any, name: str, value: Any) -> Any:
    """Nobody feeds what is inside a network; unlike the placeholder, this is known to be a constant."""
    return tf.identity(value, name)


def _normalized(node: Any, name: str, maps: Any, mean: Any, variance: Any, offset: Any, scale: Any) -> Any:
    """What the first networks had, and graphs of today's version may not have any more."""
    factor = scale if node.attr["scale_after_normalization"].b else None
    return tf.nn.batch_normalization(maps, mean, variance, offset, factor, node.attr["variance_epsilon"].f, name)


#: What takes the place of operations that are not imported as they are.
_INSTEAD: dict[str, Callable[..., Any]] = {
    "BatchNormWithGlobalNormalization": _normalized,
    "PlaceholderWithDefault": _default,
}
