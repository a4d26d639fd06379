"""The VGG network in a graph, with weights as variables that are not trainable.

Simonyan & Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition" (2015). A layer is asked for
by name: ``conv3_1`` is the third block's first convolution *after* its ReLU, ``pool3`` the pool that ends the block.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from nstgraph._tf import tf
from nstgraph.errors import ConfigError
from nstgraph.fed_variables import FedVariables, group_of, load, not_loaded
from nstgraph.networks.input_values import INPUT_VALUES
from nstgraph.networks.network import Features, Network, no_layer
from nstgraph.networks.weights_file import WeightsFile

__all__ = ["Vgg"]


class Vgg(Network):
    """VGG's layers in the graph that is current: every weight is one non-trainable variable, shared by all pictures.

    The variables are made in the variable scope that is current, and shared by all that is made in the same one.

    Args:
        weights: where kernels and biases come from; a layer is read when it is first asked for.
        pooling: ``"average"`` (Gatys et al. recommend it for synthesis) or ``"max"`` (as VGG was trained).
        padding: what a convolution sees beyond the picture's edge: ``"reflect"``, ``"replicate"`` or ``"zero"``.
        precision: type of the feature maps: ``"float32"``, ``"bfloat16"`` or ``"float16"``; weights and pictures stay
            float32.
    """

    def __init__(
        self, weights: WeightsFile, pooling: str = "average", padding: str = "reflect", precision: str = "float32"
    ) -> None:
        super().__init__(weights, weights.architecture.below, tf.as_dtype(precision))
        self._weights = weights
        self._pooling = pooling
        self._padding = padding
        self._variable_scope = tf.get_variable_scope()
        self._convolutions: dict[str, FedVariables] = {}

    @property
    def variables(self) -> list[Any]:
        """Kernels and biases built so far."""
        return [variable for layer in self._convolutions.values() for variable in layer.variables]

    def features(self, image: Any, scope: str) -> Features:
        """Feature maps of a picture; see `Network.features`."""

        def build(layer: str, maps: Features) -> Any:
            architecture = self._weights.architecture
            if layer not in architecture.below:
                raise no_layer(architecture.name, layer, architecture.below)
            self._weights.require(architecture.convolutions(layer))
            below = architecture.below[layer]
            if below is None:
                return self._layer(layer, tf.cast(INPUT_VALUES["rgb-mean"](image), self.dtype), scope)
            return self._layer(layer, maps[below], scope)

        return Features(build)

    def load(self, session: Any) -> None:
        """Give every weight variable its value from the file; see `Network.load`."""
        load(session, self._convolutions.values())

    def _layer(self, layer: str, below: Any, scope: str) -> Any:
        """Feature maps of a layer from those of the layer below it.

        Pools round odd sizes up, so that every pixel reaches the deep layers.
        """
        name = layer if self.dtype == tf.float32 else f"{layer}/{self.dtype.name}"
        if layer.startswith("pool"):
            pool = tf.nn.avg_pool2d if self._pooling == "average" else tf.nn.max_pool2d
            with tf.name_scope(scope):
                return pool(below, 2, 2, "SAME", name=name)
        with tf.name_scope(f"{scope}{layer}/"):
            maps = self._convolved(layer, below)
        with tf.name_scope(scope):
            return tf.nn.relu(maps, name=name)

    def _convolved(self, layer: str, below: Any) -> Any:
        """A convolution with its bias, before ReLU."""
        if layer not in self._convolutions:
            self._convolutions[layer] = self._convolution(layer)
        kernel, bias = (tf.cast(variable, self.dtype) for variable in self._convolutions[layer].values)
        if self._padding == "zero":
            maps = tf.nn.conv2d(below, kernel, 1, "SAME")
        else:
            # For a margin of one pixel TensorFlow's SYMMETRIC repeats the edge pixel, which is "replicate".
            mode = "SYMMETRIC" if self._padding == "replicate" else "REFLECT"
            maps = tf.nn.conv2d(tf.pad(below, [[0, 0], [1, 1], [1, 1], [0, 0]], mode), kernel, 1, "VALID")
        return tf.nn.bias_add(maps, bias)

    def _convolution(self, layer: str) -> FedVariables:
        """A convolution's kernel and bias: new ones, or those in this variable scope that are from the same file."""
        shape = self._weights.layers[layer]
        scope = self._variable_scope.name
        with tf.name_scope(f"{scope}/vgg/{layer}/".lstrip("/")), tf.control_dependencies(None):
            with self._variables():
                kernel = self._variable(f"vgg/{layer}/kernel", shape)
                bias = self._variable(f"vgg/{layer}/bias", shape[-1:])
            return group_of(kernel) or FedVariables(
                [kernel, bias], self._weights.path, lambda: self._weights.read(layer)
            )

    @contextlib.contextmanager
    def _variables(self) -> Iterator[None]:
        """Enter the variable scope, in which a variable that exists is taken."""
        with tf.variable_scope(self._variable_scope, reuse=tf.AUTO_REUSE, auxiliary_name_scope=False) as scope:
            scope.set_partitioner(None)  # what a scope asks of variables that are trained
            scope.set_regularizer(None)
            yield

    def _variable(self, name: str, shape: Sequence[int]) -> Any:
        """A new variable, or the one of that name that was made from the same file."""
        others = tf.global_variables()
        try:
            variable = tf.get_variable(name, shape, tf.float32, not_loaded, trainable=False, use_resource=True)
        except ValueError as error:
            raise ConfigError(f"variable {name} exists with another shape; choose another variable scope") from error
        if variable.op.name != f"{self._variable_scope.name}/{name}".lstrip("/"):
            raise ConfigError(f"{name} is taken by an operation of another kind; choose another variable scope")
        group = group_of(variable)
        is_new = all(variable is not other for other in others)
        if not is_new and (group is None or group.source != self._weights.path):
            raise ConfigError(f"variable {variable.name} exists already; build the graph in another variable scope")
        return variable
