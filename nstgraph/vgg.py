"""The VGG network: its layers by name, and its graph with frozen weight variables.

Simonyan & Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition" (2015). A layer is asked for
by name: ``conv3_1`` is the third block's first convolution *after* its ReLU, ``pool3`` the pool that ends the block.
The channel means are subtracted here and nowhere else.
"""

from __future__ import annotations

from typing import Any

from nstgraph._tf import tf
from nstgraph.errors import LossError, did_you_mean
from nstgraph.weights import VGG16, VGG19, Weights

__all__ = ["LAYERS", "MEAN_RGB", "Vgg", "check_layer"]

MEAN_RGB = (123.68, 116.779, 103.939)
#: All names of layers; ``image`` is the picture itself, RGB, 0..255.
LAYERS = tuple(sorted({*VGG16, *VGG19, *(f"pool{block}" for block in range(1, 6)), "image"}))


def check_layer(name: str) -> str:
    """Return ``name`` if some VGG has a layer of that name; raise ``LossError`` with the closest one otherwise."""
    if name not in LAYERS:
        raise LossError(f"no layer {name!r} in VGG{did_you_mean(name, LAYERS)}")
    return name


class Vgg:
    """VGG's layers in one graph: every weight is one non-trainable variable, shared by all pictures.

    Args:
        weights: where kernels and biases come from; a layer is read when it is first asked for.
        pooling: ``"average"`` (Gatys et al. recommend it for synthesis) or ``"max"`` (as VGG was trained).
        padding: what a convolution sees beyond the picture's edge: ``"reflect"``, ``"replicate"`` or ``"zero"``.
        precision: type of the feature maps: ``"float32"``, ``"bfloat16"`` or ``"float16"``; weights and pictures stay
            float32.
    """

    def __init__(self, weights: Weights, pooling: str, padding: str, precision: str = "float32") -> None:
        self.weights = weights
        self.dtype = tf.as_dtype(precision)
        self._pooling = pooling
        self._padding = padding
        self._variables: dict[str, tuple[Any, Any]] = {}
        self._initializers: list[tuple[str, Any, Any, Any]] = []

    def convolutions_for(self, layer: str) -> tuple[str, ...]:
        """Names of the convolutions that ``layer`` needs, in network order.

        Raises:
            LossError: VGG16 or VGG19, whichever the weights are of, has no such layer.
            WeightsError: the weights file lacks some of them.
        """
        names = VGG19 if self.weights.architecture == "VGG19" else VGG16
        ends = {**{f"pool{name[4]}": name for name in names}, **{name: name for name in names}}
        if layer not in ends:
            raise LossError(f"{self.weights.architecture} has no layer {layer!r}{did_you_mean(layer, ends)}")
        needed = names[: names.index(ends[layer]) + 1]
        self.weights.require(needed)
        return needed

    def below(self, layer: str) -> str | None:
        """The layer that feeds ``layer``, or None for the first."""
        needed = self.convolutions_for(layer)
        if layer.startswith("pool"):
            return needed[-1]
        if len(needed) == 1:
            return None
        return needed[-2] if needed[-2][4] == layer[4] else f"pool{needed[-2][4]}"

    def prepare(self, image: Any) -> Any:
        """Subtract the channel means from an RGB image, 0..255; in the network's precision."""
        return tf.cast(image - tf.constant(MEAN_RGB, image.dtype), self.dtype)

    def apply(self, layer: str, below: Any, name: str) -> Any:
        """Feature maps of ``layer`` from those of the layer below it, in the network's precision.

        Pools round odd sizes up, so that every pixel reaches the deep layers.
        """
        if layer.startswith("pool"):
            pool = tf.nn.avg_pool2d if self._pooling == "average" else tf.nn.max_pool2d
            return pool(below, 2, 2, "SAME", name=name)
        kernel, bias = (tf.cast(variable, self.dtype) for variable in self._variables.get(layer) or self._create(layer))
        if self._padding == "zero":
            maps = tf.nn.conv2d(below, kernel, 1, "SAME")
        else:
            # For a margin of one pixel TensorFlow's SYMMETRIC repeats the edge pixel, which is "replicate".
            mode = "SYMMETRIC" if self._padding == "replicate" else "REFLECT"
            maps = tf.nn.conv2d(tf.pad(below, [[0, 0], [1, 1], [1, 1], [0, 0]], mode), kernel, 1, "VALID")
        return tf.nn.relu(tf.nn.bias_add(maps, bias), name=name)

    def _create(self, layer: str) -> tuple[Any, Any]:
        # Initial values are fed: an array given to a variable would be written into the GraphDef as a constant.
        shape = self.weights.layers[layer]
        with tf.name_scope(f"vgg/{layer}/"):
            values = [tf.placeholder(tf.float32, s, "initial") for s in (shape, shape[-1:])]
            pair = [
                tf.Variable(value, trainable=False, name=name, use_resource=True)
                for name, value in zip(("kernel", "bias"), values, strict=True)
            ]
            self._initializers.append((layer, *values, tf.group(*(v.initializer for v in pair), name="initialize")))
        self._variables[layer] = (pair[0], pair[1])
        return self._variables[layer]

    def load(self, session: Any) -> None:
        """Give every weight variable of the graph its value from the file."""
        for layer, kernel, bias, initialize in self._initializers:
            values = self.weights.read(layer)
            session.run(initialize, {kernel: values[0], bias: values[1]})
