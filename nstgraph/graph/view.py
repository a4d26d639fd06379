"""One picture as the graph sees it."""

from __future__ import annotations

from typing import Any

from nstgraph._tf import tf
from nstgraph.networks.network import Network

__all__ = ["View"]


class View:
    """One picture as the graph sees it: ``view.image``, and ``view["conv3_1"]``, built when first asked for.

    Args:
        name: see below.
        image: see below.
        interior: see below.
        network: gives the feature maps.
        scope: name scope of the style graph, ending in ``/``; empty for none.

    Attributes:
        name: ``content``, ``generated``, ``style``, ``style_1``, ...
        image: [1, height, width, 3], RGB, 0..255.
        interior: [4] int32, top, left, bottom, right of the part that spatial sums count, in pixels; a negative
            bottom or right is the picture's edge. The whole picture unless it is fed, which is how tiles are computed.
        maps: the feature maps asked for so far, by layer; ``view["image"]`` is the picture itself.
        features: those of all layers up to the deepest one asked for, in the network's precision.
    """

    def __init__(self, name: str, image: Any, interior: Any, network: Network, scope: str) -> None:
        self.name = name
        self.image = image
        self.interior = interior
        self._scope = f"{scope}features/{name}/"
        self.maps: dict[str, Any] = {"image": image}
        self.features = network.features(image, self._scope)

    def __getitem__(self, layer: str) -> Any:
        """Feature maps of a layer, after its ReLU: [1, height / stride, width / stride, channels], at least 0, float32.

        Raises:
            LossError: there is no such layer.
            WeightsError: the weights file lacks a convolution that the layer needs.
        """
        if layer not in self.maps:
            with self.image.graph.as_default():
                maps = self.features[layer]
                with tf.name_scope(self._scope):
                    self.maps[layer] = tf.cast(maps, tf.float32, layer)
        return self.maps[layer]
