"""One picture that a batch is to make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nstgraph.config import Config

__all__ = ["Job"]


@dataclass(frozen=True)
class Job:
    """A picture to be made.

    Attributes:
        content: the photo.
        styles: the paintings.
        config: all settings.
        target: the PNG that is to be written.
        own: those of the settings that are not the batch's, by name.
    """

    content: Path
    styles: tuple[Path, ...]
    config: Config
    target: Path
    own: Mapping[str, Any] = field(default_factory=dict)

    @property
    def pictures(self) -> tuple[Path, ...]:
        """The photo, then the paintings."""
        return self.content, *self.styles
