"""Losses from text: ``[weight*]term[:parameter=value[,parameter=value...]]``, one string or word a term.

Values of a list are joined by ``+``, no value is ``none``, and what has blanks, commas or ``+`` in it stands in quotes
(see `nstgraph.losses.quoting`). The weight is a number, or a range from the first size of a run to the last, in equal
ratios: ``1..0.1*content``. ``str`` of a loss is a text that is read as that loss.
"""

from __future__ import annotations

from collections.abc import Iterable

from nstgraph.errors import LossError
from nstgraph.losses.default_loss import DEFAULT_LOSS, PALETTE, PHOTO_COLORS
from nstgraph.losses.loss import Loss, LossTerm
from nstgraph.losses.parameter_types import as_number
from nstgraph.losses.quoting import parted, value_of
from nstgraph.losses.registry import registry
from nstgraph.messages import shown

__all__ = ["as_loss", "parse_loss"]


def as_loss(loss: Loss | LossTerm | str | Iterable[str], *, keep_colors: bool = False) -> Loss:
    """``loss`` itself, a bare term with its defaults, or what `parse_loss` reads from text.

    Args:
        loss: a loss in any form.
        keep_colors: whether `photo_colors` is to take the place of `palette`; other terms stay, as does a
            `photo_colors` of its own.

    Raises:
        LossError, PluginError: see `parse_loss`; or it is none of these.
    """
    if isinstance(loss, LossTerm):
        loss = loss()
    loss = loss if isinstance(loss, Loss) else parse_loss(loss)
    if keep_colors:
        others = tuple(one for one in loss.terms if one.term.name != PALETTE)
        kept = any(one.term.name == PHOTO_COLORS for one in others)
        return Loss(others) if kept else Loss(others) + parse_loss(PHOTO_COLORS)
    return loss


def parse_loss(texts: str | Iterable[str]) -> Loss:
    """Read a loss from text: one string a term, or several terms in a string, separated by blanks.

    ``default`` stands for the default loss, `DEFAULT_LOSS`.

    Raises:
        LossError: a term or parameter that does not exist, a value of the wrong type, or a quote that is not closed.
        PluginError: a term's plugin cannot be imported.
    """
    lines = [texts] if isinstance(texts, str) else list(texts) if isinstance(texts, Iterable) else [texts]
    if not all(isinstance(line, str) for line in lines):
        raise LossError(f"{shown(texts)} is not a loss; write one as text, such as 'content 2*style', or add terms up")
    parts = [part for line in lines for part in parted(line, r"\s") if part]
    if not parts:
        raise LossError("the loss has no terms; name at least one, such as style")
    return sum((_parse_term(part) for part in parts), Loss(()))


def _parse_term(text: str) -> Loss:
    head, _, tail = text.partition(":")
    factor, star, name = head.rpartition("*")
    weight = _factor(factor, f"the weight in {text!r}") if star else 1.0
    if name == "default":
        if tail:
            raise LossError(f"'default' has no parameters, but {text!r} gives some; name the term instead")
        return weight * parse_loss(DEFAULT_LOSS)
    if "+" in name:
        raise LossError(f"{text!r} joins terms by +; give each its own -l, or write a space between them")
    parameters = {}
    for item in parted(tail, ",") if tail else []:
        key, equals, value = item.partition("=")
        if not equals:
            raise LossError(f"cannot read {item!r} in {text!r}; write parameter=value")
        if key in parameters:
            raise LossError(f"{text!r} gives {key!r} twice; write values of a list with +")
        parameters[key] = value_of(value)
    return weight * registry[name](**parameters)


def _factor(text: str, where: str) -> float | tuple[float, float]:
    first, dots, last = text.partition("..")
    return (as_number(first, where), as_number(last, where)) if dots else as_number(text, where)
