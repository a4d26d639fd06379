"""A result that is made again: what it was made from, found by hashes, and run as it was run.

The record that it carries may be a stranger's. So a picture is taken only if its hash is right, a plugin only if
somebody names it here, and no path of the record is written to.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path, PureWindowsPath
from typing import Any

from nstgraph.checkpoints.resumed import MACHINE
from nstgraph.config import Config, TextureConfig
from nstgraph.errors import ConfigError, PluginError
from nstgraph.file_records import FileRecord
from nstgraph.files import what_is_wrong_with
from nstgraph.hashes import hash_of_numbers, with_hash
from nstgraph.losses.loss_text import as_loss
from nstgraph.losses.registry import registry
from nstgraph.memory import available_memory
from nstgraph.messages import did_you_mean
from nstgraph.pictures.load import Source, load
from nstgraph.pictures.metadata import read_settings
from nstgraph.pictures.picture import Picture
from nstgraph.planning.plan import Plan
from nstgraph.run.inputs import read_pictures
from nstgraph.run.recorded import Recorded
from nstgraph.run.replay import Replay
from nstgraph.run.stylizer import Stylizer
from nstgraph.run.term_files import in_their_places
from nstgraph.run.versions import differences
from nstgraph.settings.masks import MASKS, NO_MASK

__all__ = ["Repetition"]


class Repetition:
    """What it takes to make a result again.

    Pictures are looked for at their recorded paths, beside the result, and in the working folder, by name.

    Args:
        result: a PNG or TIFF of nstgraph's.
        content, styles, inits, masks: pictures that are not found there: files of any name, or arrays, known by their
            hashes.
        plugins: the plugin files that the loss's terms come from; none is run unless all are there.
        machine: settings that may differ here, as for ``nstgraph.resume``.

    Attributes:
        config: all settings.
        pictures: what the result was made from.
        files: those that were read.
        notes: why the result may differ a little, a line each; known once it has begun.

    Raises:
        PictureError: a picture cannot be read, or the result carries no settings.
        ConfigError: a setting is out of range; a picture or the weights are not found, or not those of the record.
        PluginError: a plugin is missing, not that of the record, or cannot be run.
        LossError: the loss cannot be read.
    """

    def __init__(
        self,
        result: str | os.PathLike[str],
        *,
        content: Source | None = None,
        styles: Sequence[Source] = (),
        inits: Sequence[Source] = (),
        masks: Sequence[Source] = (),
        plugins: Sequence[str | os.PathLike[str]] = (),
        **machine: Any,
    ) -> None:
        for name in machine:
            if name not in MACHINE:
                raise ConfigError(f"{name} cannot be given to make a result again{did_you_mean(name, MACHINE)}")
        self._settings, self._beside = read_settings(result), Path(result).parent
        self._machine = machine
        self.files: list[Path] = []
        self.notes: list[str] = []
        self._recorded = recorded = Recorded.read(self._settings)
        files = [Path(file) for file in plugins]
        _check_plugins(recorded.plugins, files)
        contents = [] if recorded.content is None else [recorded.content]
        photos = self._pictures("content", contents, [] if content is None else [content])
        paintings = self._pictures("style", recorded.styles, styles)
        starts = self._pictures("init", recorded.starts, inits)
        drawn = self._pictures("mask", recorded.masks, masks)
        for file in files:  # by now, nothing is missing for which they would have been run in vain
            registry.load_file(file)
        self.config = self._config(drawn)
        self.pictures = read_pictures(self.config, photos[0] if photos else None, paintings, starts=starts)

    @property
    def names(self) -> list[str]:
        """What a file that nobody has named is to be called after: the pictures, for a texture the first style."""
        content, styles = self._recorded.content, self._recorded.styles
        pictures = [*styles[:1], FileRecord("texture", styles[0].sha256)] if content is None else [content, *styles]
        return [PureWindowsPath(picture.path or "picture").name for picture in pictures]

    def begin(self, stylizer: Stylizer, plan: Plan) -> Replay:
        """Let a stylizer of `config` be as it was; what is to be its callback, too, is returned.

        Raises:
            ConfigError: a picture of a loss term is not that of the record.
            LossError: a weight that was changed is none of the loss's.
        """
        pictures = stylizer.settings["pictures"]
        if pictures != self._settings.get("pictures"):
            called = ", ".join(own["name"] for own in pictures) or "none"
            raise ConfigError(f"the pictures of terms ({called}) are not those that it was made from; put those there")
        # What was found by its hash is said as it was the first time.
        names = [field.name for field in dataclasses.fields(self.config) if field.name not in ("memory", "tile")]
        stylizer.settings.update({name: self._settings[name] for name in [*names, "plugins"] if name in self._settings})
        self.notes = [f"it was made with {difference}, so it may differ" for difference in differences(self._settings)]
        if self._recorded.resumed:
            self.notes.append("its run was gone on with from a checkpoint, which is not done again, so it may differ")
        stages = [str(stage) for stage in plan.stages]
        if stages != self._settings.get("stages"):
            self.notes.append(f"it is computed otherwise than it was, as {', '.join(stages)}, so it may differ")
        last = self._recorded.steps if self._recorded.steps < plan.steps else 0
        replay = Replay(self._recorded.weights, stylizer.loss, len(plan.stages), last, balanced=self.config.balance)
        stylizer.evaluator.weigh(replay.first)
        return replay

    def _config(self, masks: Sequence[Picture]) -> Config:
        machine = dict(self._machine)
        sha256 = self._settings.get("weights_sha256")
        for source in ("weights", "network"):
            given = machine.get(source)
            if given is not None and with_hash(str(sha256), [Path(given)]) is None:
                raise ConfigError(f"{given} is not the file with the SHA-256 {sha256!s:.12}... that it was made with")
        known = ("init", "starts", "masks", "feather", *MASKS)
        settings = {name: value for name, value in self._settings.items() if name not in known}
        config = (TextureConfig if "aspect" in settings else Config).from_settings(settings, **machine)
        if "memory" not in machine and config.memory * 1e9 > available_memory():
            config = config.replace(memory=0.0)  # a record is no reason to take more than there is
        # The files that it names are known by now, and given in their places.
        config = config.replace(init=self._settings.get("init", config.init))
        if len(config.starts) != len(self._recorded.starts):
            raise ConfigError(f"init names {len(config.starts)} pictures, and starts {len(self._recorded.starts)}")
        records, beside = self._settings.get("pictures"), self._beside
        elsewhere = ("init", "weights", "network", "feather", *MASKS)
        names = [field.name for field in dataclasses.fields(config) if field.name not in elsewhere]
        values = {name: getattr(config, name) for name in names} | {"loss": as_loss(config.loss)}
        values = {name: in_their_places(value, records, beside) for name, value in values.items()}
        return config.replace(**values, **self._masks(masks))

    def _masks(self, masks: Sequence[Picture]) -> dict[str, Any]:
        """The settings that name masks, with pictures in place of names."""
        left = iter(masks)

        def drawn(value: Any) -> Any:
            if isinstance(value, list):
                return tuple(map(drawn, value))
            return value if value in (None, NO_MASK) else next(left, None)

        values = {name: drawn(self._settings[name]) for name in MASKS if name in self._settings}
        if next(left, None) is not None or None in (*values.get("mask", ()), *values.get("style_mask", ())):
            raise ConfigError(f"masks has {len(masks)} pictures, and the settings name others")
        return {**values, "feather": self._settings.get("feather", 0.0)}

    def _pictures(self, what: str, records: Sequence[FileRecord], given: Sequence[Source]) -> list[Picture]:
        """The pictures of these records, among those that are given, or else from where they are."""
        loaded = [load(source) for source in given]
        self.files += [Path(picture.path) for picture in loaded if picture.path is not None]
        for picture in loaded:
            if not any(_is(picture, record) for record in records):
                expected = ", ".join(map(str, records)) or "none"
                raise ConfigError(
                    f"{picture.name} is not the picture that it was made from as {what}, which is {expected}; --like "
                    "takes its settings for others"
                )
        return [
            dataclasses.replace(
                next((picture for picture in loaded if _is(picture, record)), None) or self._found(what, record),
                name=Path(record.path).name if record.path else "array",
                path=record.path,
                sha256=record.sha256,
            )
            for record in records
        ]

    def _found(self, what: str, record: FileRecord) -> Picture:
        path = record.find(self._beside)
        if path is None:
            raise ConfigError(f"{what} {record} is not found, or is another now; give that file as --{what} FILE")
        self.files.append(path)
        return load(path)


def _is(picture: Picture, record: FileRecord) -> bool:
    """Whether a picture is that of a record, be it as a file or as numbers."""
    return record.sha256 in (picture.sha256, hash_of_numbers(picture.rgb, picture.alpha))


def _check_plugins(records: Sequence[FileRecord], given: Sequence[Path]) -> None:
    for file in given:
        fault = what_is_wrong_with(file)
        if fault:
            raise PluginError(f"the plugin file {file} {fault}; check the path")
    for record in records:
        if with_hash(record.sha256, given) is None:
            alike = [file for file in given if record.path is not None and file.name == Path(record.path).name]
            if alike:
                raise PluginError(f"{alike[0]} is another file now than the plugin {record}; give that one as --plugin")
            raise PluginError(f"it needs the plugin {record}, which is code: look at it, then give it as --plugin FILE")
