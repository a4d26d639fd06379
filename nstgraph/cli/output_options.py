"""The options that say which files a run writes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nstgraph.cli.name_patterns import expanded
from nstgraph.files import unused
from nstgraph.messages import shown
from nstgraph.value_checks import Check, check_settings, document, number, setting, switch, text

__all__ = ["OFF", "STDOUT", "Outputs"]

#: Stands for standard output.
STDOUT = Path("-")

#: Stands for no checkpoints.
OFF = Path("off")

#: What a run that goes on takes from the run before, beside the names of files.
_KEPT = ("compare", "save_every", "depth", "quality", "frames")


def _depth_fault(value: Any) -> str:
    return "" if type(value) is int and value in (8, 16) else f"is {shown(value)}; choose 8 or 16"


def _quality_fault(value: Any) -> str:
    fits = value is None or (type(value) is int and 1 <= value <= 100)
    return "" if fits else f"is {shown(value)}; choose a whole number from 1 to 100"


@dataclass(frozen=True)
class Outputs:
    """The files that a run writes."""

    output: Path | None = setting(
        None,
        "Output",
        text("FILE"),
        "The result: .png .jpg .webp .tif or .bmp; - is standard output, as PNG. {content}, {style}, {time}, {date}, "
        "{size}, {steps}, {seed} and {preset} in the name of a file stand for those of the run.",
        "--output",
        "-o",
        shown="CONTENT-STYLE.png, or STYLE-texture.png",
    )
    depth: int = setting(8, "Output", Check("8|16", _depth_fault), "Bits a channel of the result; 16 as .png.")
    quality: int | None = setting(
        None,
        "Output",
        Check("1..100", _quality_fault, lambda text: int(text) if text.isdecimal() and len(text) < 9 else text),
        "Quality of a result as .jpg or .webp.",
        shown="95",
    )
    overwrite: bool = setting(False, "Output", switch(), "Replace files that exist.")
    compare: bool = setting(
        False, "Output", switch(), "Also write content, style and result in a row.", "--compare/--no-compare"
    )
    save_every: int = setting(
        0,
        "Output",
        number(0, 1_000_000),
        "Also write the picture after every N steps, at the size it has by then.",
        shown="never",
    )
    latest: Path | None = setting(
        None, "Output", text("FILE"), "Also keep the newest picture in this file, to watch it grow."
    )
    web: bool = setting(
        False,
        "Output",
        switch(),
        "Also show the run on a page of this machine while it goes on, to be watched only; its address is printed. "
        "Needs nstgraph[web].",
    )
    animation: Path | None = setting(
        None, "Output", text("FILE"), "Write the run as an animation, from coarse to fine: .gif, .webp, or .png (APNG)."
    )
    frames: int = setting(50, "Output", number(2, 200), "Frames of the animation.")
    curves: Path | None = setting(
        None, "Output", text("FILE"), "Draw the losses over the steps, as .png, .svg or .pdf. Needs matplotlib."
    )
    log: Path | None = setting(None, "Output", text("FILE"), "Write every step's losses, as .csv or .json.")
    summaries: Path | None = setting(
        None, "Output", text("FOLDER"), "Write losses and pictures on the way, for TensorBoard."
    )
    trace: Path | None = setting(
        None,
        "Output",
        text("FILE"),
        "Write what an evaluation does in time: a timeline as .json, TensorFlow's full trace as .pb.",
    )
    checkpoint: Path | None = setting(
        None,
        "Output",
        text("FOLDER|off"),
        "Keep the run in a new folder while it goes on, for nstgraph resume; it is deleted at the end.",
        shown="the user's own, from 2 minutes on",
    )
    checkpoint_every: float = setting(30.0, "Output", number(0.0, 1e6, "SECONDS"), "Time between checkpoints.")

    def __post_init__(self) -> None:
        check_settings(self)

    def named(self, fields: Mapping[str, str]) -> Outputs:
        """The same with names of files in place of patterns; ``fields`` is what `fields_of` gives.

        Raises:
            OutputError: there is no such field, or a brace is broken.
        """
        patterns = {**self._paths(), "checkpoint": self.checkpoint}
        names: dict[str, Any] = {name: expanded(path, fields) for name, path in patterns.items() if path is not None}
        return dataclasses.replace(self, **names)

    def recorded(self, picture: Path) -> dict[str, Any]:
        """What a checkpoint says of them, with ``picture`` as the result: only what `resumed` reads."""
        given = dataclasses.replace(self, output=picture)
        paths = {name: None if path is None else _absolute(path) for name, path in given._paths().items()}
        return {**paths, **{name: getattr(self, name) for name in _KEPT}}

    def resumed(self, before: Any) -> Outputs:
        """The files of a run that goes on: those that are given now, else those that it was to write.

        A file that exists is not written over, whatever the run was allowed to: the new one gets a name with a number.
        Where a folder does not exist, as on another machine, it is the working folder.

        Args:
            before: what `recorded` gave, which may come from a stranger.

        Raises:
            ConfigError: it is not what `recorded` gives.
        """
        before = before if isinstance(before, dict) else {}
        taken: dict[str, Any] = {name: _free(before.get(name)) for name in self._paths()}
        taken |= {name: before[name] for name in _KEPT if name in before}
        given = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        given = {name: value for name, value in given.items() if value != getattr(Outputs, name)}
        return Outputs(**{**taken, **given})

    def _paths(self) -> dict[str, Path | None]:
        names = ("output", "latest", "animation", "curves", "log", "summaries", "trace")
        return {name: getattr(self, name) for name in names}


def _absolute(path: Path) -> str:
    return str(path if path == STDOUT else path.absolute())


def _free(path: Any) -> Path | None:
    if not isinstance(path, str) or not path:
        return None
    place = Path(path)
    if place == STDOUT:
        return place
    return unused(place if place.parent.is_dir() else Path(place.name), place.suffix)


document(Outputs)
