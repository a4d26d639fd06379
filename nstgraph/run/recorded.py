"""What a result's settings say that it was made from: read as what a stranger may have written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nstgraph.errors import ConfigError
from nstgraph.file_records import FileRecord
from nstgraph.messages import shown

__all__ = ["Recorded"]


@dataclass(frozen=True)
class Recorded:
    """What a result was made from.

    Attributes:
        content: the photo; None for a texture.
        styles: the paintings.
        starts: the pictures that the starting image is made from, beside these.
        masks: the pictures of ``mask``, ``style_mask`` and ``content_strength``.
        plugins: files that terms of the loss come from.
        weights: changes of terms' weights by label, each with the number of steps before it.
        steps: how many were taken; 0 if that is not known.
        resumed: whether the run was gone on with from a checkpoint in the middle of a size.
    """

    content: FileRecord | None
    styles: tuple[FileRecord, ...]
    starts: tuple[FileRecord, ...] = ()
    masks: tuple[FileRecord, ...] = ()
    plugins: tuple[FileRecord, ...] = ()
    weights: tuple[tuple[int, Mapping[str, float]], ...] = ()
    steps: int = 0
    resumed: bool = False

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Recorded:
        """Take it from settings that a result carries.

        Raises:
            ConfigError: something is missing, or is not what nstgraph writes.
        """
        for name in ("content", "styles"):
            if name not in settings:
                raise ConfigError(f"the settings do not say from which {name} it was made; take them by --like instead")
        content, steps, resumed = settings["content"], settings.get("steps_taken", 0), settings.get("resumed", False)
        if type(steps) is not int or steps < 0 or not isinstance(resumed, bool):
            raise ConfigError(f"steps_taken is {shown(steps)}, and resumed {shown(resumed)}; a result says how many")
        styles = tuple(FileRecord.read(record, "a style") for record in _list(settings, "styles"))
        if not styles:
            raise ConfigError("the settings name no style from which it was made; take them by --like instead")
        return cls(
            content=None if content is None and "aspect" in settings else FileRecord.read(content, "the content"),
            styles=styles,
            starts=tuple(FileRecord.read(record, "the starting image") for record in _list(settings, "starts")),
            masks=tuple(FileRecord.read(record, "a mask") for record in _list(settings, "masks")),
            plugins=tuple(FileRecord.read(record, "a plugin") for record in _list(settings, "plugins")),
            weights=tuple(map(_weights, _list(settings, "changed_weights"))),
            steps=steps,
            resumed=resumed,
        )


def _list(settings: Mapping[str, Any], name: str) -> list[Any]:
    value = settings.get(name, [])
    if not isinstance(value, list):
        raise ConfigError(f"{name} is {shown(value)}, which is no list")
    return value


def _weights(change: Any) -> tuple[int, Mapping[str, float]]:
    if not isinstance(change, list | tuple) or len(change) != 2:
        raise ConfigError(f"a change of weights is {shown(change)}; it has a number of steps, and weights by label")
    before, weights = change
    numbers = isinstance(weights, dict) and all(type(weight) in (int, float) for weight in weights.values())
    if type(before) is not int or not numbers:
        raise ConfigError(f"a change of weights is {shown(change)}; it has a number of steps, and weights by label")
    return before, weights
