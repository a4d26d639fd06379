"""A network made elsewhere, from a frozen GraphDef (``.pb``), in place of the VGG that is built here.

Layers go by VGG's names, found by counting: ``conv3_1`` is the ReLU after the first convolution since the second pool.
Every operation of the file can also be asked for by its own name, such as ``tower/conv4/Relu:0``.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Container
from pathlib import Path
from typing import Any

from nstgraph._tf import tf
from nstgraph.errors import ConfigError, WeightsError
from nstgraph.hashes import hash_of
from nstgraph.messages import did_you_mean
from nstgraph.networks.graph_nodes import check, in_order, inputs_of, read, type_name
from nstgraph.networks.input_values import INPUT_VALUES
from nstgraph.networks.network import Network
from nstgraph.operation_types import POOLS, RELUS, VALUE_KEEPING

__all__ = ["GraphFile"]


class GraphFile:
    """What a frozen GraphDef holds, which may be a stranger's.

    Only what the layers that are asked for are computed from is ever given to TensorFlow, and that only if all of it is
    known to be harmless (see `nstgraph.networks.graph_nodes.check`). Everything else may be anything: what training has
    left, such as checks and savers, what comes before the input or after the layers; functions, devices, and orders of
    execution.

    Args:
        path: the file.
        input: name of the tensor that takes the picture; may be left out if there is one placeholder only.
        values: what it expects there: ``rgb``, 0..255; ``rgb-mean`` or ``bgr-mean``, the same minus VGG's channel
            means; ``rgb-unit``, 0..1. May be left out if the file itself computes something from the picture before
            the first convolution; it is then taken to expect ``rgb``.

    Attributes:
        path: the file.
        nodes: its nodes by name.
        input: the operation that takes the picture.
        layers: operation by VGG's name of the layer.

    Raises:
        WeightsError: the file is missing, no GraphDef, not frozen, or has no convolution; or an operation before its
            first convolution is not known to be harmless.
        ConfigError: there is no such input, or several could be it, or what it expects is unknown.
    """

    def __init__(self, path: str | os.PathLike[str], input: str | None = None, values: str | None = None) -> None:
        self.path = Path(path)
        self.nodes = {node.name: node for node in read(self.path).node}
        self.input = self._find_input(input)
        self._position = {name: number for number, name in enumerate(in_order(self.nodes, self.input))}
        self._order = self._downstream()
        self.layers = self._find_layers()
        if not (self.layers and any(self.nodes[name].op == "Conv2D" for name in self._order)):
            raise WeightsError(f"{self.path} has no convolution with a ReLU that {self.input} leads to; check --input")
        self._values = self._expected(values)

    @property
    def source(self) -> str:
        """Where the network comes from, for a report."""
        return f"{self.path}, input {self.input}"

    @functools.cached_property
    def sha256(self) -> str:
        """SHA-256 of the file, as 64 hexadecimal digits."""
        return hash_of(self.path)

    def network(self, pooling: str = "average", padding: str = "reflect", precision: str = "float32") -> Network:
        """The network in the graph that is current, as it is: pools and padding are its own, and it is in float32."""
        from nstgraph.networks.imported_network import ImportedNetwork  # which builds on this module

        return ImportedNetwork(self)

    def convert(self, image: Any) -> Any:
        """A picture, RGB, 0..255, as the network expects it."""
        return INPUT_VALUES[self._values](image)

    def operation(self, layer: str) -> str | None:
        """Name of the operation that gives a layer; None if there is none that depends on the picture."""
        name = self.layers.get(layer, layer.partition(":")[0])
        return name if name in self._order else None

    def names(self) -> list[str]:
        """All layers that can be asked for: VGG's names, then operations."""
        return [*self.layers, *self._order]

    def needed(self, name: str, known: Container[str] = ()) -> list[Any]:
        """The nodes from which an operation is computed, but for the ``known`` ones and what these are computed from.

        Each comes after those it takes tensors from.

        Raises:
            WeightsError: one of them is not known to be harmless.
        """
        pending, seen = [name], {self.input}
        found = []
        while pending:
            current = pending.pop()
            if current not in seen and current not in known:
                seen.add(current)
                found.append(current)
                pending += inputs_of(self.nodes[current])
        nodes = [self.nodes[name] for name in sorted(found, key=self._position.__getitem__)]
        check(self.path, nodes)
        return nodes

    def moves(self, name: str) -> bool:
        """Whether an operation depends on the picture."""
        return name in self._order

    def _find_input(self, name: str | None) -> str:
        placeholders = [node.name for node in self.nodes.values() if node.op == "Placeholder"]
        if name is None:
            if len(placeholders) != 1:
                raise ConfigError(f"{self.path} has {len(placeholders)} placeholders; name the input with --input")
            name = str(placeholders[0])
        operation, _, number = name.partition(":")
        if operation not in self.nodes:
            raise ConfigError(f"{self.path} has no operation {operation!r}{did_you_mean(operation, placeholders)}")
        if number not in ("", "0"):
            raise ConfigError(f"{name} of {self.path} is one output of several; name an input that is the only one")
        kind = self.nodes[operation].attr["DstT" if self.nodes[operation].op == "Cast" else "dtype"].type
        if kind not in (0, tf.float32.as_datatype_enum):  # 0: the operation does not tell
            what = type_name(kind) or "no numbers"
            raise ConfigError(
                f"{operation} of {self.path} takes {what}, through which no gradient passes; "
                "name the first tensor of float32 after it with --input"
            )
        return operation

    def _downstream(self) -> dict[str, tuple[int, int]]:
        """Operations that depend on the input, in order, each with its number of pools, and of convolutions since."""
        order: dict[str, tuple[int, int]] = {self.input: (0, 0)}
        for name in self._position:
            node = self.nodes[name]
            above = [order[source] for source in inputs_of(node) if source in order]
            if above and name != self.input:
                pools, convolutions = max(above)
                pooled = node.op in POOLS
                order[name] = (pools + 1, 0) if pooled else (pools, convolutions + (node.op == "Conv2D"))
        return order

    def _find_layers(self) -> dict[str, str]:
        layers: dict[str, str] = {}
        for name, (pools, convolutions) in self._order.items():
            kind = self.nodes[name].op
            if kind in POOLS:
                layers.setdefault(f"pool{pools}", name)
            elif kind in RELUS and convolutions:
                layers.setdefault(f"conv{pools + 1}_{convolutions}", name)
        return layers

    def _expected(self, values: str | None) -> str:
        if values is not None and values not in INPUT_VALUES:
            raise ConfigError(f"no input values {values!r}{did_you_mean(values, INPUT_VALUES)}")
        first = next(name for name in self._order if self.nodes[name].op == "Conv2D")
        steps = {node.op for node in self.needed(first) if self.moves(node.name)} - {"Conv2D"}
        if values is None and steps <= VALUE_KEEPING:
            raise ConfigError(
                f"{self.input} of {self.path} goes into a convolution as it is; say what it expects with "
                f"--input-values: {', '.join(INPUT_VALUES)}"
            )
        return values or "rgb"
