"""Settings that make others meaningless: what is taken from elsewhere, such as a picture, goes without these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nstgraph.search.optimizer import as_optimizer, optimizer_fault

__all__ = ["over", "ruled_out"]

#: What does not go with a setting, whatever its value.
_BY_SETTING = {
    "network": ("weights", "pooling", "padding", "precision"),
    "weights": ("network", "input", "input_values"),
    "deterministic": ("precision",),
}


def ruled_out(given: Mapping[str, Any]) -> set[str]:
    """Names of the settings that do not go with those that are given, by name; these are among them if they clash."""
    names = {other for name, others in _BY_SETTING.items() if given.get(name) for other in others}
    mask = given.get("mask", ...)
    without_masks = {"feather"} if mask is None or (isinstance(mask, tuple | list) and not mask) else set()
    return names | without_masks | _by_optimizer(given.get("optimizer")) | _by_colors(given)


def _by_colors(given: Mapping[str, Any]) -> set[str]:
    if given.get("keep_colors") is False:
        return {"colors_by", "color_space"}
    return {"color_space"} if given.get("colors_by") == "search" else set()


def over(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """Settings from two places by name: ``upper``, and what it does not rule out of ``lower``."""
    left_out = ruled_out(upper)
    return {**{name: value for name, value in lower.items() if name not in left_out}, **upper}


def _by_optimizer(optimizer: Any) -> set[str]:
    if not isinstance(optimizer, str) or optimizer_fault(optimizer):
        return set()
    chosen = as_optimizer(optimizer)
    return {"history"} if chosen.descends else {"bounds"} if chosen.name == "lbfgs" else set()
