"""A run's folder on disk: what was asked for, the checkpoint on its way, and what came of it.

``request.json`` and the pictures beside it are written once, before the run has its name. ``result.png`` carries its
settings, ``outcome.json`` says how the run ended. A run without it is still to be made.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nstgraph.errors import ConfigError, OutputError
from nstgraph.files import writing, writing_folder
from nstgraph.search.step import Step
from nstgraph.web.request import PaintRequest
from nstgraph.web.upload import Upload

__all__ = ["Outcome", "RunFolder", "new_run", "run_folders"]

_NAME = re.compile(r"[0-9a-f]{24}")

_REQUEST, _OUTCOME, _RESULT, _STARTS = "request.json", "outcome.json", "result.png", "starts.json"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        status: one of those of `nstgraph.web.run_view.ENDED`.
        line: the same in words.
        ended: when, in seconds since 1970.
        history: its steps.
    """

    status: str
    line: str
    ended: float
    history: tuple[Step, ...] = ()


class RunFolder:
    """A run on disk.

    Attributes:
        path: its folder, whose name is the run's id.
        title, begun: see `nstgraph.web.run_view.RunView`.
    """

    def __init__(self, path: Path) -> None:
        about = _read(path / _REQUEST)
        self.path, self._about = path, about
        self.title, self.begun = str(about["title"]), float(about["begun"])

    @property
    def id(self) -> str:
        """The run's id."""
        return self.path.name

    @property
    def result(self) -> Path:
        """The picture, which may not be there yet."""
        return self.path / _RESULT

    @property
    def checkpoint(self) -> Path:
        """The folder of the checkpoint, which may not be there."""
        return self.path / "checkpoint"

    def request(self) -> PaintRequest:
        """What was asked for.

        Raises:
            NstgraphError: it can no longer be had, as a term or weights are gone, or the folder is damaged.
        """
        about, names = self._about, self._about["pictures"]
        try:
            uploads = {part: Upload(name, (self.path / part).read_bytes()) for part, name in names.items()}
            styles = tuple(uploads[part] for part in uploads if part.startswith("style"))
            return PaintRequest(uploads["photo"], styles, uploads.get("mask"), about["settings"], about["preset"])
        except (OSError, KeyError, TypeError, AttributeError) as error:
            raise ConfigError(f"the run {self.id} is damaged ({error}); delete it") from error

    def outcome(self) -> Outcome | None:
        """How it ended; None if it has not."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            about = _read(self.path / _OUTCOME)
            history = tuple(Step(**step) for step in about.pop("history"))
            return Outcome(**about, history=history)
        return None

    def end(self, outcome: Outcome) -> None:
        """Note how it ended.

        Raises:
            OutputError: it cannot be written.
        """
        _write(self.path / _OUTCOME, dataclasses.asdict(outcome))

    def started(self) -> int:
        """Note that it is started, and tell how often it has been before with neither an end nor a pause.

        Raises:
            OutputError: it cannot be written.
        """
        before = 0
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            before = int(_read(self.path / _STARTS)["starts"])
        _write(self.path / _STARTS, {"starts": before + 1})
        return before

    def paused(self) -> None:
        """Note that it was left in order, to be gone on with: that start does not count."""
        with contextlib.suppress(OutputError):
            _write(self.path / _STARTS, {"starts": 0})

    def keep(self, name: str, data: bytes) -> None:
        """Keep a picture beside the run, which is made again if it is there already.

        Raises:
            OutputError: it cannot be written.
        """
        with writing(self.path / name, overwrite=True) as file:
            file.write(data)

    def kept(self, name: str) -> bytes:
        """A picture that is kept beside the run; empty if there is none."""
        with contextlib.suppress(OSError):
            return (self.path / name).read_bytes()
        return b""

    def delete(self) -> None:
        """Delete all of it; what cannot be deleted stays."""
        shutil.rmtree(self.path, ignore_errors=True)


def new_run(folder: Path, request: PaintRequest) -> RunFolder:
    """Keep a request in a new folder of ``folder``.

    Raises:
        OutputError: it cannot be written.
    """
    uploads = {"photo": request.photo, **{f"style{n}": style for n, style in enumerate(request.styles, 1)}}
    if request.mask is not None:
        uploads["mask"] = request.mask
    about = {
        "title": request.title,
        "begun": time.time(),
        "pictures": {part: upload.name for part, upload in uploads.items()},
        "settings": dict(request.settings),
        "preset": request.preset,
    }
    target = folder / secrets.token_hex(12)
    with writing_folder(target) as place:
        for part, upload in uploads.items():
            (place / part).write_bytes(upload.data)
        _write(place / _REQUEST, about)
    return RunFolder(target)


def run_folders(folder: Path) -> Iterator[RunFolder]:
    """The runs in a folder, in the order in which they were asked for; what is none is passed over."""
    found = []
    for path in folder.iterdir():
        if _NAME.fullmatch(path.name):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                found.append(RunFolder(path))
    yield from sorted(found, key=lambda run: run.begun)


def _read(path: Path) -> dict[str, Any]:
    about = json.loads(path.read_bytes())
    if not isinstance(about, dict):
        raise ValueError(f"{path} holds no table")
    return about


def _write(path: Path, about: Mapping[str, Any]) -> None:
    with writing(path, overwrite=True) as file:
        file.write(json.dumps(about).encode())
