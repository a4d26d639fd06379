"""Variables of a graph as one vector of unknowns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from nstgraph._tf import tf
from nstgraph.arrays import Array

__all__ = ["Unknowns", "pack"]


class Unknowns:
    """Variables, or slices of variables, flattened and put one after the other.

    Args:
        variables: each a ``tf.Variable``, or a slice of one such as ``variable[2:4]``.

    Attributes:
        placeholders: one for each variable, for values that are to be assigned to it, or a direction to move it in.
        slices: where each one lies in the vector; empty until `locate` if a shape is not known beforehand.

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
        self.placeholders = [tf.placeholder(v.dtype.base_dtype, v.shape) for v in variables]
        self._updates = [_assign(v, p) for v, p in zip(variables, self.placeholders, strict=True)]
        if all(v.shape.is_fully_defined() for v in variables):
            self.locate([tuple(v.shape.as_list()) for v in variables])

    @property
    def names(self) -> list[str]:
        """The variables' names, for messages."""
        return [variable.name for variable in self.variables]

    def locate(self, shapes: Sequence[tuple[int, ...]]) -> None:
        """Say which shapes the variables have."""
        self.shapes = list(shapes)
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes]).tolist()
        self.slices = [slice(begin, end) for begin, end in zip([0, *ends[:-1]], ends, strict=True)]

    def read(self, session: Any) -> Array:
        """The variables' values now, [n]; their shapes are known from then on."""
        values = session.run(self.variables)
        self.locate([value.shape for value in values])
        return pack(values)

    def write(self, session: Any, vector: Array, only: Iterable[int] | None = None, **run_kwargs: Any) -> None:
        """Assign the values in ``vector`` [n] to the variables, or to some of them."""
        chosen = range(len(self.variables)) if only is None else list(only)
        values = self.unpack(vector)
        feeds = {self.placeholders[i]: values[i] for i in chosen}
        session.run([self._updates[i] for i in chosen], feeds, **run_kwargs)

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


def pack(values: Iterable[Any]) -> Array:
    """Arrays, flattened and put one after the other, in float64."""
    return np.concatenate([np.asarray(value, np.float64).ravel() for value in values])


def _assign(variable: Any, value: Any) -> Any:
    try:
        return tf.convert_to_tensor(variable.assign(value)).op
    except (AttributeError, TypeError, ValueError) as error:
        raise TypeError(f"{variable!r} in var_list is neither a variable nor a slice of one") from error


def _referred(key: Any) -> Any:
    """The variable behind ``variable.ref()``."""
    deref = getattr(key, "deref", None)
    return deref() if deref is not None else None


def _limit(value: Any, default: float, shape: tuple[int, ...]) -> Array:
    numbers = np.array(np.nan if value is None else value, np.float64)  # in which None becomes NaN
    return np.broadcast_to(np.where(np.isnan(numbers), default, numbers), shape).ravel()
