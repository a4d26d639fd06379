"""What a page may ask for: pictures as bytes, and settings that name no file of the server's."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nstgraph.config import Config
from nstgraph.errors import ConfigError
from nstgraph.losses.loss import LossTerm
from nstgraph.losses.loss_text import as_loss
from nstgraph.messages import did_you_mean
from nstgraph.pictures.picture import Picture, PictureSet
from nstgraph.run.inputs import read_pictures
from nstgraph.run.preset_weights import with_weights_of
from nstgraph.web.upload import Upload

__all__ = ["OFFERED", "PaintRequest", "is_offered"]

#: Settings that a page may give. None of them names a file, or takes the machine's own limits away.
OFFERED = (
    *("loss", "balance", "style_scale", "style_weights", "blending", "keep_colors", "colors_by", "color_space"),
    *("size", "crop", "fit", "steps", "scales", "init", "seed", "bounds", "optimizer", "history"),
    *("pooling", "padding", "feather"),
)

#: Those that are only used with a mask.
_OF_MASKS = ("feather",)

#: Parameters of terms that a page may give, by kind; what is text may name a file where a stranger wrote the term.
_SAFE, _SAFE_OF_OURS = ("number", "switch", "choice"), ("text",)

#: Most paintings of a picture.
_MOST_STYLES = 8


@dataclass(frozen=True)
class PaintRequest:
    """A picture that somebody wants.

    Attributes:
        photo: the content image.
        styles: the style images.
        mask: over the photo, grey: white is painted, black stays as it is; None paints all of it.
        settings: those of ``OFFERED``, by name.
        preset: whose settings these are given beside.

    Raises:
        ConfigError: there is no painting, or too many; a setting is not offered, or out of range.
        LossError: the loss cannot be read.
        WeightsError: the preset's weights are not here.
    """

    photo: Upload
    styles: tuple[Upload, ...]
    mask: Upload | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    preset: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.styles) <= _MOST_STYLES:
            raise ConfigError(f"there are {len(self.styles)} paintings; choose from one to {_MOST_STYLES}")
        for name in self.settings:
            if name not in OFFERED:
                raise ConfigError(f"{name} cannot be set from a page{did_you_mean(name, OFFERED)}")
        config = self._config()
        if config.starts:
            raise ConfigError("a page cannot name files to start from; choose content, style or noise")
        for one in as_loss(config.loss).terms:
            for name in one.parameters:
                if not is_offered(one.term, name):
                    raise ConfigError(f"{one.term.name}:{name} cannot be set from a page; use the command line")

    @property
    def title(self) -> str:
        """What it is called: the names of its pictures without their endings."""
        return " × ".join(one.name.rpartition(".")[0] or one.name for one in (self.photo, *self.styles))

    def config(self) -> Config:
        """All settings.

        Raises:
            PictureError: the mask cannot be read.
        """
        return self._config() if self.mask is None else self._config(mask=(_mask(self.mask),))

    def pictures(self) -> PictureSet:
        """The pictures, read.

        Raises:
            PictureError: one cannot be read, or is too small, or too narrow.
        """
        return read_pictures(self.config(), self.photo.picture(), [one.picture() for one in self.styles])

    def _config(self, **mask: Any) -> Config:
        given = {name: value for name, value in self.settings.items() if mask or name not in _OF_MASKS} | mask
        given = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
        if self.preset is None:
            return Config(**given)
        return with_weights_of(self.preset, Config.preset(self.preset, **given))


@functools.lru_cache(maxsize=2)
def _mask(upload: Upload) -> Picture:
    """The picture of a mask, the same one for the same mask, so that settings with it are alike."""
    return upload.picture()


def is_offered(term: LossTerm, parameter: str) -> bool:
    """Whether a page may give a parameter of a term."""
    kind = term.parameters[parameter].type.kind
    return kind in _SAFE or (kind in _SAFE_OF_OURS and not term.is_foreign)
