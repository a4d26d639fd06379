"""Settings of where which style is taken, and where the content is kept."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from nstgraph.messages import shown
from nstgraph.value_checks import Check, number, setting

__all__ = ["MASKS", "NO_MASK", "MaskSettings"]

#: Settings that name pictures, in the order in which these are recorded.
MASKS = ("mask", "style_mask", "content_strength")

#: Stands for a style of which all is taken, among the masks of others.
NO_MASK = "none"


def _is_path(value: Any) -> bool:
    return isinstance(value, str | os.PathLike) and bool(os.fspath(value))


def _fault(value: Any) -> str:
    """What is wrong with a picture; of arrays and the like, only reading them tells."""
    several = isinstance(value, list | tuple | set | dict | bytes | bool | int | float)
    if _is_path(value) or not (several or value is None or isinstance(value, str | os.PathLike)):
        return ""
    return f"is {shown(value)}; give FILE"


def _kept(value: Any) -> Any:
    """A picture as a setting keeps it: read now, unless it is a file's path, as an array may be another one by then."""
    if isinstance(value, str | os.PathLike):
        return value
    from nstgraph.pictures.load import load  # which takes its time to import

    return load(value)


def _several(*, optional: bool) -> Check:
    """Pictures; a single one may stand for a list of it."""

    def items(value: Any) -> list[Any]:
        listed = list(value) if isinstance(value, list | tuple) else [value]
        return [NO_MASK if item is None and optional else item for item in listed]

    def fault(value: Any) -> str:
        return next((fault for item in items(value) if (fault := _fault(item))), "")

    return Check("FILE", fault, kept=lambda value: tuple(map(_kept, items(value))))


def _optional_fault(value: Any) -> str:
    return "" if value is None else _fault(value)


@dataclass(frozen=True)
class MaskSettings:
    """Where which style is taken, and where the content is kept: files, or in Python arrays and the like."""

    mask: tuple[Any, ...] = setting(
        (),
        "Masks",
        _several(optional=False),
        "Where the photo is painted: white, not black; may be given again, once for each STYLE. Or one map of regions, "
        "each of a flat colour, for STYLEs from the darkest colour to the lightest.",
        shown="everywhere",
    )
    style_mask: tuple[Any, ...] = setting(
        (),
        "Masks",
        _several(optional=True),
        "What of a STYLE is taken: white, not black; given as often as there are masks or STYLEs, none leaves one out. "
        "With a map of regions, a map of each STYLE in the same colours.",
        shown="all of it",
    )
    feather: float = setting(
        0.0,
        "Masks",
        number(0.0, 50.0, "PERCENT"),
        "Soft edges of the masks, in percent of the longest side.",
        shown="none",
    )
    content_strength: Any = setting(
        None,
        "Masks",
        Check("FILE", _optional_fault, kept=lambda value: None if value is None else _kept(value)),
        "How much of the photo's content is kept at each place: all where this is white, nothing where it is black.",
    )
