"""What a run gives back: the picture, how the loss fell, and why the search ended."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nstgraph.arrays import Array
from nstgraph.files import check_suffix, writing
from nstgraph.pictures.fit import fitted
from nstgraph.pictures.resize import resize, side_by_side
from nstgraph.pictures.save import encode, save
from nstgraph.run.growing_log import row
from nstgraph.search.step import Step

__all__ = ["LOG_SUFFIXES", "Result"]

LOG_SUFFIXES = (".csv", ".json")


#: Most pixels on a side of the picture that a notebook shows.
_SHOWN = 1024


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """The outcome of a run, which a notebook shows as its picture. Two are equal only if they are one.

    Attributes:
        image: the stylised picture, with its colours, [1, height, width, 3], float32, 0..255.
        alpha: the content image's transparency, [height, width], 0..1, or None if it is opaque.
        pictures: the content image, which is blank for a texture, and the style images as they were read, [1, height,
            width, 3].
        history: a `Step` for every iteration, at all sizes.
        reason: why the search ended.
        evaluations: of loss and gradient.
        settings: all that the picture depends on: settings, versions, the weights' hash.
        trace: TensorFlow's record of an evaluation (``RunMetadata``), if one was asked for.
    """

    image: Array
    alpha: Array | None
    pictures: tuple[Array, ...]
    history: tuple[Step, ...]
    reason: str
    evaluations: int
    settings: Mapping[str, Any]
    trace: Any = None

    def __repr__(self) -> str:
        height, width = self.image.shape[1:3]
        loss = f", loss {self.history[-1].total:.6g}" if self.history else ""
        return f"<Result {width}x{height}: {self.reason}{loss}>"

    def _repr_png_(self) -> bytes:
        size = fitted(self.image.shape[1:3], min(_SHOWN, max(self.image.shape[1:3])))
        return encode(resize(self.image, *size), alpha=None if self.alpha is None else resize(self.alpha, *size))

    @property
    def metadata(self) -> dict[str, str]:
        """What goes into the picture's file: the program, and ``settings`` as JSON."""
        settings = json.dumps(dict(self.settings), default=str)  # paths become text
        return {"Software": f"nstgraph {self.settings['nstgraph']}", "nstgraph": settings}

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the picture; the format is the extension's. PNG and TIFF carry ``settings`` as metadata.

        Raises:
            OutputError: the format is unknown, the file exists and ``overwrite`` is false, its folder does not, or
                writing fails.
        """
        return save(path, self.image, alpha=self.alpha, metadata=self.metadata, overwrite=overwrite)

    def save_comparison(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write content, if it is no texture, styles and result side by side; errors as for `save`."""
        content, *styles = self.pictures
        seen = [] if "aspect" in self.settings else [resize(content, *self.image.shape[1:3])]
        return save(path, side_by_side([*seen, *styles, self.image], self.image.shape[1]), overwrite=overwrite)

    def save_log(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the history as ``.csv``, a row a step, or ``.json``, with settings and reason.

        Raises:
            OutputError: another extension, the file exists and ``overwrite`` is false, or writing fails.
        """
        target = Path(path)
        check_suffix(target, "a log", LOG_SUFFIXES)
        rows = [row(step) for step in self.history]
        text = io.StringIO(newline="")
        if target.suffix.lower() == ".json":
            outcome = {"reason": self.reason, "evaluations": self.evaluations, "settings": dict(self.settings)}
            json.dump({**outcome, "history": rows}, text, indent=1, default=str)
        else:
            table = csv.DictWriter(text, list(rows[0]) if rows else ["step"])
            table.writeheader()
            table.writerows(rows)
        with writing(target, overwrite=overwrite) as file:
            file.write(text.getvalue().encode())
        return target
