"""A frozen network in a graph: the same interface as VGG's, with the file's own operations."""

from __future__ import annotations

from typing import Any

from nstgraph._tf import tf
from nstgraph.errors import LossError
from nstgraph.networks.graph_file import FrozenNetwork

__all__ = ["ImportedNetwork"]

#: Attributes that hold in the whole file only: sizes that its own input had, and nodes to be placed beside.
_TOLD_OF_THE_WHOLE = ("_output_shapes", "_class")


class ImportedNetwork:
    """A frozen network in one graph: constants are imported once, what depends on a picture once a picture."""

    def __init__(self, file: FrozenNetwork) -> None:
        self.weights = file
        self.dtype = tf.float32
        self._nodes: dict[str, dict[str, Any]] = {}

    def features(self, layer: str, image: Any, scope: str, known: dict[str, Any]) -> Any:
        """Feature maps of a picture; see `nstgraph.networks.vgg.Vgg.features`."""
        if layer not in known:
            shared = self._nodes.setdefault("", {})
            own = self._nodes.setdefault(scope, {})
            name = self.weights.operation(layer)
            new = self.weights.needed(name, {*shared, *own})
            with tf.name_scope(None), tf.control_dependencies(None):
                self._add([node for node in new if not self.weights.moves(node.name)], shared)
            with tf.name_scope(scope):
                if self.weights.input not in own:
                    own[self.weights.input] = tf.identity(self.weights.convert(image), "network_input").op
                self._add([node for node in new if self.weights.moves(node.name)], own, shared)
                maps = own[name].outputs[self._output(layer, own[name])]
                known[layer] = tf.identity(tf.cast(maps, tf.float32), layer.partition(":")[0])
        return known[layer]

    def load(self, session: Any) -> None:
        """Do nothing: a frozen network's weights are constants."""

    def _output(self, layer: str, operation: Any) -> int:
        """Which output of an operation a layer is.

        Raises:
            LossError: the operation has no such output.
        """
        number = layer.partition(":")[2] or "0"
        if not number.isdecimal() or int(number) >= len(operation.outputs):
            raise LossError(
                f"{self.weights.path.name} has no layer {layer!r}; its operation has {len(operation.outputs)} outputs"
            )
        return int(number)

    def _add(self, nodes: list[Any], known: dict[str, Any], more: dict[str, Any] | None = None) -> None:
        """Import nodes, whose inputs are among them or known, and add them to what is known."""
        if not nodes:
            return
        # Without the file's versions, the whole graph would be taken for one of the oldest version there was.
        part = tf.GraphDef(versions=self.weights.versions)
        inside = {node.name for node in nodes}
        available = {**(more or {}), **known}
        feeds: dict[str, Any] = {}
        for node in nodes:
            copy = part.node.add()
            copy.CopyFrom(node)
            for told in _TOLD_OF_THE_WHOLE:
                copy.attr.pop(told, None)
            del copy.input[:]
            copy.input.extend(name for name in node.input if not name.startswith("^"))
            for tensor in copy.input:
                source, _, number = tensor.partition(":")
                if source not in inside:
                    feeds[tensor] = available[source].outputs[int(number or 0)]
        names = [node.name for node in nodes]
        known.update(zip(names, tf.import_graph_def(part, feeds, names, name="network"), strict=True))
