"""The names of the files that one run writes: chosen, checked before the work, and claimed during it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from nstgraph.cli.claims import claim
from nstgraph.cli.name_patterns import stem_of
from nstgraph.cli.output_options import STDOUT, Outputs
from nstgraph.config import Config
from nstgraph.errors import OutputError
from nstgraph.files import check_folder, check_no_input, check_suffix, check_target, same_file, unused
from nstgraph.graph.trace import TRACE_SUFFIXES
from nstgraph.networks.find_weights import candidates
from nstgraph.pictures.fit import Size
from nstgraph.pictures.formats import FORMATS, check_encoding, check_holds, format_of
from nstgraph.pictures.picture import PictureSet
from nstgraph.pictures.resize import row_size
from nstgraph.run.animation import ANIMATION_SUFFIXES
from nstgraph.run.curves import check_curves
from nstgraph.run.result import LOG_SUFFIXES

__all__ = ["OutputNames", "inputs"]


def inputs(config: Config, sources: Sequence[Path], plugins: Sequence[Path] | None) -> list[Path]:
    """All files that a run reads, or might: pictures, plugins, and network or weights, wherever these are found."""
    masks = [*config.mask, *config.style_mask, config.content_strength]
    named = [*config.starts, config.network, *(mask for mask in masks if isinstance(mask, str | os.PathLike))]
    weights = [] if config.network else [place.path for place in candidates(config.weights)]
    paths = [*sources, *(plugins or ()), *(Path(name) for name in named if name is not None), *weights]
    return [path for path in paths if path != STDOUT]


class OutputNames:
    """The names of one run's files.

    Args:
        outputs: which of them are wanted.
        pictures: what the picture's name is made from, if it is not given: the photo, then the paintings.

    Attributes:
        picture: where the result goes; ``STDOUT`` for standard output.
    """

    def __init__(self, outputs: Outputs, pictures: Sequence[Path]) -> None:
        self._wanted = outputs
        # A name that nobody chose is never that of a file.
        self._unchosen = Path("-".join(map(stem_of, pictures[:2])) + ".png")
        self.picture = outputs.output or unused(self._unchosen, ".png")

    @property
    def compared(self) -> Path:
        """Where content, style and result go in a row."""
        return self.picture.with_stem(f"{self.picture.stem}-compare")

    def numbered(self, step: int) -> Path:
        """Where the picture after a step goes."""
        return self.picture.with_stem(f"{self.picture.stem}-{step:04d}")

    def check(self, inputs: Sequence[Path], steps: int = 0) -> None:
        """Refuse, before any work, what could not be written after it.

        Args:
            inputs: files that are read.
            steps: how many there will be; 0 if that is not known yet.

        Raises:
            OutputError: a format that cannot be written, or not as it is wanted, a folder that does not exist, an
                existing file without ``overwrite``, one of ``inputs``, or a file that is named twice.
        """
        wanted = self._wanted
        self._check_formats()
        if self.picture == STDOUT and (wanted.compare or wanted.save_every):
            raise OutputError("--compare and --save-every name their files after the result; name a file with -o")
        if self.picture == STDOUT and sys.__stdout__ is None:
            raise OutputError("standard output is closed; name a file with -o")
        targets = list(self._targets())
        for number, (name, target) in enumerate(targets):
            check_target(target, overwrite=wanted.overwrite, inputs=inputs)
            for other, before in targets[:number]:
                if same_file(before, target):
                    raise OutputError(f"{target} is given for both {other} and {name}; choose different names")
            if self._is_numbered(target, steps):
                raise OutputError(
                    f"{target} is given for {name} and is the name of a picture on the way; choose another"
                )
        for path in self._numbered_files(steps):
            check_target(path, overwrite=wanted.overwrite, inputs=inputs)

    def _check_formats(self) -> None:
        """Refuse extensions, and what is not written under them."""
        wanted = self._wanted
        place = self.picture if self.picture != STDOUT else Path(f"-{FORMATS[0].suffixes[0]}")
        check_encoding(place, wanted.depth, wanted.quality)
        if wanted.latest is not None:
            format_of(wanted.latest)
        if wanted.animation is not None:
            check_suffix(wanted.animation, "an animation", ANIMATION_SUFFIXES)
        if wanted.curves is not None:
            check_curves(wanted.curves)
        if wanted.log is not None:
            check_suffix(wanted.log, "a log", LOG_SUFFIXES)
        if wanted.trace is not None:
            check_suffix(wanted.trace, "a trace", TRACE_SUFFIXES)
        if wanted.summaries is not None:
            check_folder(wanted.summaries)

    def check_holds(self, pictures: PictureSet, size: Size, *, photo: bool = True) -> None:
        """Refuse, as soon as the result's height and width are known, what has more pixels than its format holds.

        Args:
            pictures: of the run.
            size: of the result.
            photo: whether there is one, which the comparison shows, too.

        Raises:
            OutputError: the result has, or the newest picture, or the comparison, which is wider.
        """
        for path in (self.picture, self._wanted.latest):
            if path not in (None, STDOUT):
                check_holds(path, size)
        if self._wanted.compare:
            check_holds(
                self.compared, row_size([*[size] * photo, *(style.size for style in pictures.styles), size], size[0])
            )

    def check_inputs(self, inputs: Sequence[Path], steps: int = 0) -> None:
        """Refuse to write over files that a run has turned out to read, as for `check`."""
        for target in [*(target for _, target in self._targets()), *self._numbered_files(steps)]:
            check_no_input(target, inputs)

    def _numbered_files(self, steps: int) -> list[Path]:
        """Files that are there, and have the name of a picture on the way."""
        folder = self.picture.parent
        paths = sorted(folder.iterdir()) if os.path.isdir(folder) else []
        return [path for path in paths if self._is_numbered(path, steps)]

    def _targets(self) -> Iterator[tuple[str, Path]]:
        if self.picture != STDOUT:
            yield "the result", self.picture
        if self._wanted.compare:
            yield "the comparison", self.compared
        for name in ("latest", "animation", "curves", "log", "trace"):
            target = getattr(self._wanted, name)
            if target is not None:
                yield f"--{name}", target

    def _is_numbered(self, path: Path, steps: int) -> bool:
        """Whether a path is that of a picture on the way."""
        number = path.stem.removeprefix(f"{self.picture.stem}-")
        every = self._wanted.save_every
        if not every or not number.isdecimal() or int(number) % every or int(number) > (steps or int(number)):
            return False
        return same_file(path, self.numbered(int(number)))

    @contextlib.contextmanager
    def claimed(self) -> Iterator[None]:
        """Let no other run of this user write to the same files meanwhile.

        Raises:
            OutputError: another one does.
        """
        with contextlib.ExitStack() as claims:
            unchosen = self._wanted.output is None
            if unchosen:
                self.picture = unused(
                    self._unchosen, ".png", lambda path: os.path.lexists(path) or not claim(path, claims)
                )
            for name, target in self._targets():
                if not (unchosen and target == self.picture) and not claim(target, claims):
                    raise OutputError(f"another run is writing {target} ({name}); wait for it, or choose another name")
            yield
