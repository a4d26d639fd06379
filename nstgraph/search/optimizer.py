"""An optimiser from text: ``name[:parameter=value[,parameter=value...]]``, checked before anything is computed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nstgraph.errors import ConfigError
from nstgraph.messages import did_you_mean, shown
from nstgraph.search.optimizer_kinds import KINDS, REQUIRED, OptimizerKind

__all__ = ["Optimizer", "as_optimizer", "optimizer_fault"]

_RATE = "learning_rate"


class _Fault(ValueError):
    """What is wrong with a text, as the end of a message that begins with "optimizer"."""


@dataclass(frozen=True)
class Optimizer:
    """An optimiser and its parameters; ``str`` of it is the text from which the same is read.

    Attributes:
        name: see `KINDS`.
        values: of all its parameters, those that were not given included.
    """

    name: str
    values: Mapping[str, Any]

    @property
    def kind(self) -> OptimizerKind:
        """What is known of all optimisers of that name."""
        return KINDS[self.name]

    @property
    def descends(self) -> bool:
        """Whether it follows the gradient by a rule of ``tf.train``, and so keeps no corrections."""
        return bool(self.kind.train)

    @property
    def steps_in_rounds(self) -> int:
        """The most steps that its rounds allow, as the first evaluation of each takes none; 0 if there are none."""
        return int(self.values.get("rounds", 0) * (self.values.get("evaluations", 0) - 1))

    def __str__(self) -> str:
        parameters = self.kind.parameters
        told = {
            name: value for name, value in self.values.items() if name == _RATE or value != parameters[name].default
        }
        inner = ",".join(f"{name}={_written(value)}" for name, value in told.items())
        return f"{self.name}{':' if inner else ''}{inner}"


def _written(value: Any) -> str:
    """A parameter's value as it is read again: whole numbers without a point, others with all digits that matter."""
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value).lower()


def as_optimizer(text: str) -> Optimizer:
    """Read an optimiser.

    Raises:
        ConfigError: there is none of that name, or it has no such parameter, or its value is out of range.
    """
    try:
        return _read(text)
    except _Fault as fault:
        raise ConfigError(f"optimizer {fault}") from None


def optimizer_fault(text: Any) -> str:
    """What is wrong with a text, as the end of a message that begins with "optimizer"; else empty."""
    try:
        _read(text)
    except _Fault as fault:
        return str(fault)
    return ""


def _read(text: Any) -> Optimizer:
    if not isinstance(text, str):
        raise _Fault(f"is {shown(text)}; give a name, such as adam, as text")
    name, colon, tail = text.partition(":")
    if name not in KINDS:
        raise _Fault(f"is {shown(name)}{did_you_mean(_plain(name), KINDS)}")
    known = KINDS[name].parameters
    values = {key: parameter.default for key, parameter in known.items()}
    given = _given(text, tail if colon else None)
    for key, value in given.items():
        if key not in known:
            hint = did_you_mean(key, known) or "; leave it out"
            raise _Fault(f"is {shown(text)}, and {name} has no parameter {shown(key)}{hint}")
        values[key] = known[key].check.parse(value)
        fault = known[key].check.fault(values[key])
        if fault:
            raise _Fault(f"is {shown(text)}, whose {key} {fault}")
    if REQUIRED in values.values():
        needed = ",".join(f"{key}={given.get(key, '...')}" for key in values if key in given or values[key] is REQUIRED)
        raise _Fault(f"is {shown(text)}, which leaves out what it needs; give {name}:{needed}")
    if values.get("rounds") and not values["evaluations"]:
        raise _Fault(f"is {shown(text)}; say how many evaluations a round has: {name}:rounds=10,evaluations=20")
    return Optimizer(name, values)


def _given(text: str, tail: str | None) -> dict[str, str]:
    given: dict[str, str] = {}
    for item in [] if tail is None else tail.split(","):
        key, equals, value = item.partition("=")
        if not equals:
            raise _Fault(f"is {shown(text)}, where {shown(item)} is not parameter=value")
        if key in given:
            raise _Fault(f"is {shown(text)}, which gives {shown(key)} twice")
        given[key] = value
    return given


def _plain(name: str) -> str:
    """As names are written here, so that those of other programs are found among them."""
    return re.sub("[^a-z]", "", name.lower()).removesuffix("optimizer")
