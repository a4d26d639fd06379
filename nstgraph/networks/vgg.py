"""The VGG network: its layers by name, and its graph with frozen weight variables.

Simonyan & Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition" (2015). A layer is asked for
by name: ``conv3_1`` is the third block's first convolution *after* its ReLU, ``pool3`` the pool that ends the block.
The channel means are subtracted here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nstgraph._tf import tf
from nstgraph.errors import ConfigError, LossError, did_you_mean
from nstgraph.networks.weights_file import VGG16, VGG19, Weights

__all__ = ["LAYERS", "MEAN_RGB", "Vgg", "check_layer"]

MEAN_RGB = (123.68, 116.779, 103.939)
#: All names of layers; ``image`` is the picture itself, RGB, 0..255.
LAYERS = tuple(sorted({*VGG16, *VGG19, *(f"pool{block}" for block in range(1, 6)), "image"}))


def check_layer(name: str) -> str:
    """Return ``name`` if some VGG has a layer of that name; raise ``LossError`` with the closest one otherwise.

    A name with ``/`` or ``:`` is an operation's in a network from a file, and is looked for there.
    """
    if name not in LAYERS and not {"/", ":"} & set(name):
        raise LossError(f"no layer {name!r} in VGG{did_you_mean(name, LAYERS)}")
    return name


class Vgg:
    """VGG's layers in one graph: every weight is one non-trainable variable, shared by all pictures.

    The variables are made in the variable scope that is current, and shared by all that is made in the same one.

    Args:
        weights: where kernels and biases come from; a layer is read when it is first asked for.
        pooling: ``"average"`` (Gatys et al. recommend it for synthesis) or ``"max"`` (as VGG was trained).
        padding: what a convolution sees beyond the picture's edge: ``"reflect"``, ``"replicate"`` or ``"zero"``.
        precision: type of the feature maps: ``"float32"``, ``"bfloat16"`` or ``"float16"``; weights and pictures stay
            float32.

    Attributes:
        dtype: of the feature maps.
    """

    def __init__(
        self, weights: Weights, pooling: str = "average", padding: str = "reflect", precision: str = "float32"
    ) -> None:
        self.weights = weights
        self.dtype = tf.as_dtype(precision)
        self._pooling = pooling
        self._padding = padding
        self._variable_scope = tf.get_variable_scope()
        self._scope = f"{self._variable_scope.name}/" if self._variable_scope.name else ""
        self._layers: dict[str, _Layer] = {}

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

    def features(self, layer: str, image: Any, scope: str, known: dict[str, Any]) -> Any:
        """Feature maps of a picture in the network's precision.

        Args:
            layer: which.
            image: the picture, [1, height, width, 3], RGB, 0..255.
            scope: name scope of its feature maps, ending in ``/``.
            known: the picture's feature maps so far, by layer; those that ``layer`` needs are added.
        """
        if layer not in known:
            below = self._below(layer)
            maps = self._prepare(image) if below is None else self.features(below, image, scope, known)
            name = layer if self.dtype == tf.float32 else f"{layer}/{self.dtype.name}"
            known[layer] = self._apply(layer, maps, scope, name)
        return known[layer]

    def _below(self, layer: str) -> str | None:
        """The layer that feeds ``layer``, or None for the first."""
        needed = self.convolutions_for(check_layer(layer))
        if layer.startswith("pool"):
            return needed[-1]
        if len(needed) == 1:
            return None
        return needed[-2] if needed[-2][4] == layer[4] else f"pool{needed[-2][4]}"

    def _prepare(self, image: Any) -> Any:
        """Subtract the channel means from an RGB image, 0..255; in the network's precision."""
        return tf.cast(image - tf.constant(MEAN_RGB, image.dtype), self.dtype)

    def _apply(self, layer: str, below: Any, scope: str, name: str) -> Any:
        """Feature maps of ``layer`` from those of the layer below it, in the network's precision.

        Pools round odd sizes up, so that every pixel reaches the deep layers.
        """
        if layer.startswith("pool"):
            pool = tf.nn.avg_pool2d if self._pooling == "average" else tf.nn.max_pool2d
            with tf.name_scope(scope):
                return pool(below, 2, 2, "SAME", name=name)
        with tf.name_scope(f"{scope}{layer}/"):
            maps = self._convolve(layer, below)
        with tf.name_scope(scope):
            return tf.nn.relu(maps, name=name)

    def _convolve(self, layer: str, below: Any) -> Any:
        """A convolution with its bias, before ReLU."""
        if layer not in self._layers:
            self._layers[layer] = self._create(layer)
        kernel, bias = (tf.cast(variable, self.dtype) for variable in self._layers[layer].variables)
        if self._padding == "zero":
            maps = tf.nn.conv2d(below, kernel, 1, "SAME")
        else:
            # For a margin of one pixel TensorFlow's SYMMETRIC repeats the edge pixel, which is "replicate".
            mode = "SYMMETRIC" if self._padding == "replicate" else "REFLECT"
            maps = tf.nn.conv2d(tf.pad(below, [[0, 0], [1, 1], [1, 1], [0, 0]], mode), kernel, 1, "VALID")
        return tf.nn.bias_add(maps, bias)

    def load(self, session: Any) -> None:
        """Give every weight variable its value from the file, unless it has one in this session."""
        for name, layer in self._layers.items():
            if not session.run(layer.ready):
                session.run(layer.initialize, dict(zip(layer.values, self.weights.read(name), strict=True)))

    def _create(self, layer: str) -> _Layer:
        shape = self.weights.layers[layer]
        with tf.name_scope(f"{self._scope}vgg/{layer}/"), tf.control_dependencies(None):
            # Read when it is run: an array given to a variable would be written into the GraphDef as a constant.
            values = tf.numpy_function(lambda: self.weights.read(layer), [], [tf.float32] * 2, name="from_file")
            for value, static in zip(values, (shape, shape[-1:]), strict=True):
                value.set_shape(static)
            reused = tf.variable_scope(self._variable_scope, reuse=tf.AUTO_REUSE, auxiliary_name_scope=False)
            with reused as variable_scope:
                variable_scope.set_partitioner(None)  # what a scope asks of variables that are trained
                variable_scope.set_regularizer(None)
                pair = [
                    self._variable(f"vgg/{layer}/{name}", value)
                    for name, value in zip(("kernel", "bias"), values, strict=True)
                ]
            ready = tf.reduce_all([tf.is_variable_initialized(variable) for variable in pair], name="ready")
            return _Layer(
                pair, values, tf.group(*(variable.initializer for variable in pair), name="initialize"), ready
            )

    def _variable(self, name: str, value: Any) -> Any:
        """A new variable, or the one of that name that was made from the same file."""
        others = tf.global_variables()
        try:
            variable = tf.get_variable(name, initializer=value, trainable=False, use_resource=True)
        except ValueError as error:
            raise ConfigError(f"variable {name} exists with another shape; choose another variable scope") from error
        scope = self._variable_scope.name
        if variable.op.name != f"{scope}/{name}".lstrip("/"):
            raise ConfigError(f"{name} is taken by an operation of another kind; choose another variable scope")
        if not any(variable is other for other in others):
            variable._nstgraph_file = self.weights.path
        elif getattr(variable, "_nstgraph_file", None) != self.weights.path:
            raise ConfigError(f"variable {variable.name} exists already; build the graph in another variable scope")
        return variable


@dataclass(frozen=True)
class _Layer:
    """A convolution's kernel and bias; their values from the file; what assigns them, and tells if that is done."""

    variables: list[Any]
    values: list[Any]
    initialize: Any
    ready: Any
