"""One picture as the graph sees it."""

from __future__ import annotations

from typing import Any

from nstgraph._tf import tf
from nstgraph.errors import LossError, TilingError
from nstgraph.graph.locality import Locality
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
        beside: for a picture of a term's own, the view that it is beside.

    Attributes:
        name: ``content``, ``generated``, ``style``, ``style_1``, ...; ``picture_1``, ... for pictures of terms.
        image: [1, height, width, 3], RGB, 0..255.
        interior: [4] int32, top, left, bottom, right of the part that spatial sums count, in pixels; a negative
            bottom or right is the picture's edge. The whole picture unless it is fed, which is how tiles are computed.
        maps: the feature maps asked for so far, by layer; ``view["image"]`` is the picture itself.
        features: those of all layers up to the deepest one asked for, in the network's precision.
    """

    def __init__(
        self, name: str, image: Any, interior: Any, network: Network, scope: str, beside: View | None = None
    ) -> None:
        self.name = name
        self.image = image
        self.interior = interior
        self._scope = f"{scope}features/{name}/"
        self.maps: dict[str, Any] = {"image": image}
        self.features = network.features(image, self._scope)
        self._beside = beside
        self._shrunk = [image]

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

    def shrunk(self, layer: str) -> Any:
        """The picture itself at a layer's size, by average pools: [1, height / stride, width / stride, 3], 0..255.

        A mask beside a picture fits on its feature maps so: ``view[layer] * mask.shrunk(layer)[..., :1] / 255``.

        Raises:
            LossError: there is no such layer, or its stride is not a power of 2.
            WeightsError: the weights file lacks a convolution that the layer needs.
        """
        return self.shrunk_by(self._stride(layer), layer)

    def shrunk_by(self, stride: int, what: str = "") -> Any:
        """The same at positions that are ``stride`` pixels apart; errors name the layer ``what``.

        Raises:
            LossError: the stride is not a power of 2.
        """
        if stride & (stride - 1):
            what = f"layer {what!r}" if what else "what is summed"
            raise LossError(f"{what} has a stride of {stride}; a picture can only be shrunk by powers of 2")
        with self.image.graph.as_default(), tf.name_scope(self._scope):
            while 2 ** (len(self._shrunk) - 1) < stride:
                smaller = tf.nn.avg_pool2d(self._shrunk[-1], 2, 2, "SAME", name=f"shrunk_{len(self._shrunk)}")
                self._shrunk.append(smaller)
        return self._shrunk[stride.bit_length() - 1]

    def _stride(self, layer: str) -> int:
        """Pixels from one position of a layer to the next."""
        if self._beside is not None:  # whose feature maps are there already
            return self._beside._stride(layer)
        try:
            return Locality({self.image.name}, ()).field(self[layer]).stride
        except TilingError as error:
            raise LossError(f"the stride of layer {layer!r} is not known: {error}") from error
