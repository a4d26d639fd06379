"""Settings of a moving picture, which is made frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nstgraph.messages import shown
from nstgraph.value_checks import Check, number, setting, switch

__all__ = ["VideoSettings"]

#: How far back a frame may look, in frames; so many are held in memory.
_FARTHEST = 40


def _distances_fault(value: Any) -> str:
    fits = isinstance(value, list | tuple) and all(type(one) is int and 1 <= one <= _FARTHEST for one in value)
    return "" if fits else f"is {shown(value)}; choose whole numbers from 1 to {_FARTHEST}, as in 1+2+4"


def _distances(text: str) -> Any:
    parts = text.split("+") if text else []
    fits = all(part.isascii() and part.isdecimal() and len(part) < 9 for part in parts)
    return tuple(map(int, parts)) if fits else text


@dataclass(frozen=True)
class VideoSettings:
    """What makes a row of frames one moving picture."""

    temporal: float = setting(
        1.0, "Video", number(0.0, 1e6, "WEIGHT"), "Weight of the term that keeps each frame near the one before it."
    )
    frame_steps: int = setting(
        0, "Video", number(0, 1_000_000), "Steps of a frame that follows another; 0 is automatic.", shown="automatic"
    )
    long_term: tuple[int, ...] = setting(
        (),
        "Video",
        Check("N+N+...", _distances_fault, _distances, tuple),
        "Frames back in which a frame also looks for what the one before it does not show, as in 2+4+8.",
        shown="none",
    )
    cut: float = setting(
        0.25,
        "Video",
        number(0.0, 1.0, "SHARE"),
        "A frame in which less than this share of the one before it is found again begins a new scene; 0 finds none.",
    )
    rate: float = setting(
        25.0, "Video", number(0.01, 1000.0, "FPS"), "Frames a second of a folder of pictures, which has no times."
    )
    audio: bool = setting(True, "Video", switch(), "Copy the sound.", "--audio/--no-audio")
