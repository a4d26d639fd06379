"""A painting of swirling brush strokes drawn by code, so that the demo needs no picture and no licence."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from nstgraph.demo.noise import Floats, Noise, halved, smooth

__all__ = ["painting"]


class _Coat(NamedTuple):
    """How many strokes at 4:3, their length and thickness in picture heights, bristles, spread along the palette."""

    strokes: int
    length: float
    thick: float
    bristles: int
    stray: float


_COATS = (_Coat(1000, 0.22, 0.046, 24, 0.05), _Coat(2800, 0.12, 0.020, 11, 0.09), _Coat(4500, 0.07, 0.009, 6, 0.13))
_POINTS = 11  # along each stroke

_SKY = ((16, 22, 62), (28, 44, 128), (40, 86, 178), (60, 142, 190), (96, 184, 182), (214, 222, 178))
_LIGHT = ((255, 244, 190), (252, 212, 66), (244, 168, 34), (222, 112, 36), (120, 150, 150))
_HILLS = ((14, 20, 50), (22, 52, 96), (26, 92, 110), (52, 130, 112), (128, 156, 84))
_FIELDS = ((88, 62, 34), (184, 122, 36), (226, 168, 48), (248, 206, 70), (226, 122, 40), (110, 128, 62))
# centre, radius and sense of rotation, in picture heights at 4:3
_VORTICES = (
    (0.34, 0.31, 0.20, 1.0), (0.83, 0.37, 0.15, -1.0), (1.14, 0.18, 0.13, 1.0), (0.62, 0.10, 0.08, -0.7),
    (0.07, 0.10, 0.09, -0.7),
)  # fmt: skip


def _ramp(colours: tuple[tuple[int, int, int], ...], t: Floats) -> Floats:
    """Colours between those of the list, the first at 0 and the last at 1; beyond them the ends."""
    stops = np.linspace(0, 1, len(colours))
    return np.stack([np.interp(t, stops, channel) for channel in zip(*colours, strict=True)], axis=-1)


class _Composition:
    """Where the painting flows and which colour it has, at any point in picture heights."""

    def __init__(self, rng: np.random.Generator, aspect: float) -> None:
        self._noise, self._shift = Noise(rng), rng.uniform(0, 30, 2)
        self._vortices = np.array(_VORTICES) * (0.75 * aspect, 1, 1, 1)
        self._vortices[:, :2] += rng.normal(0, 0.012, (len(_VORTICES), 2))

    def _rough(self, x: Floats, y: Floats, scale: float) -> Floats:
        return self._noise.at(x * scale + self._shift[0], y * scale + self._shift[1])

    def _crests(self, x: Floats) -> tuple[Floats, Floats]:
        """Where the hills and the fields in front of them begin."""
        far = 0.66 - 0.05 * np.sin(5.1 * x + 0.6) - 0.03 * np.sin(11 * x + 2)
        return far, 0.80 + 0.05 * np.sin(3.3 * x + 2.4) + 0.012 * np.sin(13 * x)

    def _stream(self, x: Floats, y: Floats) -> Floats:
        """The stream function: strokes follow its level lines."""
        far, near = self._crests(x)
        sky = 0.55 * y + 0.020 * self._rough(x, y, 3.0) + 0.03 * np.sin(4.2 * x + 1)
        for vx, vy, radius, turn in self._vortices:
            sky += 1.1 * turn * radius * np.exp(-0.9 * ((x - vx) ** 2 + (y - vy) ** 2) / radius**2)
        hills = 0.9 * (y - far) + 0.006 * self._rough(x, y, 6.0)
        fields = 0.9 * (y - near) * (1 + 0.5 * np.sin(4 * x)) + 0.008 * self._rough(x, y, 5.0)
        ground = hills + (fields - hills) * smooth(-0.03, 0.03, y - near)
        return np.asarray(sky + (ground - sky) * smooth(-0.04, 0.02, y - far))

    def flow(self, x: Floats, y: Floats) -> Floats:
        """Direction [2, ...] along the level lines, of length one but shorter where the flow stands still."""
        e = 0.004
        along = self._stream(x, y + e) - self._stream(x, y - e)
        down = self._stream(x - e, y) - self._stream(x + e, y)
        return np.stack([along, down]) / (np.hypot(along, down) + 0.0006)

    def colour(self, x: Floats, y: Floats, stray: Floats) -> Floats:
        """Colour of the region, 0 to 255; ``stray`` moves each stroke along the palette."""
        far, near = self._crests(x)
        band = 0.42 + 0.22 * y + 0.36 * np.sin(46 * self._stream(x, y)) + 0.10 * self._rough(x, y, 4.0)
        colour = _ramp(_SKY, 0.85 * band + stray)
        for vx, vy, radius, _ in self._vortices:
            r = np.hypot(x - vx, y - vy) / radius
            glow = (r < 0.55 + 0.9 * np.abs(stray)) | ((r > 0.78) & (r < 0.92) & (stray > -0.05))
            colour = np.where(glow[..., None], _ramp(_LIGHT, 0.95 * r + 1.2 * stray), colour)
        slope = 9 * (y - far) / (near - far) + 3 * self._rough(x, y, 2.5)
        hills = _ramp(_HILLS, 0.45 + 0.3 * np.sin(slope) + 1.3 * stray)
        rows = 0.5 + 0.32 * np.sin(52 * (y - near) + 5 * x) + 0.15 * self._rough(x, y, 5.0)
        colour = np.where((y > far)[..., None], hills, colour)
        return np.where((y > near)[..., None], _ramp(_FIELDS, rows + 1.2 * stray), colour)


def _sown(rng: np.random.Generator, count: float, aspect: float) -> Floats:
    """Middles [2, stroke] of about ``count`` strokes, in random order."""
    # one in each cell of a shaken grid: a purely random choice would leave holes
    down = max(1, round(math.sqrt(count / aspect)))
    cells = rng.permutation(down * max(1, round(down * aspect)))
    return (np.stack(divmod(cells, down)) + rng.uniform(-0.5, 1.5, (2, cells.size))) / down


def _paths(plan: _Composition, middles: Floats, step: Floats) -> tuple[Floats, Floats]:
    """Lines along the flow with the given middles, and the unit vectors across them, both [stroke, point, 2]."""
    at, path, across = middles, [], []
    for _ in range(_POINTS // 2):
        at = at - step * plan.flow(*at)
    for _ in range(_POINTS):
        ahead = plan.flow(*at)
        path.append(at)
        across.append(np.stack([-ahead[1], ahead[0]]))
        at = at + step * ahead
    return np.array(path).transpose(2, 0, 1), np.array(across).transpose(2, 0, 1)


def _lay(canvas: Image.Image, rng: np.random.Generator, plan: _Composition, coat: _Coat) -> None:
    """Lay one coat of curved, tapered strokes; the fourth channel takes the thickness of the paint."""
    high, aspect = canvas.height, canvas.width / canvas.height
    middles = _sown(rng, coat.strokes * 0.75 * aspect, aspect)
    count = len(middles[0])
    body = plan.colour(middles[0], middles[1], rng.normal(0, coat.stray, count))
    body = body * rng.normal(1, 0.08, (count, 1)) + rng.normal(0, 8, (count, 3))
    step = coat.length / _POINTS
    points, across = _paths(plan, middles, rng.uniform(0.5, 1.3, count) * step)
    taper = np.sqrt(np.sin(np.linspace(0.06, 0.96, _POINTS) * math.pi))[:, None]
    # bristles finer than a pixel only cost time
    bristles = min(coat.bristles, math.ceil(coat.thick * high))
    draw, hair = ImageDraw.Draw(canvas), max(1, round(1.5 * coat.thick * high / bristles))
    sides, load = (np.arange(bristles) + 0.5) / bristles - 0.5, rng.standard_normal((count, bristles))
    # the brush pushes the paint to the rims of the stroke
    paint = np.broadcast_to(110 + 40 * load + 140 * np.abs(sides), load.shape)
    inks = np.dstack([body[:, None] * (1 + 0.10 * load[..., None]), paint]).clip(0, 255).astype(int)
    starts, ends = rng.integers(0, 3, (2, count, bristles))
    spans = across * taper * coat.thick * rng.uniform(0.7, 1.25, (count, 1, 1))
    for k in range(count):
        for i, side in enumerate(sides):
            line = (points[k] + spans[k] * side)[starts[k, i] : _POINTS - ends[k, i]] * high
            draw.line(line.ravel().tolist(), fill=tuple(inks[k, i].tolist()), width=hair)


def painting(width: int = 768, height: int = 576, seed: int = 1) -> np.ndarray:
    """Swirling brush strokes in a few strong colours, meant as a style picture.

    ``width`` and ``height`` are in pixels; every size shows the same scene, and the same ``seed`` the same picture.
    The result is [1, height, width, 3], float32, 0..255, sRGB.
    """
    rng = np.random.default_rng(seed)
    plan = _Composition(rng, width / height)
    y, x = np.indices((144, round(144 * width / height) + 1)) / 144
    ground = plan.colour(x, y, np.zeros_like(x)) * 0.8
    canvas = Image.fromarray(np.dstack([ground, np.full_like(x, 60)]).astype(np.uint8))
    canvas = canvas.resize((2 * width, 2 * height), Image.Resampling.BICUBIC)
    for coat in _COATS:
        _lay(canvas, rng, plan, coat)
    paint = np.asarray(canvas, np.float32)
    # light from the upper left grazes the ridges of the paint
    paint[1:-1, 1:-1, :3] += 0.10 * (paint[2:, 2:, 3:] - paint[:-2, :-2, 3:])
    return np.asarray(halved(paint[..., :3]).clip(0, 255)[None], np.float32)
