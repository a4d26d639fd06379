"""What a run gives back: the picture, how the loss fell, and why the search ended."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nstgraph.arrays import Array
from nstgraph.errors import ConfigError
from nstgraph.files import beside, check_target
from nstgraph.pictures.picture import resize, side_by_side
from nstgraph.pictures.save import save
from nstgraph.search.search import Step

__all__ = ["LOG_SUFFIXES", "Result"]

LOG_SUFFIXES = (".csv", ".json")


@dataclass(frozen=True)
class Result:
    """The outcome of a run.

    Attributes:
        image: the stylised picture, [1, height, width, 3], float32, 0..255.
        alpha: the content image's transparency, [height, width], 0..1, or None if it is opaque.
        pictures: the content image and the style images as they were read, [1, height, width, 3].
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

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the picture; the format is the extension's. PNG and TIFF carry ``settings`` as metadata.

        Raises:
            PictureError: the format is unknown, or writing fails.
            ConfigError: the file exists and ``overwrite`` is false, or its folder does not.
        """
        settings = json.dumps(dict(self.settings), default=str)  # paths become text
        about = {"Software": f"nstgraph {self.settings['nstgraph']}", "nstgraph": settings}
        return save(path, self.image, alpha=self.alpha, metadata=about, overwrite=overwrite)

    def save_comparison(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write content, styles and result side by side; errors as for `save`."""
        content, *styles = self.pictures
        content = resize(content, *self.image.shape[1:3])
        return save(path, side_by_side([content, *styles, self.image]), overwrite=overwrite)

    def save_log(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the history as ``.csv``, a row a step, or ``.json``, with settings and reason.

        Raises:
            ConfigError: another extension, the file exists and ``overwrite`` is false, or writing fails.
        """
        target = Path(path)
        if target.suffix.lower() not in LOG_SUFFIXES:
            raise ConfigError(f"cannot write a log as {target.name}; end its name in {' or '.join(LOG_SUFFIXES)}")
        check_target(target, overwrite=overwrite)
        rows = [_row(step) for step in self.history]
        try:
            with beside(target) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
                if target.suffix.lower() == ".json":
                    outcome = {"reason": self.reason, "evaluations": self.evaluations, "settings": dict(self.settings)}
                    json.dump({**outcome, "history": rows}, file, indent=1, default=str)
                else:
                    writer = csv.DictWriter(file, list(rows[0]) if rows else ["step"])
                    writer.writeheader()
                    writer.writerows(rows)
        except OSError as error:
            message = f"cannot write {target} ({error.strerror}); free some space or choose another folder"
            raise ConfigError(message) from error
        return target


def _row(step: Step) -> dict[str, float]:
    return {
        "step": step.step,
        "width": step.width,
        "height": step.height,
        "evaluations": step.evaluations,
        "seconds": round(step.seconds, 3),
        "total": step.total,
        **step.terms,
    }
