"""What a style graph begins with: pictures, as placeholders or a caller's tensors, and the generated variable."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nstgraph._tf import tf
from nstgraph.errors import ConfigError

__all__ = ["checked_variable", "common_graph", "interior", "new_variable", "picture_placeholder", "value_of"]

_PICTURE = (1, None, None, 3)


def common_graph(graph: Any, given: Iterable[Any]) -> Any:
    """The graph of what a caller gave, or a new one if nothing was.

    Raises:
        ConfigError: something is not of a graph, or they are of several.
    """
    for item in given:
        if item is None:
            continue
        own = getattr(item, "graph", None)
        if not isinstance(own, tf.Graph):
            raise ConfigError(
                f"{type(item).__name__} given where a tensor of a graph is needed; leave arrays out, and bind them"
            )
        if graph is not None and own is not graph:
            raise ConfigError(f"{item.name} is in another graph; build everything in one tf.Graph")
        graph = own
    return graph if graph is not None else tf.Graph()


def picture_placeholder(tensor: Any, name: str) -> Any:
    """A placeholder for a picture, or a caller's tensor as one: [1, height, width, 3], float32, RGB, 0..255."""
    if tensor is None:
        return tf.placeholder(tf.float32, _PICTURE, name)
    _check_shape(tensor)
    return tf.ensure_shape(tf.cast(tensor, tf.float32), _PICTURE, name)


def interior(name: str) -> Any:
    """The part of a picture that spatial sums count: top, left, bottom, right; all of it unless it is fed."""
    return tf.placeholder_with_default(tf.constant([0, 0, -1, -1]), [4], name)


def new_variable(name: str, start: Any) -> Any:
    """A trainable variable for a picture.

    Its initial value is ``start``, a tensor, whose shape it has as far as that is known. Without one it takes pictures
    of any size, and holds none, of 0 × 0 pixels, until one is assigned, or fed to ``<name>_start:0`` as it is
    initialised.
    """
    if start is None:
        start = tf.placeholder_with_default(tf.zeros([1, 0, 0, 3], name=f"{name}_none"), _PICTURE, f"{name}_start")
    return tf.Variable(start, trainable=True, name=name, use_resource=True, shape=start.shape)


def value_of(variable: Any, name: str) -> Any:
    """The picture that a variable holds, as a tensor of that name; while it holds none, running it says what to do."""
    value = tf.convert_to_tensor(variable)
    if value.shape.is_fully_defined():
        return tf.identity(value, name)
    scope = tf.get_default_graph().get_name_scope()
    image = f"{scope}/{name}:0".lstrip("/")
    remedy = f"{variable.op.name} holds no picture yet; assign one to it, [1, height, width, 3], or feed {image}"
    # Whoever feeds the tensor, as all evaluators do, runs none of this.
    with tf.name_scope(f"{name}_check"):
        check = tf.Assert(tf.size(value) > 0, [remedy])
    with tf.control_dependencies([check]):
        return tf.identity(value, name)


def checked_variable(variable: Any) -> Any:
    """Return a caller's variable if it can hold a picture; raise ConfigError otherwise."""
    if not hasattr(variable, "initializer"):
        raise ConfigError(
            f"{variable.name} is not a variable, and the generated image has to be one: it is what the search changes"
        )
    if variable.dtype.base_dtype != tf.float32:
        raise ConfigError(f"variable {variable.name} is {variable.dtype.name}; make it float32")
    _check_shape(variable)
    return variable


def _check_shape(tensor: Any) -> None:
    if not tensor.shape.is_compatible_with(_PICTURE):
        raise ConfigError(f"{tensor.name} has shape {tensor.shape}; a picture is [1, height, width, 3]")
