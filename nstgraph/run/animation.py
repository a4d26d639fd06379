"""An animation of a run, from coarse to fine: frames are kept on disk on its way, and become one file at its end."""

from __future__ import annotations

import contextlib
import io
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from nstgraph.arrays import Array
from nstgraph.files import check_suffix, writing
from nstgraph.pictures.fit import Size, fitted
from nstgraph.pictures.resize import resize
from nstgraph.run.result import Result
from nstgraph.search.step import Step

__all__ = ["ANIMATION_SUFFIXES", "Animation"]

#: Pillow's names of the formats, and how they are written.
_FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    ".gif": ("GIF", {}),
    ".webp": ("WEBP", {"quality": 90}),
    ".png": ("PNG", {}),
}

ANIMATION_SUFFIXES = tuple(_FORMATS)

#: Most pixels on a side: an animation is to be looked at, and Pillow holds all of its frames while it writes.
_LONGEST = 640

#: Milliseconds that a frame is shown, and the last one.
_SHOWN, _HELD = 80, 2500


class Animation:
    """Frames of a run, to be called after each step as a `StepCallback`.

        plan = stylizer.plan("photo.jpg", "painting.jpg")
        animation = nstgraph.Animation(plan.steps)
        result = stylizer("photo.jpg", "painting.jpg", plan=plan, callback=animation)
        animation.save("run.gif", result)

    Args:
        steps: how many the run will have, at all sizes; the frames are those of steps that are equally far apart.
        frames: how many there will be, from 2, if there are as many steps. The last is the result.
    """

    def __init__(self, steps: int, frames: int = 50) -> None:
        self._chosen = {1, *(round(number) for number in np.linspace(1, max(1, steps), max(2, frames)))}
        self._chosen -= {steps} - {1}  # whose place the result takes
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - which lives as long as this does
        weakref.finalize(self, self._file.close)
        self._sizes: list[Size] = []
        self._length = 0  # of what was written whole, in bytes

    def wants(self, step: Step) -> bool:
        """Whether the step is one of those chosen."""
        return step.step in self._chosen

    def __call__(self, step: Step, image: Array) -> None:
        """Keep the image, [1, height, width, 3], 0..255, if the step is one of those chosen, and there is room."""
        if not self.wants(step):
            return
        small = resize(image, *_small(image))
        data = _bytes(small).tobytes()
        with contextlib.suppress(OSError):  # an animation that lacks frames is no reason to end a run
            self._file.seek(self._length)
            self._file.write(data)
            self._file.flush()
            self._length += len(data)
            self._sizes.append((small.shape[1], small.shape[2]))

    def save(self, path: str | Path, result: Result, *, overwrite: bool = False) -> Path:
        """Write the frames and the result, which is held before the animation begins anew.

        All have the size of the result, but at most 640 pixels on a side; what is transparent is white.

        Args:
            path: ends in .gif, .webp or .png (APNG).
            result: what the run gave, or what there was of it when it was interrupted.
            overwrite: whether a file that is there may be replaced.

        Raises:
            OutputError: another extension, the file exists and ``overwrite`` is false, its folder does not, or writing
                fails.
        """
        target = Path(path)
        check_suffix(target, "an animation", ANIMATION_SUFFIXES)
        name, options = _FORMATS[target.suffix.lower()]
        size = _small(result.image)
        cover = None if result.alpha is None else resize(result.alpha, *size).clip(0, 1)[:, :, np.newaxis]
        frames = [_frame(planes, size, cover) for planes in (*self._kept(), result.image)]
        durations = [*[_SHOWN] * (len(frames) - 1), _HELD]
        data = io.BytesIO()
        frames[0].save(data, name, save_all=True, append_images=frames[1:], duration=durations, loop=0, **options)
        with writing(target, overwrite=overwrite) as file:
            file.write(data.getvalue())
        return target

    def _kept(self) -> Iterator[Array]:
        self._file.seek(0)
        for height, width in self._sizes:
            planes = np.frombuffer(self._file.read(3 * height * width), np.uint8)
            yield planes.reshape(1, height, width, 3).astype(np.float32)


def _small(image: Array) -> Size:
    """The size of a frame."""
    size = (image.shape[1], image.shape[2])
    return fitted(size, min(_LONGEST, max(size)))


def _frame(image: Array, size: Size, cover: Array | None) -> Image.Image:
    planes = _bytes(resize(image, *size))
    return Image.fromarray(planes if cover is None else _bytes((planes * cover + 255 * (1 - cover))[np.newaxis]))


def _bytes(image: Array) -> Any:
    """[height, width, 3], 8 bits, of [1, height, width, 3]."""
    return np.rint(image[0].clip(0, 255)).astype(np.uint8)
