"""Losses as values: terms with parameters and weights, added up.

A loss is written in Python or, as text, on a command line.

content() + 100 * style(layers=("conv1_1", "conv2_1")) + 0.5 * tv()
content  100*style:layers=conv1_1+conv2_1  0.5*tv

A weight may be a range, from its value at the coarsest size of a run to that at the last: ``content() * (1, 0.1)``,
``1..0.1*content``.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from nstgraph.errors import LossError
from nstgraph.losses.parameters import REQUIRED, Parameter, parameters_of
from nstgraph.messages import did_you_mean

__all__ = ["Loss", "LossTerm", "WeightedTerm"]

#: What a loss is multiplied by: a number; or two, for the first and the last size of a run.
Factor: TypeAlias = float | tuple[float, float]

#: Decimal digits that a float can tell apart in any case.
_DIGITS = 15


@dataclass(frozen=True)
class LossTerm:
    """A registered loss term. Calling it with its parameters gives a `Loss`; by itself it is one with the defaults.

    Attributes:
        name: what it is called on the command line.
        function: ``function(graph, **parameters)`` returns a scalar tensor.
        origin: the module or file that it comes from.
        parameters: what a user may set, by name.

    Raises:
        PluginError: a parameter has a type that cannot be written as text.
    """

    name: str
    function: Callable[..., Any] = field(hash=False)
    origin: str
    parameters: Mapping[str, Parameter] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", parameters_of(self.function, self.name))

    @property
    def is_foreign(self) -> bool:
        """Whether it did not come with nstgraph."""
        return self.origin.partition(".")[0] not in ("nstgraph", "nstgraph_plugins")

    @property
    def doc(self) -> str:
        """The function's docstring, dedented; empty if it has none."""
        return inspect.getdoc(getattr(self.function, "func", self.function)) or ""

    def __call__(self, **given: Any) -> Loss:
        converted = {name: self._converted(name, value) for name, value in given.items()}
        for name, parameter in self.parameters.items():
            if parameter.default is REQUIRED and name not in given:
                raise LossError(f"term {self.name!r} needs its parameter {name!r}: {self.name}:{name}=...")
        return Loss((WeightedTerm(1.0, self, converted),))

    def _converted(self, name: str, value: Any) -> Any:
        if name not in self.parameters:
            raise LossError(f"term {self.name!r} has no parameter {name!r}{did_you_mean(name, self.parameters)}")
        return self.parameters[name].type.convert(value, f"{self.name}:{name}")

    def __add__(self, other: Loss | LossTerm) -> Loss:
        return self() + other

    def __radd__(self, other: int) -> Loss:
        return other + self()

    def __mul__(self, factor: Factor) -> Loss:
        return self() * factor

    __rmul__ = __mul__


@dataclass(frozen=True)
class WeightedTerm:
    """One summand of a loss: ``weight`` times ``term`` with its ``parameters``.

    Attributes:
        last: the weight at the last size of a run, if ``weight`` is that at the first alone.
    """

    weight: float
    term: LossTerm
    parameters: Mapping[str, Any] = field(hash=False)
    last: float | None = None

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={value!r}" for name, value in self.parameters.items())
        if self.last is not None:
            return f"({_number(self.weight)}, {_number(self.last)}) * {self.term.name}({inner})"
        return f"{_factor(self.weight, ' * ')}{self.term.name}({inner})"

    def weight_at(self, number: int, count: int) -> float:
        """The weight at a size of a run: in equal ratios from first to last, or equal steps if one is not positive.

        Args:
            number: of the size, from 0.
            count: how many sizes there are; of one, the weight is the last.
        """
        if self.last is None:
            return self.weight
        share = number / (count - 1) if count > 1 else 1.0
        if self.weight > 0 and self.last > 0:
            return float(self.weight ** (1 - share) * self.last**share)
        return (1 - share) * self.weight + share * self.last

    def times(self, factor: Factor) -> WeightedTerm:
        """The same, with its weight, or both of them, multiplied."""
        first, last = factor if isinstance(factor, tuple) else (factor, factor)
        ranged = isinstance(factor, tuple) or self.last is not None
        end = self.weight if self.last is None else self.last
        return replace(self, weight=_round(first * self.weight), last=_round(last * end) if ranged else None)

    def __str__(self) -> str:
        types = {name: parameter.type for name, parameter in self.term.parameters.items()}
        inner = ",".join(f"{name}={types[name].text(value)}" for name, value in self.parameters.items())
        factor = _factor(self.weight, "*") if self.last is None else f"{_number(self.weight)}..{_number(self.last)}*"
        return f"{factor}{self.term.name}{':' if inner else ''}{inner}"


@dataclass(frozen=True)
class Loss:
    """A sum of weighted terms. ``repr`` is the recipe in Python, ``str`` the same for the command line."""

    terms: tuple[WeightedTerm, ...]

    def __add__(self, other: Loss | LossTerm) -> Loss:
        other = other() if isinstance(other, LossTerm) else other
        return Loss(self.terms + other.terms) if isinstance(other, Loss) else NotImplemented

    def __radd__(self, other: int) -> Loss:
        return self if other == 0 else NotImplemented  # so that sum() works

    def __mul__(self, factor: Factor) -> Loss:
        pair = isinstance(factor, tuple) and len(factor) == 2 and all(isinstance(end, int | float) for end in factor)
        if not (pair or isinstance(factor, int | float)):
            return NotImplemented
        return Loss(tuple(term.times(factor) for term in self.terms))

    __rmul__ = __mul__

    def labelled(self) -> dict[str, WeightedTerm]:
        """The terms by label: the term's name, with ``_1``, ``_2``, ... when it is used more than once.

        Labels differ in more than case, since TensorFlow takes names that do not for the same.
        """
        labels: dict[str, WeightedTerm] = {}
        taken: set[str] = set()
        for term in self.terms:
            label, same = term.term.name, 0
            while label.lower() in taken:
                same += 1
                label = f"{term.term.name}_{same}"
            taken.add(label.lower())
            labels[label] = term
        return labels

    def weights_at(self, number: int, count: int) -> dict[str, float]:
        """The weights that are ranges, by label, at a size of a run; see `WeightedTerm.weight_at`."""
        ranged = {label: term for label, term in self.labelled().items() if term.last is not None}
        return {label: term.weight_at(number, count) for label, term in ranged.items()}

    def __repr__(self) -> str:
        return " + ".join(map(repr, self.terms))

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))


def _round(weight: float) -> float:
    """A weight without the dust of floating point: of as many digits as are written, so that text says all of it."""
    rounded = float(f"{weight:.{_DIGITS}g}")
    return rounded if math.isfinite(rounded) else weight


def _factor(weight: float, times: str) -> str:
    return "" if weight == 1 else f"{_number(weight)}{times}"


def _number(weight: float) -> str:
    text = f"{weight:.{_DIGITS}g}"
    return text if float(text) == weight else repr(weight)
