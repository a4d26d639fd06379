"""What the bench measures."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Descent", "Failure", "PictureFigures", "Row", "Scaling", "TargetReuse", "mean_figures"]


@dataclass(frozen=True)
class Row:
    """What was measured of one configuration, all pictures being ``size`` × ``size`` pixels.

    Attributes:
        size: in pixels.
        precision: of the network.
        tile: side of the tiles in pixels; None if the picture was computed whole.
        seconds: median time of an evaluation of loss and gradient.
        gflop: useful floating-point operations of one evaluation; what tiles compute twice is not counted twice.
        product_rate: GFLOP/s of this machine in a matrix product of the same precision.
        outside: share of a short search's time that is spent between evaluations, 0..1, by medians.
        peak_memory: most bytes that the whole process has held.
    """

    size: int
    precision: str
    tile: int | None
    seconds: float
    gflop: float
    product_rate: float
    outside: float
    peak_memory: int

    @property
    def rate(self) -> float:
        """Useful GFLOP/s of an evaluation."""
        return self.gflop / self.seconds

    @property
    def share(self) -> float:
        """`rate` as a share of `product_rate`."""
        return self.rate / self.product_rate


@dataclass(frozen=True)
class Failure:
    """A configuration that could not be measured, and the error's one line."""

    size: int
    precision: str
    tile: int | None
    error: str


@dataclass(frozen=True)
class TargetReuse:
    """What is saved by computing only once whatever does not depend on the generated image.

    Attributes:
        size: of all pictures, in pixels square.
        precision: of the network.
        seconds, seconds_anew: median time of an evaluation, and of one that computes the targets anew.
        possible_speedup: operations of the latter over those of the former.
        difference: between the losses of both, relative.
    """

    size: int
    precision: str
    seconds: float
    seconds_anew: float
    possible_speedup: float
    difference: float

    @property
    def speedup(self) -> float:
        """How many times faster an evaluation is."""
        return self.seconds_anew / self.seconds


@dataclass(frozen=True)
class Scaling:
    """What was measured of an evaluation by some workers.

    Attributes:
        workers: their addresses, or ``this machine``.
        size: of all pictures, in pixels square.
        tile: side of the tiles, in pixels.
        seconds: median time of an evaluation of loss and gradient.
        alone: the same of this machine, in tiles, in the same run.
        sent: bytes an evaluation, to workers and back.
        predicted: the same by the model that plans use.
    """

    workers: str
    size: int
    tile: int
    seconds: float
    alone: float
    sent: float
    predicted: float

    @property
    def speedup(self) -> float:
        """How many times faster than this machine alone."""
        return self.alone / self.seconds


@dataclass(frozen=True)
class Descent:
    """How the loss fell in one variant of the search.

    Attributes:
        variant: its name; the first variant is the reference.
        steps: that were taken, at all sizes together.
        seconds: they took.
        loss: of the resulting picture, in float32.
        reference: the reference's ``loss``.
        curve: seconds since the start and loss, after each step at full size.
    """

    variant: str
    steps: int
    seconds: float
    loss: float
    reference: float
    curve: tuple[tuple[float, float], ...]

    @property
    def ratio(self) -> float:
        """``loss`` relative to the reference's."""
        return self.loss / self.reference

    @property
    def seconds_within_5_percent(self) -> float | None:
        """Seconds until the loss was no more than 5 % above the reference's; None if it never was."""
        return self._within(0.05)

    @property
    def seconds_within_3_percent(self) -> float | None:
        """The same for 3 %."""
        return self._within(0.03)

    def _within(self, share: float) -> float | None:
        limit = self.reference + share * abs(self.reference)
        return next((seconds for seconds, loss in self.curve if loss <= limit), None)


@dataclass(frozen=True)
class PictureFigures:
    """What was measured of a stylised picture; `nstgraph.bench.picture_figures` says how.

    Attributes:
        pair: names of photo and painting.
        chroma: mean distance of its colours from grey, in Lab units.
        colour_distance: of its colours from the painting's, in Lab units.
        foreign_chroma: mean distance of its hues from those that photo or painting has, in Lab units.
        dots: amplitude of regular dots in flat areas, in units of L.
        content_kept: similarity of its edges to the photo's, up to 1.
        style_distance: of its strokes of about 4, 8 and 16 pixels from the painting's, relative.
        seconds: it took.
    """

    pair: str
    chroma: float
    colour_distance: float
    foreign_chroma: float
    dots: float
    content_kept: float
    style_distance: tuple[float, float, float]
    seconds: float


def mean_figures(rows: Sequence[PictureFigures]) -> PictureFigures:
    """The means of all figures."""
    values = {
        name: statistics.fmean(getattr(row, name) for row in rows)
        for name in ("chroma", "colour_distance", "foreign_chroma", "dots", "content_kept", "seconds")
    }
    fine, middle, coarse = map(statistics.fmean, zip(*(row.style_distance for row in rows), strict=True))
    return PictureFigures(pair="mean", style_distance=(fine, middle, coarse), **values)
