"""What a page offers: the loss terms with their weights and parameters, from the registry, and the presets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nstgraph.config import Config
from nstgraph.errors import NstgraphError
from nstgraph.losses.default_loss import DEFAULT_LOSS
from nstgraph.losses.loss import Loss, LossTerm, WeightedTerm
from nstgraph.losses.loss_text import as_loss, parse_loss
from nstgraph.losses.parameter_types import as_number
from nstgraph.losses.parameters import REQUIRED, Parameter
from nstgraph.losses.quoting import value_of
from nstgraph.losses.registry import registry
from nstgraph.presets import PRESETS
from nstgraph.run.preset_weights import with_weights_of
from nstgraph.web.request import is_offered

__all__ = ["HEAVIEST", "ParameterControl", "TermControl", "chosen", "loss_texts", "presets", "terms"]

#: The largest weight that a page offers; built-in terms are relative, so that a weight of 1 is much of it.
HEAVIEST = 4.0


@dataclass(frozen=True)
class ParameterControl:
    """A parameter of a term: its name, what it takes in words, and its value as text."""

    name: str
    words: str
    text: str


@dataclass(frozen=True)
class TermControl:
    """A loss term that a page offers.

    Attributes:
        name: the term's.
        help: what it does: its docstring.
        weight: in the default loss; 0 if it is not there.
        parameters: those that a page may give, with the values of the default loss.
    """

    name: str
    help: str
    weight: float
    parameters: tuple[ParameterControl, ...]


def terms() -> tuple[TermControl, ...]:
    """The terms of the registry that a page offers, those of the default loss first.

    One that needs, or may be given, a file is not among them, nor one whose plugin cannot be imported.
    """
    default = {one.term.name: one for one in parse_loss(DEFAULT_LOSS).terms}
    known = [default[name].term if name in default else _term(name) for name in [*default, *registry.names()]]
    offered = {term.name: term for term in known if term is not None and _is_whole(term)}
    return tuple(_control(term, default.get(name)) for name, term in offered.items())


def loss_texts(weights: Mapping[str, float], parameters: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    """The loss that controls stand for, a text for each term whose weight is not 0.

    Args:
        weights: by the term's name.
        parameters: texts by the parameter's name, by the term's.

    Raises:
        LossError: there is no such term, a value does not fit, or all weights are 0.
    """
    given = {name: as_number(weight, f"the weight of {name}") for name, weight in weights.items()}
    loss = Loss(())
    for name, weight in given.items():
        if weight:
            loss = loss + weight * registry[name](**_changed(registry[name], parameters.get(name, {})))
    return tuple(map(str, loss.terms)) or tuple(map(str, parse_loss("").terms))


def chosen(loss: Any = Config.loss) -> tuple[dict[str, float], dict[str, dict[str, str]]] | None:
    """Weights and parameters of controls, as `loss_texts` takes them, that stand for a loss.

    None if controls cannot: a term is there twice, is not offered, or has a weight that changes or is out of range.

    Raises:
        LossError: the loss cannot be read.
    """
    offered = {one.name: one for one in terms()}
    read = as_loss(loss).terms
    plain = all(one.term.name in offered and one.last is None and 0 <= one.weight <= HEAVIEST for one in read)
    if not plain or len({one.term.name for one in read}) < len(read):
        return None
    weights = {one.term.name: one.weight for one in read}
    return weights, {one.term.name: _texts(one.term, one.parameters) for one in read}


def presets() -> tuple[tuple[str, str], ...]:
    """Names of the presets whose weights are here, each with what it reproduces."""
    return tuple((name, preset.source) for name, preset in PRESETS.items() if _has_weights(name))


def _changed(term: LossTerm, given: Mapping[str, str]) -> dict[str, Any]:
    """The values of parameters that are not the term's defaults; none is read from text that is empty."""
    defaults = _texts(term, {})
    return {name: value_of(text) for name, text in given.items() if text.strip() and text != defaults.get(name)}


def _has_weights(name: str) -> bool:
    try:
        with_weights_of(name, Config.preset(name))
    except NstgraphError:
        return False
    return True


def _term(name: str) -> LossTerm | None:
    try:
        return registry[name]
    except NstgraphError:
        return None


def _is_whole(term: LossTerm) -> bool:
    """Whether a term can be used without what a page does not offer."""
    kinds = {name: parameter.type.kind for name, parameter in term.parameters.items()}
    needed = [name for name, parameter in term.parameters.items() if parameter.default is REQUIRED]
    return "file" not in kinds.values() and all(is_offered(term, name) for name in needed)


def _control(term: LossTerm, default: WeightedTerm | None) -> TermControl:
    texts = _texts(term, {} if default is None else default.parameters)
    parameters = {name: one for name, one in term.parameters.items() if is_offered(term, name)}
    controls = tuple(ParameterControl(name, one.type.words, texts[name]) for name, one in parameters.items())
    return TermControl(term.name, term.doc, 0.0 if default is None else default.weight, controls)


def _texts(term: LossTerm, given: Mapping[str, Any]) -> dict[str, str]:
    return {name: _text(one, given.get(name, one.default)) for name, one in term.parameters.items()}


def _text(parameter: Parameter, value: Any) -> str:
    return "" if value is REQUIRED else parameter.type.text(value)
