"""A network from a file in a graph: what `Vgg` gives, with the file's own operations."""

from __future__ import annotations

from typing import Any

from nstgraph._tf import tf
from nstgraph.errors import LossError
from nstgraph.networks.graph_file import GraphFile
from nstgraph.networks.imported_nodes import ImportedNodes, Rehearsal
from nstgraph.networks.network import Features, Network, no_layer

__all__ = ["ImportedNetwork"]


class ImportedNetwork(Network):
    """A network from a file: constants are imported once, what depends on a picture once a picture."""

    def __init__(self, file: GraphFile) -> None:
        super().__init__(file, file.layers, tf.float32)
        self._file = file
        self._shared = ImportedNodes(file.path, {})
        self._rehearsal = Rehearsal(file.path, file.input)

    def features(self, image: Any, scope: str) -> Features:
        """Feature maps of a picture; see `Network.features`."""
        own = ImportedNodes(self._file.path, self._shared.operations)

        def build(layer: str, _: Features) -> Any:
            name = self._file.operation(layer)
            if name is None:
                raise no_layer(self._file.path.name, layer, self._file.names())
            new = self._file.needed(name, own.known)
            self._rehearsal.add(new)
            with tf.name_scope(None), tf.control_dependencies(None):
                self._shared.add((node for node in new if not self._file.moves(node.name)), self._rehearsal.failed)
            with tf.name_scope(scope):
                if self._file.input not in own.operations:
                    own.operations[self._file.input] = tf.identity(self._file.convert(image), "network_input").op
                own.add((node for node in new if self._file.moves(node.name)), self._rehearsal.failed)
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
