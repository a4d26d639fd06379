"""What the style graph asks of a network: feature maps by layer, of any number of pictures, with weights they share."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

from nstgraph.errors import LossError
from nstgraph.messages import did_you_mean

__all__ = ["Features", "Network", "NetworkFile", "no_layer"]


class Features(dict[str, Any]):
    """Feature maps of one picture by layer, in the network's precision, each built when it is first asked for.

    Iterating gives the layers that have been built so far, each after those it is made from.

    Args:
        build: gives the maps of a layer; it may ask for those of others, which it is given the features for.
    """

    def __init__(self, build: Callable[[str, Features], Any]) -> None:
        self._build = build

    def __missing__(self, layer: str) -> Any:
        self[layer] = maps = self._build(layer, self)
        return maps


class NetworkFile(Protocol):
    """A file that a network is made from."""

    path: Path

    @property
    def source(self) -> str:
        """What it is, for a report."""

    @property
    def sha256(self) -> str:
        """Of the whole file, as 64 hexadecimal digits."""

    def network(self, pooling: str, padding: str, precision: str) -> Network:
        """The network in the graph that is current, with its variables in the variable scope that is current."""


class Network(abc.ABC):
    """A network in a graph, made from a file.

    Attributes:
        path: the file.
        source: where the network comes from, for a report.
        layers: names that it has for its layers; it may know others.
        dtype: type of its feature maps.
    """

    def __init__(self, file: NetworkFile, layers: Iterable[str], dtype: Any) -> None:
        self.path, self.source = file.path, file.source
        self.layers, self.dtype = tuple(layers), dtype
        self._made_from = file

    @property
    def sha256(self) -> str:
        """SHA-256 of the file, as 64 hexadecimal digits."""
        return self._made_from.sha256

    @property
    def variables(self) -> list[Any]:
        """Those built so far, which `load` gives their values."""
        return []

    @abc.abstractmethod
    def features(self, image: Any, scope: str) -> Features:
        """Feature maps of a picture.

        Args:
            image: [1, height, width, 3], float32, RGB, 0..255.
            scope: name scope of its feature maps, ending in ``/``.

        Returns:
            Maps [1, height / stride, width / stride, channels] by layer; asking for a layer that does not exist raises
            LossError, for one that the file lacks WeightsError.
        """

    def load(self, session: Any) -> None:  # noqa: B027 - constants need no loading
        """Give every variable its value in a session, unless it has one there.

        Until then, and again after ``tf.global_variables_initializer()``, the variables hold NaN, and what is computed
        from them is an error that says so. `Evaluator` and session hooks of nstgraph load them by themselves; who runs
        tensors in a session of their own does it here, after the initializer:

            session.run(tf.global_variables_initializer())
            g.network.load(session)

        or lets a ``MonitoredTrainingSession`` do it, which initialises, and may restore, by itself:

            tf.train.Scaffold(init_fn=lambda scaffold, session: g.network.load(session))

        Args:
            session: a ``tf.Session``, in this process or with a remote target, or a ``MonitoredSession``. The graph may
                be finalised.

        Raises:
            WeightsError: the file cannot be read any more.
        """


def no_layer(network: str, layer: str, layers: Iterable[str]) -> LossError:
    """The error for a layer that a network does not have; the picture itself is a layer of every network."""
    return LossError(f"{network} has no layer {layer!r}{did_you_mean(layer, ['image', *layers])}")
