"""Settings of the loss."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from nstgraph.losses.default_loss import DEFAULT_LOSS
from nstgraph.losses.loss import Loss, LossTerm
from nstgraph.messages import shown
from nstgraph.value_checks import Check, numbers, one_of, setting, switch

__all__ = ["BLENDINGS", "LossSettings"]

#: How several styles are blended: by the mean of their statistics, or by the sum of the losses against each.
BLENDINGS = ("mean", "sum")


def _loss_fault(value: Any) -> str:
    texts = isinstance(value, str | list | tuple) and all(isinstance(text, str) for text in value)
    fits = texts or isinstance(value, Loss | LossTerm)
    return "" if fits else f"is {shown(value)}; write it as text, such as 'content 2*style', or add terms up"


_SHARES = numbers(0.0, 1e6, "SHARE+SHARE", alone=False)


def _shares_fault(value: Any) -> str:
    fault = _SHARES.fault(value)
    none = not fault and len(value) > 0 and sum(value) <= 0
    return f"is {shown(value)}; let at least one be above 0" if none else fault


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
    style_scale: float | tuple[float, ...] = setting(
        1.0,
        "Loss",
        numbers(0.05, 20.0, "FACTOR", alone=True),
        "Size of the painting relative to the result: larger strokes above 1; of several, one for each: 1+0.5.",
    )
    style_weights: tuple[float, ...] = setting(
        (),
        "Loss",
        replace(_SHARES, fault=_shares_fault),
        "Shares of several paintings, one for each: 30+70.",
        shown="all alike",
    )
    blending: str = setting(
        BLENDINGS[0],
        "Loss",
        one_of(*BLENDINGS),
        "How several paintings are blended: mean, of what is measured of them; sum, of the losses against each.",
    )
