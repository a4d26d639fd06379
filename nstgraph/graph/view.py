"""One picture as the graph sees it."""

from __future__ import annotations

from typing import Any

from nstgraph._tf import tf
from nstgraph.networks.imported_network import ImportedNetwork
from nstgraph.networks.vgg import Vgg

__all__ = ["View"]


class View:
    """One picture as the graph sees it: ``view.image``, and ``view["conv3_1"]``, built when first asked for.

    Attributes:
        name: ``content``, ``generated``, ``style``, ``style_1``, ...
        image: [1, height, width, 3], RGB, 0..255.
        interior: [4] int32, top, left, bottom, right of the part that spatial sums count, in pixels; a negative
            bottom or right is the picture's edge. The whole picture unless it is fed, which is how tiles are computed.
        maps: the feature maps built so far, by layer; ``view["image"]`` is the picture itself.
        network_maps: those of all layers up to the deepest one asked for, in the network's precision.
    """

    def __init__(self, name: str, image: Any, interior: Any, network: Vgg | ImportedNetwork, scope: str) -> None:
        self.name = name
        self.image = image
        self.interior = interior
        self._network = network
        self._scope = f"{scope}features/{name}/"
        self.maps: dict[str, Any] = {"image": image}
        self.network_maps: dict[str, Any] = {}

    def __getitem__(self, layer: str) -> Any:
        """Feature maps of a layer, after its ReLU: [1, height / stride, width / stride, channels], at least 0, float32.

        Raises:
            LossError: there is no such layer.
            WeightsError: the weights file lacks a convolution that the layer needs.
        """
        if layer not in self.maps:
            with self.image.graph.as_default():
                maps = self._network.features(layer, self.image, self._scope, self.network_maps)
                with tf.name_scope(self._scope):
                    self.maps[layer] = tf.cast(maps, tf.float32, layer)
        return self.maps[layer]
