"""A network made elsewhere, from a frozen GraphDef (``.pb``), in place of the VGG that is built here.

Layers go by VGG's names, found by counting: ``conv3_1`` is the ReLU after the first convolution since the second pool.
Every operation of the file can also be asked for by its own name, such as ``tower/conv4/Relu:0``.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from nstgraph._tf import tf
from nstgraph.config import INPUT_VALUES
from nstgraph.errors import ConfigError, LossError, WeightsError, did_you_mean
from nstgraph.networks.vgg import MEAN_RGB

__all__ = ["FrozenNetwork"]

_POOLS = {"AvgPool", "MaxPool"}
_VARIABLES = {"Variable", "VariableV2", "VarHandleOp"}

#: Operations that leave the values of a picture as they are.
_KEEPING = {
    "Cast", "CheckNumerics", "EnsureShape", "ExpandDims", "Identity", "MirrorPad", "Pad", "PadV2",
    "PlaceholderWithDefault", "Reshape", "Squeeze", "StopGradient",
}  # fmt: skip


def _rgb(image: Any) -> Any:
    return image


#: What a network may expect at its input, as functions of an RGB picture of 0..255.
_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "rgb": _rgb,
    "rgb-mean": lambda image: image - tf.constant(MEAN_RGB),
    "bgr-mean": lambda image: tf.reverse(image - tf.constant(MEAN_RGB), [3]),
    "rgb-unit": lambda image: image / 255.0,
}


class FrozenNetwork:
    """What a frozen GraphDef holds.

    Args:
        path: the file.
        input: name of the tensor that takes the picture; may be left out if there is one placeholder only.
        values: what it expects there: ``rgb``, 0..255; ``rgb-mean`` or ``bgr-mean``, the same minus VGG's channel
            means; ``rgb-unit``, 0..1. May be left out if the file itself computes something from the picture before
            the first convolution; it is then taken to expect ``rgb``.

    Attributes:
        layers: operation by VGG's name of the layer.

    Raises:
        WeightsError: the file is missing, no GraphDef, not frozen, or has no convolution.
        ConfigError: there is no such input, or it cannot be told which, or what it expects.
    """

    def __init__(self, path: str | os.PathLike[str], input: str | None = None, values: str | None = None) -> None:
        self.path = Path(path)
        definition = _read(self.path)
        self.nodes = {node.name: node for node in definition.node}
        self.versions = definition.versions
        self.input = self._input(input)
        self._order = self._downstream()
        self.layers = self._layers()
        if not self.layers:
            raise WeightsError(f"{self.path} has no convolution with a ReLU that {self.input} leads to; check --input")
        self._values = self._expected(values)

    @property
    def source(self) -> str:
        """Where the network comes from, for a report."""
        return f"{self.path}, input {self.input}"

    @property
    def sha256(self) -> str:
        """SHA-256 of the file, as 64 hexadecimal digits."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    def convert(self, image: Any) -> Any:
        """A picture, RGB, 0..255, as the network expects it."""
        return _CONVERSIONS[self._values](image)

    def operation(self, layer: str) -> str:
        """Name of the operation that gives a layer.

        Raises:
            LossError: there is no such layer or operation, or it does not depend on the picture.
        """
        name = self.layers.get(layer, layer.partition(":")[0])
        if name not in self._order:
            raise LossError(
                f"{self.path.name} has no layer {layer!r}{did_you_mean(layer, [*self.layers, *self._order])}"
            )
        return name

    def needed(self, name: str, known: Iterable[str]) -> list[Any]:
        """The nodes from which an operation is computed, but for the ``known`` ones and what they are computed from."""
        found: dict[str, Any] = {}
        pending, seen = [name], {*known, self.input}
        while pending:
            current = pending.pop()
            if current not in seen:
                seen.add(current)
                found[current] = self.nodes[current]
                pending += _inputs(self.nodes[current])
        return list(found.values())

    def moves(self, name: str) -> bool:
        """Whether an operation depends on the picture."""
        return name in self._order

    def _input(self, name: str | None) -> str:
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
            raise ConfigError(
                f"{operation} of {self.path} takes {tf.as_dtype(kind).name}, through which no gradient passes; "
                "name the first tensor of float32 after it with --input"
            )
        return operation

    def _downstream(self) -> dict[str, tuple[int, int]]:
        """Operations that depend on the input, in order, each with its number of pools, and of convolutions since."""
        order: dict[str, tuple[int, int]] = {self.input: (0, 0)}
        waiting = [node for node in self.nodes.values() if node.name != self.input]
        settled = {self.input}
        while waiting:
            ready = [node for node in waiting if settled.issuperset(_inputs(node))]
            if not ready:
                break  # what is left is in a loop, or its inputs are missing
            for node in ready:
                above = [order[name] for name in _inputs(node) if name in order]
                if above:
                    pools, convolutions = max(above)
                    pooled = node.op in _POOLS
                    order[node.name] = (pools + 1, 0) if pooled else (pools, convolutions + (node.op == "Conv2D"))
            settled.update(node.name for node in ready)
            waiting = [node for node in waiting if node.name not in settled]
        return order

    def _layers(self) -> dict[str, str]:
        layers: dict[str, str] = {}
        for name, (pools, convolutions) in self._order.items():
            kind = self.nodes[name].op
            if kind in _POOLS:
                layers.setdefault(f"pool{pools}", name)
            elif kind == "Relu" and convolutions:
                layers.setdefault(f"conv{pools + 1}_{convolutions}", name)
        return layers

    def _expected(self, values: str | None) -> str:
        if values is not None and values not in _CONVERSIONS:
            raise ConfigError(f"no input values {values!r}{did_you_mean(values, INPUT_VALUES)}")
        first = next(name for name in self._order if self.nodes[name].op == "Conv2D")
        steps = [node.op for node in self.needed(first, ()) if self.moves(node.name) and node.op != "Conv2D"]
        if values is None and not set(steps) - _KEEPING:
            raise ConfigError(
                f"{self.input} of {self.path} goes into a convolution as it is; say what it expects with "
                f"--input-values: {', '.join(INPUT_VALUES)}"
            )
        return values or "rgb"


def _read(path: Path) -> Any:
    graph = tf.GraphDef()
    try:
        graph.ParseFromString(path.read_bytes())
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror}); check --network") from error
    except Exception as error:  # protobuf's error type depends on its implementation
        raise WeightsError(f"{path} is no frozen graph (.pb); check --network") from error
    kinds = {node.op for node in graph.node}
    if not kinds:
        raise WeightsError(f"{path} is no frozen graph (.pb), or an empty one; check --network")
    if kinds & _VARIABLES:
        raise WeightsError(f"{path} has variables; freeze it with convert_variables_to_constants first")
    return graph


def _inputs(node: Any) -> list[str]:
    """Names of the operations that a node takes tensors from."""
    return [name.partition(":")[0] for name in node.input if not name.startswith("^")]
