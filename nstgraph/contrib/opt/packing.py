"""Tensors as one vector: values of variables, gradients with respect to them, Jacobians of constraints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from nstgraph._tf import tf

__all__ = ["pack", "packed_gradient", "packed_jacobian"]


def pack(tensors: Iterable[Any]) -> Any:
    """Tensors, flattened and put one after the other, in their type, or float64 if they have several; None for none."""
    flat = [tf.reshape(tensor, [-1]) for tensor in tensors]
    if len(flat) > 1:
        dtype = flat[0].dtype if len({tensor.dtype for tensor in flat}) == 1 else tf.float64
        return tf.concat([tf.cast(tensor, dtype) for tensor in flat], 0)
    return flat[0] if flat else None


def packed_gradient(value: Any, variables: Sequence[Any]) -> Any:
    """The gradient [n] of ``value``, with zeros for variables that it does not depend on."""
    gradients = zip(variables, tf.gradients(value, variables), strict=True)
    return pack(tf.zeros_like(variable) if gradient is None else gradient for variable, gradient in gradients)


def packed_jacobian(constraint: Any, variables: Sequence[Any]) -> Any:
    """The gradient [n] of a scalar constraint, or the Jacobian [m, n] of one with m components.

    Raises:
        ValueError: its shape is not known.
    """
    if constraint.shape.rank == 0:
        return packed_gradient(constraint, variables)
    size = constraint.shape.num_elements()
    if size is None:
        raise ValueError(f"constraint {constraint.name} has an unknown shape; reshape it to a known one")
    components = tf.reshape(constraint, [size])
    return tf.stack([packed_gradient(components[i], variables) for i in range(size)])
