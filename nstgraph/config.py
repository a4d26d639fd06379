"""The settings of a run, all together; each is described in `nstgraph.settings`."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nstgraph.errors import ConfigError
from nstgraph.file_records import FileRecord
from nstgraph.messages import did_you_mean, shown
from nstgraph.pictures.fit import SQUARES
from nstgraph.pictures.start import renamed, start_of
from nstgraph.pictures.wrapping import WRAPPING, wraps_of
from nstgraph.presets import preset
from nstgraph.search.optimizer import as_optimizer
from nstgraph.settings.colors import ColorSettings
from nstgraph.settings.exclusions import over, ruled_out
from nstgraph.settings.loss import LossSettings
from nstgraph.settings.machine import MachineSettings
from nstgraph.settings.masks import MASKS, NO_MASK, MaskSettings
from nstgraph.settings.network import NetworkSettings
from nstgraph.settings.search import SearchSettings
from nstgraph.settings.size import SizeSettings
from nstgraph.settings.texture import TextureSettings
from nstgraph.settings.toml_file import OUTPUTS, checked, read_toml
from nstgraph.settings.video import VideoSettings
from nstgraph.value_checks import check_settings, document, keep_settings

__all__ = ["Config", "TextureConfig", "VideoConfig"]

#: What a picture carries beside settings: what else it was made with.
_MADE_WITH = (
    *("content", "styles", "starts", "masks", "weights_sha256", "pictures", "plugins"),
    *("stages", "changed_weights", "steps_taken", "resumed"),
    *("nstgraph", "tensorflow", "scipy", "numpy", "pillow", "processor", "cores"),
)


@dataclass(frozen=True)
class Config(NetworkSettings, MachineSettings, SearchSettings, SizeSettings, MaskSettings, ColorSettings, LossSettings):
    """Settings of a run."""

    def __post_init__(self) -> None:
        check_settings(self)
        keep_settings(self)
        start_of(self.init)
        if self.color_fault():
            raise ConfigError(self.color_fault())
        if self.feather and not self.mask:
            raise ConfigError("feather is only used with masks; set mask, too, or leave feather out")
        optimizer = as_optimizer(self.optimizer)
        if self.bounds and optimizer.name == "lbfgs":
            raise ConfigError("lbfgs cannot keep bounds; leave bounds out, or choose lbfgsb")
        if self.history and optimizer.descends:
            raise ConfigError(f"{optimizer.name} keeps no corrections; leave history out, or choose lbfgs or lbfgsb")
        of_vgg, of_file = ["weights", "pooling", "padding"], ["input", "input_values"]
        if self.padding in WRAPPING:  # which is how any network is evaluated
            of_vgg.remove("padding")
        for name in of_file if self.network is None else of_vgg:
            if getattr(self, name) != getattr(Config, name):
                if self.network is None:
                    raise ConfigError(f"{name} is only used with a network from a file; set network, too")
                raise ConfigError(f"a network from a file has its own {name}; leave that out")
        if self.deterministic and self.precision not in ("auto", "float32"):
            raise ConfigError("a deterministic run is in float32; leave precision out")
        if self.network is not None and self.precision not in ("auto", "float32"):
            raise ConfigError("a network from a file is computed in float32; leave precision out")

    @property
    def starts(self) -> tuple[str | os.PathLike[str], ...]:
        """The files that ``init`` names."""
        return start_of(self.init).files

    @classmethod
    def preset(cls, name: str, **given: Any) -> Config:
        """The settings that a preset stands for, and others that are given beside it, which win.

        Weights are not among them: name those of the preset's network, or let ``nstgraph.stylize(preset=...)`` do it.

        Raises:
            ConfigError: there is no such preset or setting, or a value is out of range.
        """
        return cls().replace(**preset(name).beside(given, [field.name for field in dataclasses.fields(cls)]))

    def replace(self, **changes: Any) -> Config:
        """A copy with some settings changed.

        Raises:
            ConfigError: there is no such setting, or its value is out of range.
        """
        known = [field.name for field in dataclasses.fields(self)]
        for name in changes:
            if name not in known:
                raise ConfigError(f"no setting {name!r}{did_you_mean(name, known)}")
        return dataclasses.replace(self, **changes)

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str], **changes: Any) -> Config:
        """The settings in a file of TOML (see `nstgraph.settings.toml_file`).

        Args:
            path: the file. Its table ``outputs``, which is for the command line, is passed over.
            changes: settings that win over those.

        Raises:
            ConfigError: the file cannot be read, there is no such setting, or its value is out of range.
        """
        values = {name: value for name, value in read_toml(path).items() if name != OUTPUTS}
        return cls().replace(**over(checked(values, cls, str(path)), changes))

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any], **changes: Any) -> Config:
        """The settings that a picture carries (see `nstgraph.read_settings`), or those of a `Result`.

        Weights are found by their hash, here or wherever weights are looked for; a network, which is named without its
        folder, here; a starting image by its hash, at its path or here.

        Args:
            settings: by name; versions and what else says how the picture was made is passed over.
            changes: settings that win over those.

        Raises:
            ConfigError: there is no such setting, its value is out of range, or a file is not found.
        """
        if not isinstance(settings, Mapping):
            raise ConfigError(
                f"settings are of type {type(settings).__name__}; give a mapping, such as Result.settings"
            )
        known = [field.name for field in dataclasses.fields(cls)]
        if "aspect" in settings and "aspect" not in known:
            raise ConfigError("the settings are those of a texture; use nstgraph texture, or TextureConfig")
        for name in settings:
            if name not in known and name not in _MADE_WITH:
                raise ConfigError(f"no setting {shown(name)}{did_you_mean(str(name), known)}")
        left_out = {*changes, *ruled_out(changes)}
        taken = {name: value for name, value in settings.items() if name in known and name not in left_out}
        return cls().replace(**{**taken, **_files(taken, settings), **changes})

    def __hash__(self) -> int:
        values = (getattr(self, field.name) for field in dataclasses.fields(self))
        return hash(tuple(tuple(value) if isinstance(value, list) else value for value in values))


@dataclass(frozen=True)
class TextureConfig(TextureSettings, Config):
    """Settings of a texture: a run without a photo, whose content is a blank picture that no loss term looks at."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if "content" in [part for part, _ in start_of(self.init).parts]:
            raise ConfigError("a texture has no photo to start from; let init be noise, style or a picture")
        if self.keep_colors:
            raise ConfigError("a texture has no photo whose colours it could keep; leave keep_colors out")
        if self.crop is not None:
            raise ConfigError("a texture has no photo to crop; give aspect in place of crop")
        if self.aspect != TextureConfig.aspect and self.fit in SQUARES:
            raise ConfigError(f"fit {self.fit} makes a square whatever aspect is; leave one of them out")
        if self.size == 0:
            raise ConfigError("a texture has no photo whose size it could have; give size in pixels")

    __hash__ = Config.__hash__


@dataclass(frozen=True)
class VideoConfig(VideoSettings, Config):
    """Settings of a moving picture: those of its frames, and how they follow each other."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.balance:
            raise ConfigError("balance would weigh the terms of each frame anew; leave it out of a moving picture")
        if any(wraps_of(self.padding)):
            raise ConfigError("frames of a moving picture have edges; choose a padding that does not wrap")

    __hash__ = Config.__hash__


def _files(taken: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The paths of the files that a picture's settings name."""
    from nstgraph.networks.find_weights import recorded_file  # which imports numpy

    named = [source for source in ("weights", "network") if taken.get(source) is not None]
    sha256 = settings.get("weights_sha256")
    found: dict[str, Any] = {source: str(recorded_file(source, taken[source], sha256)) for source in named}
    init = taken.get("init")
    if isinstance(init, str) and start_of(init).files:
        found["init"] = _starts(init, settings.get("starts"))
    records = settings.get("masks")
    known = iter(records if isinstance(records, list) else [])
    return found | {name: _masks(name, taken[name], known) for name in MASKS if taken.get(name)}


def _masks(setting: str, value: Any, known: Iterator[Any]) -> Any:
    """A setting of masks with paths in place of names."""
    if isinstance(value, list | tuple):
        return [_masks(setting, name, known) for name in value]
    if not isinstance(value, str) or value == NO_MASK:
        return value
    return _found(f"{setting} {shown(value)}", setting, value, next(known, None))


def _found(what: str, setting: str, file: str, record: Any) -> str:
    """Where a file is: what is recorded of it is found by its hash; what is not, by its name in the working folder."""
    if record is not None:
        found = FileRecord.read(record, what).find()
    else:
        found = Path(file) if os.path.basename(file) == file and os.path.isfile(file) else None
    if found is None:
        raise ConfigError(f"{what} is not found here; give {setting} itself, such as its path")
    return str(found)


def _starts(init: str, records: Any) -> str:
    """A starting image's text with paths in place of names; what is recorded of a file is found by its hash."""
    known = iter(records if isinstance(records, list) else [])

    return renamed(init, lambda file: _found(f"the starting image {shown(file)}", "init", file, next(known, None)))


document(Config)
document(TextureConfig)
document(VideoConfig)
