"""Losses as values: terms that add and scale, and the text that says the same on a command line.

content() + 100 * style(layers=("conv1_1", "conv2_1")) + 0.5 * tv()
content  100*style:layers=conv1_1+conv2_1  0.5*tv
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nstgraph.errors import LossError, did_you_mean
from nstgraph.losses.parameters import convert

__all__ = ["Loss", "LossTerm", "WeightedTerm", "text_of"]


@dataclass(frozen=True)
class LossTerm:
    """A registered loss term. Calling it with its parameters gives a `Loss` that can be added and scaled.

    Attributes:
        name: what it is called on the command line.
        function: ``function(graph, **parameters)`` returns a scalar tensor.
        origin: the module or file that it comes from.
    """

    name: str
    function: Callable[..., Any]
    origin: str

    @property
    def parameters(self) -> dict[str, inspect.Parameter]:
        """The parameters that a user may set: all of the function's but the graph."""
        return dict(list(inspect.signature(self.function).parameters.items())[1:])

    @property
    def doc(self) -> str:
        """The function's docstring, dedented; empty if it has none."""
        return inspect.getdoc(self.function) or ""

    def kind(self, parameter: str) -> Any:
        """The type of a parameter: its annotation, or else the type of its default value."""
        annotated = self.parameters[parameter].annotation
        if isinstance(annotated, str):
            # Not typing.get_type_hints, which needs them all: the graph's may be imported for type checkers alone.
            annotated = eval(annotated, inspect.unwrap(self.function).__globals__)
        if annotated is not inspect.Parameter.empty:
            return annotated
        default = self.parameters[parameter].default
        if isinstance(default, tuple | list):
            item: Any = type(default[0]) if default else str
            return tuple[item, ...]
        return str if default is inspect.Parameter.empty else type(default)

    def __call__(self, **parameters: Any) -> Loss:
        checked = {name: self._check(name, value) for name, value in parameters.items()}
        for name, parameter in self.parameters.items():
            if parameter.default is inspect.Parameter.empty and name not in checked:
                raise LossError(f"term {self.name!r} needs its parameter {name!r}: {self.name}:{name}=...")
        return Loss((WeightedTerm(1.0, self, checked),))

    def _check(self, name: str, value: Any) -> Any:
        if name not in self.parameters:
            raise LossError(f"term {self.name!r} has no parameter {name!r}{did_you_mean(name, self.parameters)}")
        return convert(value, self.kind(name), f"{self.name}:{name}", is_layer=name in ("layer", "layers"))


@dataclass(frozen=True)
class WeightedTerm:
    """One summand of a loss: ``weight`` times ``term`` with its ``parameters``."""

    weight: float
    term: LossTerm
    parameters: Mapping[str, Any]

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={value!r}" for name, value in self.parameters.items())
        return f"{_factor(self.weight, ' * ')}{self.term.name}({inner})"

    def __str__(self) -> str:
        inner = ",".join(f"{name}={text_of(value)}" for name, value in self.parameters.items())
        return f"{_factor(self.weight, '*')}{self.term.name}{':' if inner else ''}{inner}"


@dataclass(frozen=True)
class Loss:
    """A sum of weighted terms. ``repr`` is the recipe in Python, ``str`` the same for the command line."""

    terms: tuple[WeightedTerm, ...]

    def __add__(self, other: Loss) -> Loss:
        return Loss(self.terms + other.terms) if isinstance(other, Loss) else NotImplemented

    def __radd__(self, other: int) -> Loss:
        return self if other == 0 else NotImplemented  # so that sum() works

    def __mul__(self, factor: float) -> Loss:
        if not isinstance(factor, int | float):
            return NotImplemented
        return Loss(tuple(WeightedTerm(factor * t.weight, t.term, t.parameters) for t in self.terms))

    __rmul__ = __mul__

    def labelled(self) -> dict[str, WeightedTerm]:
        """The terms by label: the term's name, with ``_1``, ``_2``, ... when it is used more than once."""
        labels: dict[str, WeightedTerm] = {}
        for term in self.terms:
            label, same = term.term.name, 0
            while label in labels:
                same += 1
                label = f"{term.term.name}_{same}"
            labels[label] = term
        return labels

    def __repr__(self) -> str:
        return " + ".join(map(repr, self.terms))

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))


def _factor(weight: float, times: str) -> str:
    return "" if weight == 1 else f"{weight:.12g}{times}"


def text_of(value: Any) -> str:
    """A parameter's value as it is written on the command line."""
    if isinstance(value, Iterable) and not isinstance(value, str):
        return "+".join(map(text_of, value))
    if not isinstance(value, float):
        return str(value)
    # Whole numbers without ".0", all digits that matter, and no "+", which would part a list.
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value).replace("e+", "e")
