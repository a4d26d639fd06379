"""Settings of what the run may take of the machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nstgraph.messages import shown
from nstgraph.value_checks import Check, number, one_of, setting, switch

__all__ = ["MachineSettings"]

_MIN_TILE = 32


def _tile_fault(value: Any) -> str:
    fits = (isinstance(value, str) and value in ("auto", "off")) or (type(value) is int and value >= _MIN_TILE)
    return "" if fits else f"is {shown(value)}; choose auto, off or pixels from {_MIN_TILE}"


@dataclass(frozen=True)
class MachineSettings:
    """What the run may take of the machine."""

    precision: str = setting(
        "auto",
        "Machine",
        one_of("auto", "bfloat16", "float16", "float32"),
        "Number format of feature maps; auto takes bfloat16 where that is faster.",
    )
    tile: str | int = setting(
        "auto",
        "Machine",
        Check("auto|off|PIXELS", _tile_fault, lambda text: int(text) if text.isdecimal() and len(text) < 9 else text),
        "Compute in square tiles of this side; auto does so only if the whole picture does not fit into memory.",
    )
    memory: float = setting(
        0.0,
        "Machine",
        number(0.0, 1e6, "GB"),
        "Most memory that the process may take; 0 is what is free.",
        shown="what is free",
    )
    deterministic: bool = setting(
        False,
        "Machine",
        switch(),
        "The same result to the last bit whatever the number of cores, on one kind of processor and with the same "
        "--memory: in float32, by 4 threads. Needs threadpoolctl.",
    )
