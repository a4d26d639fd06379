"""A network from a file in a graph: what `Vgg` gives, with the file's own operations."""

from __future__ import annotations

from typing import Any

from nstgraph._tf import tf
from nstgraph.errors import LossError, WeightsError
from nstgraph.messages import one_line
from nstgraph.networks.graph_file import GraphFile
from nstgraph.networks.network import Features, Network, no_layer

__all__ = ["ImportedNetwork"]

#: Attributes that hold in the whole file only: sizes that its own input had, and nodes to be placed beside.
_ABOUT_THE_WHOLE = ("_output_shapes", "_class")

_Operations = dict[str, Any]


class ImportedNetwork(Network):
    """A network from a file: constants are imported once, what depends on a picture once a picture."""

    def __init__(self, file: GraphFile) -> None:
        super().__init__(file, file.layers, tf.float32)
        self._file = file
        self._shared: _Operations = {}

    def features(self, image: Any, scope: str) -> Features:
        """Feature maps of a picture; see `Network.features`."""
        own: _Operations = {}

        def build(layer: str, _: Features) -> Any:
            name = self._file.operation(layer)
            if name is None:
                raise no_layer(self._file.path.name, layer, self._file.names())
            new = self._file.needed(name, {*self._shared, *own})
            with tf.name_scope(None), tf.control_dependencies(None):
                self._add([node for node in new if not self._file.moves(node.name)], self._shared, {})
            with tf.name_scope(scope):
                if self._file.input not in own:
                    own[self._file.input] = tf.identity(self._file.convert(image), "network_input").op
                self._add([node for node in new if self._file.moves(node.name)], own, self._shared)
                maps = self._output(layer, own[name])
                return tf.identity(tf.cast(maps, tf.float32), layer.partition(":")[0])

        return Features(build)

    def _output(self, layer: str, operation: Any) -> Any:
        """The output of an operation that a layer is; LossError if there is none."""
        number = layer.partition(":")[2] or "0"
        if not number.isdecimal() or int(number) >= len(operation.outputs):
            outputs = len(operation.outputs)
            raise LossError(f"{self._file.path.name} has no layer {layer!r}; its operation has {outputs} outputs")
        return operation.outputs[int(number)]

    def _add(self, nodes: list[Any], known: _Operations, others: _Operations) -> None:
        """Import nodes, whose inputs are among them, known or others, and add them to what is known."""
        if not nodes:
            return
        # Without the file's versions, the whole graph would be taken for one of the oldest version there was.
        part = tf.GraphDef(versions=self._file.versions)
        inside = {node.name for node in nodes}
        available = {**others, **known}
        feeds: dict[str, Any] = {}
        for node in nodes:
            copy = part.node.add()
            copy.CopyFrom(node)
            for attribute in _ABOUT_THE_WHOLE:
                copy.attr.pop(attribute, None)
            del copy.input[:]
            copy.input.extend(name for name in node.input if not name.startswith("^"))
            for tensor in copy.input:
                source, _, number = tensor.partition(":")
                if source not in inside:
                    feeds[tensor] = available[source].outputs[int(number or 0)]
        names = [node.name for node in nodes]
        try:
            known.update(zip(names, tf.import_graph_def(part, feeds, names, name="network"), strict=True))
        except Exception as error:  # TensorFlow finds what is wrong with a damaged file in many ways
            path = self._file.path
            raise WeightsError(f"{path} cannot be imported ({one_line(error)}); get the file again") from error
