"""Settings of the loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nstgraph.losses.default_loss import DEFAULT_LOSS
from nstgraph.losses.loss import Loss, LossTerm
from nstgraph.messages import shown
from nstgraph.value_checks import Check, number, setting, switch

__all__ = ["LossSettings"]


def _loss_fault(value: Any) -> str:
    texts = isinstance(value, str | list | tuple) and all(isinstance(text, str) for text in value)
    fits = texts or isinstance(value, Loss | LossTerm)
    return "" if fits else f"is {shown(value)}; write it as text, such as 'content 2*style', or add terms up"


@dataclass(frozen=True)
class LossSettings:
    """What is minimised."""

    loss: tuple[str, ...] | str | Loss | LossTerm = setting(
        DEFAULT_LOSS,
        "Loss",
        Check("TERM", _loss_fault),
        "A term of the loss: [weight*]name[:parameter=value,...]; may be given again, and replaces the default terms, "
        "which 'default' stands for. A weight of 1..0.1 goes from 1 at the first size to 0.1 at the last. "
        "See: nstgraph terms.",
        "--loss",
        "-l",
    )
    balance: bool = setting(
        False,
        "Loss",
        switch(),
        "Weigh the terms by their gradients at the start: there, all terms of equal weights pull alike.",
    )
    style_scale: float = setting(
        1.0,
        "Loss",
        number(0.05, 20.0, "FACTOR"),
        "Size of the painting relative to the result: larger strokes above 1.",
    )
