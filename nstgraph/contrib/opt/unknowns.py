"""Variables of a graph as one vector of unknowns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nstgraph._tf import tf
from nstgraph.arrays import Array

__all__ = ["Unknowns"]


class Unknowns:
    """Variables, or slices of variables, flattened and put one after the other.

    Args:
        variables: each a ``tf.Variable``, or a slice of one such as ``variable[2:4]``.

    Attributes:
        placeholders: one for each variable, for a value that is to be assigned to it, flattened or not.
        updates: what assigns them; each gives the variable's new value.
        fixed: whether all shapes are known beforehand.
        slices: where each one lies in the vector; empty until `locate` if not.

    Raises:
        ValueError: there are none.
        TypeError: one of them is neither a variable nor a slice of one.
    """

    def __init__(self, variables: Sequence[Any]) -> None:
        if not variables:
            raise ValueError("there is no variable to search; give var_list, or make some variable trainable")
        self.variables = list(variables)
        self.shapes: list[tuple[int, ...]] = []
        self.slices: list[slice] = []
        self.placeholders = [tf.placeholder(v.dtype.base_dtype) for v in variables]
        self.updates = [_update(v, p) for v, p in zip(variables, self.placeholders, strict=True)]
        self.fixed = all(v.shape.is_fully_defined() for v in variables)
        if self.fixed:
            self._lay_out([tuple(v.shape.as_list()) for v in variables])

    @property
    def names(self) -> list[str]:
        """The variables' names, for messages."""
        return [variable.name for variable in self.variables]

    def locate(self, session: Any) -> None:
        """Ask which shapes the variables have."""
        self._lay_out([value.shape for value in session.run(self.variables)])

    def _lay_out(self, shapes: Sequence[tuple[int, ...]]) -> None:
        self.shapes = list(shapes)
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes]).tolist()
        self.slices = [slice(begin, end) for begin, end in zip([0, *ends[:-1]], ends, strict=True)]

    def unpack(self, vector: Array) -> list[Array]:
        """A value for each variable, in its shape and type."""
        return [
            np.asarray(vector[where], variable.dtype.base_dtype.as_numpy_dtype).reshape(shape)
            for variable, where, shape in zip(self.variables, self.slices, self.shapes, strict=True)
        ]

    def bounds(self, given: Mapping[Any, Any]) -> list[tuple[float, float]]:
        """A pair (low, high) for each unknown, infinite where there is no bound.

        Args:
            given: by variable, a pair (low, high); each a number, nested list or array that can be broadcast to the
                variable's shape, or None.

        Raises:
            ValueError: a bound is not a pair, has another shape, or is upside down.
        """
        pairs: list[tuple[float, float]] = []
        for variable, shape in zip(self.variables, self.shapes, strict=True):
            # By identity, as a variable is not equal to itself but elementwise, and may not be hashable.
            pairs_given = [pair for key, pair in given.items() if key is variable or _referred(key) is variable]
            try:
                low, high = pairs_given[0] if pairs_given else (None, None)
                lows, highs = _limit(low, -np.inf, shape), _limit(high, np.inf, shape)
            except (TypeError, ValueError) as error:
                raise ValueError(f"bounds of {variable.name} are not a pair (low, high): {error}") from error
            if (lows > highs).any():
                raise ValueError(f"bounds of {variable.name}: low is above high")
            pairs += zip(lows.tolist(), highs.tolist(), strict=True)
        return pairs


def _update(variable: Any, value: Any) -> Any:
    shape = variable.shape if variable.shape.is_fully_defined() else tf.shape(variable)
    try:
        return tf.convert_to_tensor(variable.assign(tf.reshape(value, shape)))
    except (AttributeError, TypeError, ValueError) as error:
        raise TypeError(f"{variable!r} in var_list is neither a variable nor a slice of one") from error


def _referred(key: Any) -> Any:
    """The variable behind ``variable.ref()``."""
    deref = getattr(key, "deref", None)
    return deref() if deref is not None else None


def _limit(value: Any, default: float, shape: tuple[int, ...]) -> Array:
    numbers = np.array(np.nan if value is None else value, np.float64)  # in which None becomes NaN
    return np.broadcast_to(np.where(np.isnan(numbers), default, numbers), shape).ravel()
