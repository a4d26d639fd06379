"""A network from a file in a graph: what `Vgg` gives, with the file's own operations."""

from __future__ import annotations

import collections
import math
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any

from nstgraph._tf import tf
from nstgraph.errors import LossError, WeightsError
from nstgraph.messages import one_line
from nstgraph.networks.graph_file import GraphFile
from nstgraph.networks.network import Features, Network, no_layer

__all__ = ["ImportedNetwork"]

#: Bytes that the tensors of a network may take, as far as the file fixes their sizes: this, and so many times the
#: file, in which each weight is copied and scaled a few times. A file of a kilobyte could ask for any number of them.
_SPARE, _TIMES = 2**30, 16

_Operations = MutableMapping[str, Any]


class ImportedNetwork(Network):
    """A network from a file: constants are imported once, what depends on a picture once a picture."""

    def __init__(self, file: GraphFile) -> None:
        super().__init__(file, file.layers, tf.float32)
        self._file = file
        self._shared = _Imported(file, {})

    def features(self, image: Any, scope: str) -> Features:
        """Feature maps of a picture; see `Network.features`."""
        own = _Imported(self._file, self._shared.operations)

        def build(layer: str, _: Features) -> Any:
            name = self._file.operation(layer)
            if name is None:
                raise no_layer(self._file.path.name, layer, self._file.names())
            new = self._file.needed([name], own.known)
            with tf.name_scope(None), tf.control_dependencies(None):
                self._shared.add(node for node in new if not self._file.moves(node.name))
            with tf.name_scope(scope):
                if self._file.input not in own.operations:
                    own.operations[self._file.input] = tf.identity(self._file.convert(image), "network_input").op
                own.add(node for node in new if self._file.moves(node.name))
                maps = self._output(layer, own.operations[name])
                return tf.identity(tf.cast(maps, tf.float32), layer.partition(":")[0])

        return Features(build)

    def _output(self, layer: str, operation: Any) -> Any:
        """The output of an operation that a layer is; LossError if there is none."""
        number = layer.partition(":")[2] or "0"
        if not number.isdecimal() or int(number) >= len(operation.outputs):
            outputs = len(operation.outputs)
            raise LossError(f"{self._file.path.name} has no layer {layer!r}; its operation has {outputs} outputs")
        return operation.outputs[int(number)]


class _Imported:
    """Operations that nodes of a file have become, by name.

    They are made one by one, and not by `tf.import_graph_def`. TensorFlow computes constants while it finds out
    shapes; so the size of each tensor is known, and refused if it is too large, before anything is made from it.
    Nor does it look through the whole graph each time, or take the graph for one of the file's version.

    Attributes:
        operations: those imported here.
        known: the same, and those imported elsewhere that they may be made from.
    """

    def __init__(self, file: GraphFile, others: _Operations) -> None:
        self.operations: dict[str, Any] = {}
        self.known = collections.ChainMap[str, Any](self.operations, others)
        self._file = file
        self._left = _SPARE + _TIMES * file.path.stat().st_size

    def add(self, nodes: Iterable[Any]) -> None:
        """Import nodes, each of which comes after those it is made from."""
        for node in nodes:
            try:
                operation = self._made(node)
                size = sum(_fixed_size(tensor) for tensor in operation.outputs)
            except Exception as error:  # TensorFlow finds what is wrong with a damaged file in many ways
                fault = f"its operation {node.name} cannot be imported ({one_line(error)})"
                raise WeightsError(f"{self._file.path} is damaged: {fault}; get the file again") from error
            self._left -= size
            if self._left < 0:
                claim = f"{size / 1e9:.1f} GB for its operation {node.name}, more than a file of its size needs"
                raise WeightsError(f"{self._file.path} claims {claim}; get the file again")
            self.operations[node.name] = operation

    def _made(self, node: Any) -> Any:
        inputs = []
        for tensor in node.input:
            source, _, number = tensor.partition(":")
            if not source.startswith("^"):
                inputs.append(self.known[source].outputs[int(number or 0)])
        name = f"network/{node.name}"
        if node.op in _INSTEAD:
            return _INSTEAD[node.op](node, name, *inputs).op
        # Those with an underscore are about the file's own graph: sizes that its input had, what is placed where.
        attributes = {key: value for key, value in node.attr.items() if not key.startswith("_")}
        return tf.get_default_graph().create_op(node.op, inputs, name=name, attrs=attributes)


def _fixed_size(tensor: Any) -> int:
    """Bytes of a tensor, with 1 for each length that is not known."""
    lengths = () if tensor.shape.rank is None else tensor.shape.as_list()
    return int(tensor.dtype.size * math.prod(length or 1 for length in lengths))


def _default(node: Any, name: str, value: Any) -> Any:
    """Nobody feeds what is inside a network; unlike the placeholder, this is known to be a constant."""
    return tf.identity(value, name)


def _normalized(node: Any, name: str, maps: Any, mean: Any, variance: Any, offset: Any, scale: Any) -> Any:
    """What the first networks had, and graphs of today's version may not have any more."""
    scale = scale if node.attr["scale_after_normalization"].b else None
    return tf.nn.batch_normalization(maps, mean, variance, offset, scale, node.attr["variance_epsilon"].f, name)


#: What takes the place of operations that are not imported as they are.
_INSTEAD: dict[str, Callable[..., Any]] = {
    "BatchNormWithGlobalNormalization": _normalized,
    "PlaceholderWithDefault": _default,
}
