"""The optimisers that there are: their names, their parameters, and what each of these may be.

What is not listed here does not exist. ``auto`` is a plan's choice between `lbfgs` and `lbfgsb`, the searches of
Nocedal & Wright. The others are those of ``tf.compat.v1.train``, under their names there in lower case and without
"Optimizer", with the parameters and defaults of the classes' constructors, as far as these are numbers or true and
false (but for locks and name scopes, which mean nothing here). Their steps are in grey levels, 0..255.

Adam divides the gradient by its own size, so that its learning rate is about the grey levels that a pixel moves in a
step, whatever the loss: 5 to 10 suit pictures. The others multiply it, or divide it by what begins far above it;
RMSProp forgets the 1 that it begins with, but after hundreds of steps. With a loss that is a mean over the picture, a
pixel's gradient is tiny, and a useful rate may be a million. So they have no default rate.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nstgraph.value_checks import Check, number, one_of, switch

__all__ = ["KINDS", "OURS", "REQUIRED", "OptimizerKind", "OptimizerParameter"]

#: The default of a parameter that has none.
REQUIRED: Any = object()

_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}

#: Below 1, as a mean with a share of 1 for the past would never move.
_BELOW_ONE = 0.999999


@dataclass(frozen=True)
class OptimizerParameter:
    """A parameter: its default, which may be `REQUIRED`, and what it may be given as."""

    default: Any
    check: Check


@dataclass(frozen=True)
class OptimizerKind:
    """An optimiser.

    Attributes:
        parameters: by name.
        train: the class of ``tf.compat.v1.train``; empty for those that are not from there.
        slots: numbers that it keeps an unknown, at most, beside the unknown itself.
    """

    parameters: Mapping[str, OptimizerParameter]
    train: str = ""
    slots: int = 0


def _number(default: Any, low: float, high: float) -> OptimizerParameter:
    return _parameter(default, number(low, high), int if isinstance(low, int) else float)


def _switch(default: bool) -> OptimizerParameter:
    return _parameter(default, switch(), lambda text: _BOOLEANS[text.lower()])


def _parameter(default: Any, check: Check, read: Callable[[str], Any]) -> OptimizerParameter:
    def parse(text: str) -> Any:
        try:
            return read(text)
        except (ValueError, KeyError):  # which the check then puts into words
            return text

    return OptimizerParameter(default, dataclasses.replace(check, parse=parse))


def _share(default: Any) -> OptimizerParameter:
    return _number(default, 0.0, _BELOW_ONE)


def _strength() -> OptimizerParameter:
    """Of a pull towards the starting image."""
    return _number(0.0, 0.0, 1e12)


#: Of every optimiser that follows the gradient, and not its class's: the share of the past in the mean of the images,
#: and which image of those that were evaluated is the result.
OURS = {"average": _share(0.0), "keep": OptimizerParameter("best", one_of("best", "last"))}

#: Of every search with a memory of curvature.
_ROUNDS = {"rounds": _number(0, 1, 1_000_000), "evaluations": _number(0, 2, 1_000_000)}


def _train(name: str, slots: int, rate: Any = REQUIRED, **parameters: OptimizerParameter) -> OptimizerKind:
    return OptimizerKind({"learning_rate": _number(rate, 1e-12, 1e15), **parameters, **OURS}, name, slots)


def _pulls() -> dict[str, OptimizerParameter]:
    return {"l1_regularization_strength": _strength(), "l2_regularization_strength": _strength()}


def _start(default: float = 0.1, low: float = 1e-30) -> OptimizerParameter:
    """What a sum of squared gradients begins with."""
    return _number(default, low, 1e30)


def _epsilon(default: float) -> OptimizerParameter:
    """In units of the gradient, or of its square: what keeps a quotient of small numbers from being any number."""
    return _number(default, 1e-30, 1e30)


KINDS: Mapping[str, OptimizerKind] = {
    "auto": OptimizerKind({}),
    "lbfgs": OptimizerKind(_ROUNDS),
    "lbfgsb": OptimizerKind(_ROUNDS),
    "adam": _train("Adam", 2, 10.0, beta1=_share(0.9), beta2=_share(0.999), epsilon=_epsilon(1e-8)),
    "rmsprop": _train(
        "RMSProp", 3, decay=_share(0.9), momentum=_share(0.0), epsilon=_epsilon(1e-10), centered=_switch(False)
    ),
    "gradientdescent": _train("GradientDescent", 0),
    "momentum": _train("Momentum", 1, momentum=_share(REQUIRED), use_nesterov=_switch(False)),
    "adagrad": _train("Adagrad", 1, initial_accumulator_value=_start()),
    "adadelta": _train("Adadelta", 2, rho=_share(0.95), epsilon=_epsilon(1e-8)),
    "ftrl": _train(
        "Ftrl",
        2,
        learning_rate_power=_number(-0.5, -10.0, 0.0),
        initial_accumulator_value=_start(low=0.0),
        **_pulls(),
        l2_shrinkage_regularization_strength=_strength(),
        beta=_number(0.0, 0.0, 1e30),
    ),
    "proximalgradientdescent": _train("ProximalGradientDescent", 0, **_pulls()),
    "proximaladagrad": _train("ProximalAdagrad", 1, initial_accumulator_value=_start(), **_pulls()),
    "adagradda": _train("AdagradDA", 2, initial_gradient_squared_accumulator_value=_start(), **_pulls()),
}
