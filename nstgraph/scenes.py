"""Two pictures drawn by code, for the demo: a landscape and a brush-stroked painting.

Nothing is loaded from a file, so the demo and the tests need no photograph and no licence.  Both pictures are
laid out in fractions of their height, so a small one shows the same scene as a large one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

__all__ = ["landscape", "painting"]

Floats = npt.NDArray[Any]  # float32 where there is one number per pixel, float64 in short lists
Colour = Iterable[float]
Points = Iterable[tuple[float, float]]

_HORIZON, _SPIT, _BOAT = 0.60, 0.665, 0.80  # rows where far shore, headland and boat meet the water
_SUN = (0.735, 0.30)  # of the width and of the height
_FOCAL = 1.35  # in picture heights
_SUNLIGHT, _HAZE = np.array([255, 226, 178], np.float32), np.array([176, 196, 222], np.float32)
# position to the right and ahead, height, and radius at the foot of each summit, in km
_SUMMITS = (
    (-1.5, 8.4, 2.7, 2.9), (-4.6, 9.8, 2.0, 2.4), (1.7, 11.5, 1.5, 2.6), (4.8, 10.5, 1.9, 2.8),
    (-2.6, 4.2, 0.30, 1.3), (2.6, 4.4, 0.42, 1.5), (1.0, 19.0, 3.0, 6.0), (9.0, 20.0, 2.8, 6.0),
    (-9.0, 19.0, 3.0, 6.0),
)  # fmt: skip
# position across the width and height of the firs on the headland
_FIRS = (
    (0.70, 0.07), (0.72, 0.10), (0.745, 0.14), (0.87, 0.12), (0.905, 0.17), (0.94, 0.21), (0.975, 0.16),
    (1.0, 0.24),
)  # fmt: skip

_SKY_RAMP = ((16, 22, 62), (28, 44, 128), (40, 86, 178), (60, 142, 190), (96, 184, 182), (214, 222, 178))
_LIGHT_RAMP = ((255, 244, 190), (252, 212, 66), (244, 168, 34), (222, 112, 36), (120, 150, 150))
_HILL_RAMP = ((14, 20, 50), (22, 52, 96), (26, 92, 110), (52, 130, 112), (128, 156, 84))
_FIELD_RAMP = ((88, 62, 34), (184, 122, 36), (226, 168, 48), (248, 206, 70), (226, 122, 40), (110, 128, 62))
# centre, radius and sense of rotation, in picture heights at 4:3
_VORTICES = (
    (0.34, 0.31, 0.20, 1.0), (0.83, 0.37, 0.15, -1.0), (1.14, 0.18, 0.13, 1.0), (0.62, 0.10, 0.08, -0.7),
    (0.07, 0.10, 0.09, -0.7),
)  # fmt: skip
# strokes at 4:3, their length and thickness in picture heights, bristles, spread of colour
_COATS = ((1000, 0.22, 0.046, 24, 0.05), (2800, 0.12, 0.020, 11, 0.09), (4500, 0.07, 0.009, 6, 0.13))


def _smooth(low: float, high: float, x: Floats) -> Floats:
    t: Floats = np.clip((x - low) / (high - low), 0, 1)
    smooth: Floats = t * t * (3 - 2 * t)
    return smooth


def _mix(a: Any, b: Any, t: Floats) -> Floats:
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    mixed: Floats = a + (b - a) * t[..., None]
    return mixed


def _tile(rng: np.random.Generator, size: int = 512, cells: float = 32.0) -> Floats:
    """Periodic smooth noise of unit deviation with ``cells`` features along each side."""
    f = np.hypot(*np.meshgrid(np.fft.fftfreq(size, 1 / size), np.fft.rfftfreq(size, 1 / size), indexing="ij"))
    band = np.exp(-(((f - cells) / (0.35 * cells)) ** 2))
    noise = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((size, size))) * band, (size, size))
    return np.asarray(noise / noise.std(), np.float32)


def _sample(tile: Floats, x: Floats, y: Floats, cells: float = 32.0) -> Floats:
    """Look the periodic noise up at any point, in units of its features."""
    n = tile.shape[0]
    x, y = x * (n / cells), y * (n / cells)
    i, j = np.floor(y).astype(np.int32), np.floor(x).astype(np.int32)
    a, b = y - i, x - j
    flat, r0, r1, c0, c1 = tile.ravel(), (i % n) * n, ((i + 1) % n) * n, j % n, (j + 1) % n
    found: Floats = flat[r0 + c0] * (1 - b) + flat[r0 + c1] * b
    found += (flat[r1 + c0] * (1 - b) + flat[r1 + c1] * b - found) * a
    return found


def _fractal(tile: Floats, x: Floats, y: Floats, octaves: int, gain: float = 0.5, ridged: bool = False) -> Floats:
    """Sum of octaves; each is turned against the one before so that no common grid shows."""
    total, scale = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.float32), 1.0
    carry = np.ones_like(total)
    for _ in range(octaves):
        n = _sample(tile, x, y)
        if ridged:
            # slopes below a sharp ridge stay rough, valleys become smooth, as after erosion
            n = (1 - np.minimum(np.abs(n), 1.6)) * carry
            carry = np.clip(0.5 + 0.7 * n, 0, 1)
        total += scale * n
        x, y, scale = 1.6 * x - 1.2 * y + 3.7, 1.2 * x + 1.6 * y + 9.1, scale * gain
    return total


def _halved(picture: Floats) -> Floats:
    rows, columns, channels = picture.shape
    blocks = picture.reshape(rows // 2, 2, columns // 2, 2, channels)
    return np.asarray(blocks.mean(axis=(1, 3)), np.float32)


def _sky(tile: Floats, width: int, height: int) -> Floats:
    """The part above the horizon."""
    v = (np.arange(round(_HORIZON * height), dtype=np.float32)[:, None] + 0.5) / height
    u = (np.arange(width, dtype=np.float32)[None, :] + 0.5) / width
    aspect, t = width / height, v / _HORIZON + 0 * u
    sky = _mix((52, 104, 178), (150, 190, 226), _smooth(0, 0.75, t))
    sky = _mix(sky, (250, 226, 196), _smooth(0.45, 1.05, t) * 0.9)
    r = np.hypot((u - _SUN[0]) * aspect, v - _SUN[1])
    glow = np.exp(-r / 0.16)
    # clouds lie on a plane overhead, which gives them their perspective
    away = 0.30 / (_HORIZON + 0.10 - v)
    x, y = (u - 0.5) * aspect * away * 1.44, away * 2.6
    density = _fractal(tile, x, y, 8, 0.56)
    sunward = _fractal(tile, x + 0.10 * np.tanh(4 * (_SUN[0] - u)), y + 0.10, 6, 0.56)
    lit = np.clip(0.62 + 0.30 * (density - sunward) - 0.06 * density, 0, 1)
    cloud = _mix((150, 160, 186), (255, 250, 240), _smooth(0.1, 0.8, lit + 0.35 * glow))
    cover = _smooth(0.1, 1.9, density + 0.35 * _smooth(0.2, 0.7, t)) * (0.97 - 0.5 * _smooth(0.75, 1.0, t))
    sky = _mix(_mix(sky, _SUNLIGHT, 0.75 * glow), cloud, cover)
    return _mix(sky, (255, 252, 238), np.clip(np.exp(-((r / 0.034) ** 2)) + 0.5 * np.exp(-r / 0.05), 0, 1))


def _relief(tile: Floats, z: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Height above the lake in km and share of forest ``z`` km ahead and ``x`` km to the right."""
    envelope = np.zeros_like(x)
    for sx, sz, top, radius in _SUMMITS:
        away = np.hypot(x - sx, z - sz) / radius
        envelope += top * np.exp(-2.2 * away * np.tanh(3 * away))
    rough = _fractal(tile, x * 0.24 + 0.2, z * 0.24, 8, 0.47, ridged=True)
    ground = envelope * (0.44 + 0.38 * rough) + 0.05
    ground -= 0.25 * (1 - _smooth(2.1, 2.8, z + 0.15 * _sample(tile, x * 1.5, z)))
    return ground, (1 - _smooth(0.30, 0.62, ground + 0.10 * rough)) * _smooth(0.0, 0.02, ground)


def _terrain(tile: Floats, z: Floats, u: Floats) -> tuple[Floats, Floats]:
    """Height including the trees, and colour, of the ground ``z`` km ahead in the direction ``u``."""
    ground, forest = _relief(tile, z, u * z)
    dx = np.gradient(ground, axis=1) / (z * (u[0, 1] - u[0, 0]))
    dz = np.gradient(ground, axis=0) / np.gradient(z, axis=0) - u * dx
    steep = np.sqrt(dx * dx + dz * dz + 1)
    light = np.clip((-0.95 * dx + 0.10 * dz + 0.40) / steep, 0, 1)
    grain = _sample(tile, u * z * 3, z * 9)
    crowns = np.clip(1 - np.abs(_sample(tile, u * z * 30, z * 11)), 0, 1)
    green = _mix((40, 62, 40), (104, 122, 58), np.clip(0.6 * crowns + 0.15 * grain, 0, 1))
    colour = _mix(_mix((104, 98, 102), (146, 128, 112), _smooth(-1, 1, grain)), green, forest)
    snow = _smooth(0.55, 1.05, ground + 0.12 * grain) * (1 - _smooth(1.5, 2.2, steep))
    colour = _mix(colour, (246, 248, 254), snow) * _mix((0.40, 0.48, 0.66), (1.10, 1.02, 0.90), light)
    return ground + 0.02 * crowns * forest, _mix(colour, _HAZE, (1 - np.exp(-z / 17)) + 0 * u)


def _shore(tile: Floats, sky: Floats, height: int) -> Floats:
    """Everything above the horizon: rays are cast from the lake onto the terrain, at twice the size."""
    rows, width = 2 * sky.shape[0], 2 * sky.shape[1]
    # the steps are finest where the steep faces stand
    z = np.sort(np.concatenate([np.geomspace(2, 26, 380), np.linspace(6.5, 12.5, 260)]))
    z = z.astype(np.float32)[:, None]
    u = ((np.arange(width, dtype=np.float32) + 0.5) / width - 0.5)[None, :] * (sky.shape[1] / height / _FOCAL)
    ground, colour = _terrain(tile, z, u)
    skyline = np.maximum.accumulate(ground / z, axis=0)
    ray = (rows - np.arange(rows) - 0.5) / (2 * height * _FOCAL)
    out = np.repeat(np.repeat(sky, 2, axis=0), 2, axis=1)
    for c in range(width):
        rise = skyline[:, c]
        hit = np.searchsorted(rise, ray)
        seen = np.flatnonzero(hit < len(z))
        hit, before = hit[seen], np.maximum(hit[seen] - 1, 0)
        part = np.clip((ray[seen] - rise[before]) / np.maximum(rise[hit] - rise[before], 1e-9), 0, 1)
        out[seen, c] = _mix(colour[before, c], colour[hit, c], part)
    return _halved(out)


def _ink(colour: Colour, fourth: float = 255) -> tuple[int, int, int, int]:
    r, g, b, a = (max(0, min(255, int(c))) for c in (*colour, fourth))
    return r, g, b, a


class _Layer:
    """A transparent sheet of twice the size to draw on, in picture heights."""

    def __init__(self, width: int, height: int) -> None:
        self.size, self.right, self.scale = (width, height), width / height, 2.0 * height
        self.image = Image.new("RGBA", (2 * width, 2 * height))
        self.draw = ImageDraw.Draw(self.image)

    def polygon(self, points: Points, colour: Colour, opacity: float = 255) -> None:
        self.draw.polygon([(x * self.scale, y * self.scale) for x, y in points], fill=_ink(colour, opacity))

    def line(self, points: Points, colour: Colour, thick: float) -> None:
        pixels = [(x * self.scale, y * self.scale) for x, y in points]
        self.draw.line(pixels, fill=_ink(colour), width=max(1, round(thick * self.scale)))

    def pixels(self) -> Floats:
        return np.asarray(self.image.resize(self.size, Image.Resampling.BOX), np.float32)


def _over(below: Floats, pixels: Floats) -> Floats:
    return _mix(below, pixels[..., :3], pixels[..., 3] / 255)


def _fir(layer: _Layer, rng: np.random.Generator, x: float, base: float, tall: float, fade: float) -> None:
    """A fir of drooping twigs, the side towards the sun lighter; ``fade`` is its share of haze."""
    lean, thick = rng.normal(0, 0.03) * tall, max(0.0011, 0.0035 * math.sqrt(tall))
    layer.line([(x, base), (x + 0.8 * lean, base - 0.8 * tall)], (58, 46, 40), 0.016 * tall)
    for t in np.linspace(0.0, 0.92, int(16 + 130 * tall)):
        reach = tall * (0.010 + 0.21 * t**0.9) * rng.uniform(0.72, 1.08)
        for side in rng.permutation(np.linspace(-1, 1, 15)):
            out, droop = reach * side * rng.uniform(0.7, 1.1), reach * rng.uniform(0.25, 0.55)
            y, middle = base - tall * (1 - t) + rng.normal(0, 0.008) * tall, x + lean * (1 - t)
            colour = np.array([44, 70, 44]) * rng.uniform(0.5, 1.15) * (0.9 + 0.35 * side)
            colour += np.array([30, 26, 4]) * max(0.0, side) * rng.random()
            twig = [(middle + a * out, y + b * droop) for a, b in ((0.05, -0.1), (0.7, 0.5), (1.0, 0.7))]
            layer.line(twig, colour * (1 - fade) + _HAZE * fade, thick)


def _meadow(layer: _Layer, rng: np.random.Generator, xs: Floats, edge: Floats, count: int, size: float) -> None:
    """Grass and flowers below the line ``edge``, drawn from the back to the front."""
    x = rng.uniform(xs[0], xs[-1], count)
    y = np.interp(x, xs, edge) + rng.exponential(1.6 * size, count) - 0.002
    for k in np.argsort(y):
        tall = size * rng.uniform(0.4, 1.1) * (1 + 4 * max(0.0, y[k] - 0.85))
        lean = size * rng.normal(0.15, 0.3)
        dry = 0.5 + 0.5 * math.sin(9 * x[k] + 40 * y[k]) * math.cos(5 * x[k] - 23 * y[k])
        tint = np.array([74 + 52 * dry, 104 + 12 * dry, 46]) * rng.uniform(0.35, 1.25)
        bend, tip = (x[k] + 0.4 * lean, y[k] - 0.6 * tall), (x[k] + lean, y[k] - tall)
        layer.line([(x[k], y[k]), bend], 0.7 * tint, 0.07 * size)
        layer.line([bend, tip], 1.15 * tint, 0.04 * size)
        if k % 40 == 0:
            petal = ((236, 232, 222), (232, 196, 72), (190, 120, 170))[k // 40 % 3]
            layer.line([tip, (tip[0] + 0.1 * size, tip[1])], petal, 0.14 * size)


def _headland(layer: _Layer, rng: np.random.Generator) -> _Layer:
    """A spit of land on the right with firs and a cabin."""
    t = np.linspace(0, 1, 160, dtype=np.float32)
    xs, foot = layer.right * (0.56 + 0.46 * t), _SPIT - 0.003 + 0.003 * np.sin(t * 31)
    crest = _SPIT - 0.045 * t**0.6 - 0.006 * np.sin(t * 17) * t
    layer.polygon([*zip(xs, crest, strict=True), (xs[-1], _SPIT)], (66, 72, 44))
    _meadow(layer, rng, xs, crest, 2600, 0.010)
    layer.polygon([*zip(xs, foot, strict=True), (xs[-1], 1), (xs[0], 1)], (0, 0, 0), opacity=0)
    for x in rng.choice(xs[2:], 130):
        y = np.interp(x, xs, foot) + rng.normal(-0.001, 0.0015)
        stone = np.array([124, 116, 106]) * rng.uniform(0.45, 1.2)
        layer.line([(x, y), (x + rng.uniform(0.002, 0.009), y)], stone, rng.uniform(0.002, 0.005))
    for x, tall in _FIRS:
        _fir(layer, rng, x * layer.right, _SPIT - 0.03, tall, 0.12)
    _cabin(layer, rng, 0.80 * layer.right, _SPIT - 0.018, 0.085)
    front = xs[(t > 0.42) & (t < 0.75)]
    _meadow(layer, rng, front, np.full_like(front, _SPIT - 0.015), 160, 0.008)
    for x, tall in ((0.868, 0.07), (0.885, 0.045)):
        _fir(layer, rng, x * layer.right, _SPIT - 0.012, tall, 0.05)
    return layer


def _cabin(layer: _Layer, rng: np.random.Generator, x: float, y: float, s: float) -> None:
    """Gable to the left in the shade, long side to the right in the sun; all in units of its size ``s``."""

    def shape(colour: Colour, *points: tuple[float, float]) -> None:
        layer.polygon([(x + s * px, y - s * py) for px, py in points], colour)

    def box(colour: Colour, left: float, low: float, right: float, high: float) -> None:
        shape(colour, (left, low), (left, high), (right, high), (right, low))

    box((112, 98, 92), 0.50, 0.8, 0.58, 1.12)
    shape((96, 66, 48), (-0.42, 0), (-0.42, 0.46), (-0.08, 0.86), (0.26, 0.46), (0.26, 0))
    for k in range(9):
        box(np.array([112, 78, 56]) * rng.uniform(0.85, 1.1), -0.42, 0.06 * k, 0.26, 0.06 * k + 0.043)
        box(np.array([176, 132, 92]) * rng.uniform(0.88, 1.08), 0.26, 0.06 * k, 1.05, 0.06 * k + 0.043)
    box((92, 66, 52), 0.26, 0.37, 1.05, 0.50)
    shape((132, 72, 58), (-0.10, 0.92), (0.22, 0.40), (1.12, 0.40), (0.84, 0.92))
    for a, b in rng.uniform(0, 0.95, (260, 2)):
        px, py = -0.10 + 0.32 * a + (0.94 - 0.04 * a) * b, 0.91 - 0.52 * a
        box(np.array([140, 80, 64]) * rng.uniform(0.86, 1.14), px, py - 0.025, px + 0.06, py)
    layer.line([(x - 0.50 * s, y - 0.38 * s), (x - 0.10 * s, y - 0.92 * s)], (176, 132, 104), 0.003)
    box((46, 34, 32), -0.20, 0, 0.0, 0.34)
    for left in (0.40, 0.74):
        box((226, 214, 190), left, 0.13, left + 0.19, 0.32)
        box((58, 70, 92), left + 0.03, 0.16, left + 0.16, 0.29)
        box((226, 214, 190), left + 0.085, 0.14, left + 0.105, 0.3)


def _boat(layer: _Layer) -> _Layer:
    """A rowing boat with its oar over the side."""
    x, s, bend = 0.47 * layer.right, 0.085, np.linspace(-1, 1, 25)
    sheer = [(x + s * b, _BOAT - s * (0.26 + 0.16 * b * b)) for b in bend]
    back = [(x + s * b * 0.97, _BOAT - s * (0.36 + 0.06 * b * b)) for b in bend[::-1]]
    layer.polygon([*sheer, *back], (74, 50, 38))
    for b in (-0.45, 0.1, 0.55):
        seat = [(x + s * b, _BOAT - 0.35 * s), (x + s * (b + 0.06), _BOAT - 0.27 * s)]
        layer.line(seat, (196, 150, 98), 0.006)
    layer.polygon([*sheer, (x + 0.86 * s, _BOAT), (x - 0.86 * s, _BOAT)], (142, 60, 46))
    layer.polygon([*sheer, *[(px, py + 0.075 * s) for px, py in sheer[::-1]]], (232, 222, 200))
    layer.line([(px, py + 0.17 * s) for px, py in sheer[2:-2]], (104, 34, 32), 0.0015)
    layer.line([(x + 0.3 * s, _BOAT - 0.4 * s), (x - 0.55 * s, _BOAT + 0.02 * s)], (206, 170, 120), 0.003)
    return layer


def _bank(layer: _Layer, rng: np.random.Generator) -> _Layer:
    """The near bank with grass, flowers and tall firs that frame the picture on the left."""
    xs = np.linspace(-0.02, layer.right + 0.02, 300, dtype=np.float32)
    edge = 0.985 - 0.13 * np.exp(-((xs / 0.42) ** 2)) - 0.05 * np.exp(-(((xs - layer.right) / 0.25) ** 2))
    edge += 0.006 * np.sin(xs * 23) + 0.003 * np.sin(xs * 71)
    layer.polygon([*zip(xs, edge, strict=True), (xs[-1], 1.1), (xs[0], 1.1)], (50, 58, 32))
    for x, base, tall in ((0.20, 0.90, 0.46), (0.085, 0.93, 0.74), (-0.02, 0.95, 0.56)):
        _fir(layer, rng, x, base, tall, 0.0)
    _meadow(layer, rng, xs, edge, 9000, 0.031)
    return layer


def _lake(tile: Floats, shore: Floats, layers: Sequence[tuple[Floats, float]], height: int) -> Floats:
    """The whole picture with everything above the water mirrored in it, broken up by ripples."""
    rows, width = shore.shape[:2]
    picture = np.concatenate([shore, shore[::-1]])[:height]
    for pixels, foot in layers:
        image, level = np.zeros_like(pixels), round(foot * height)
        image[level:] = pixels[2 * level - height : level][::-1]
        picture = _over(picture, image)
    d = ((np.arange(rows, height, dtype=np.float32) + 0.5) / height - _HORIZON)[:, None]
    u = ((np.arange(width, dtype=np.float32) + 0.5) / width - 0.5)[None, :] * (width / height)
    # true perspective (the power -1) would make the far ripples finer than a pixel
    away = np.maximum(d, 0.001) ** -0.7
    wave = _fractal(tile, u * away * 2.2, away * 7.0, 3)
    wind = _smooth(0.4, 1.6, _sample(tile, u * away * 0.12, away * 0.9))
    dy = wave * height * (0.003 + 0.026 * d) * (1 + 1.5 * wind)
    row = np.clip(np.arange(rows, height)[:, None] + dy, rows, height - 1.001)
    r, c = row.astype(np.intp), np.clip(np.arange(width)[None, :] + 0.25 * dy, 0, width - 1).astype(np.intp)
    water = _mix(picture[r, c], picture[r + 1, c], row - r) * (0.93 + 0.035 * wave)[..., None]
    water = _mix(water, (24, 66, 84), 0.18 + 0.42 * _smooth(0, 0.4, d) + 0 * u)
    water = _mix(water, (186, 204, 220), 0.30 * wind * (1 - _smooth(0.0, 0.3, d)))
    path = np.exp(-(((u - (_SUN[0] - 0.5) * width / height) / (0.03 + 0.20 * d)) ** 2))
    glint = _smooth(0.9, 1.9, _fractal(tile, u * away * 3.7 + 3, away * 12, 2)) * path
    picture[rows:] = _mix(water, _SUNLIGHT, 0.75 * glint * (1 - 0.7 * _smooth(0.15, 0.35, d)))
    return picture


def landscape(width: int = 768, height: int = 576, seed: int = 0) -> np.ndarray:
    """A lake below mountains in the afternoon, meant as a content picture.

    The result is float32 of shape [1, height, width, 3], RGB from 0 to 255; ``width`` and ``height`` are in
    pixels.  The same arguments always give the same picture.
    """
    rng = np.random.default_rng(seed)
    tile = _tile(rng)
    shore = _shore(tile, _sky(tile, width, height), height)
    headland, boat = _headland(_Layer(width, height), rng).pixels(), _boat(_Layer(width, height)).pixels()
    picture = _lake(tile, shore, [(headland, _SPIT), (boat, _BOAT)], height)
    for pixels in (headland, boat, _bank(_Layer(width, height), rng).pixels()):
        picture = _over(picture, pixels)
    return np.clip(picture, 0, 255).astype(np.float32)[None]


def _ramp(colours: Sequence[Sequence[float]], t: Floats) -> Floats:
    """Colours between those of the list, the first at 0 and the last at 1; beyond them the ends."""
    stops = np.linspace(0, 1, len(colours))
    channels = [np.interp(t, stops, channel) for channel in zip(*colours, strict=True)]
    return np.stack(channels, axis=-1).astype(np.float32)


class _Composition:
    """Where the painting flows and which colour it has, at any point in picture heights."""

    def __init__(self, rng: np.random.Generator, aspect: float) -> None:
        self.tile, self.shift = _tile(rng), rng.uniform(0, 30, 2)
        self.vortices = np.array(_VORTICES, np.float32) * (0.75 * aspect, 1, 1, 1)
        self.vortices[:, :2] += rng.normal(0, 0.012, (len(_VORTICES), 2))

    def _noise(self, x: Floats, y: Floats, scale: float) -> Floats:
        return _sample(self.tile, x * scale + self.shift[0], y * scale + self.shift[1])

    def _crests(self, x: Floats) -> tuple[Floats, Floats]:
        """Where the hills and the fields in front of them begin."""
        far = 0.66 - 0.05 * np.sin(5.1 * x + 0.6) - 0.03 * np.sin(11 * x + 2)
        return far, 0.80 + 0.05 * np.sin(3.3 * x + 2.4) + 0.012 * np.sin(13 * x)

    def stream(self, x: Floats, y: Floats) -> Floats:
        """The stream function: strokes follow its level lines."""
        far, near = self._crests(x)
        sky = 0.55 * y + 0.020 * self._noise(x, y, 3.0) + 0.03 * np.sin(4.2 * x + 1)
        for vx, vy, radius, turn in self.vortices:
            sky += 1.1 * turn * radius * np.exp(-0.9 * ((x - vx) ** 2 + (y - vy) ** 2) / radius**2)
        hills = 0.9 * (y - far) + 0.006 * self._noise(x, y, 6.0)
        fields = 0.9 * (y - near) * (1 + 0.5 * np.sin(4 * x)) + 0.008 * self._noise(x, y, 5.0)
        ground = hills + (fields - hills) * _smooth(-0.03, 0.03, y - near)
        mixed: Floats = sky + (ground - sky) * _smooth(-0.04, 0.02, y - far)
        return mixed

    def flow(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Direction along the level lines, of length one but shorter where the flow stands still."""
        e = np.float32(0.004)
        vx = self.stream(x, y + e) - self.stream(x, y - e)
        vy = self.stream(x - e, y) - self.stream(x + e, y)
        speed = np.hypot(vx, vy) + 0.0006
        return vx / speed, vy / speed

    def colour(self, x: Floats, y: Floats, stray: Floats) -> Floats:
        """Colour of the region, 0 to 255; ``stray`` moves each stroke along the palette."""
        far, near = self._crests(x)
        band = 0.42 + 0.22 * y + 0.36 * np.sin(46 * self.stream(x, y)) + 0.10 * self._noise(x, y, 4.0)
        colour = _ramp(_SKY_RAMP, 0.85 * band + stray)
        for vx, vy, radius, _ in self.vortices:
            r = np.hypot(x - vx, y - vy) / radius
            glow = (r < 0.55 + 0.9 * np.abs(stray)) | ((r > 0.78) & (r < 0.92) & (stray > -0.05))
            colour = np.where(glow[..., None], _ramp(_LIGHT_RAMP, 0.95 * r + 1.2 * stray), colour)
        slope = 9 * (y - far) / (near - far) + 3 * self._noise(x, y, 2.5)
        hills = _ramp(_HILL_RAMP, 0.45 + 0.3 * np.sin(slope) + 1.3 * stray)
        rows = 0.5 + 0.32 * np.sin(52 * (y - near) + 5 * x) + 0.15 * self._noise(x, y, 5.0)
        colour = np.where((y > far)[..., None], hills, colour)
        return np.where((y > near)[..., None], _ramp(_FIELD_RAMP, rows + 1.2 * stray), colour)


def _paths(plan: _Composition, x: Floats, y: Floats, step: Floats, steps: int) -> tuple[Floats, Floats]:
    """Lines along the flow with the given middles and the unit vectors across them, each [line, point, 2]."""
    for _ in range(steps // 2):
        vx, vy = plan.flow(x, y)
        x, y = x - step * vx, y - step * vy
    path, across = [], []
    for _ in range(steps):
        vx, vy = plan.flow(x, y)
        path.append((x, y))
        across.append((-vy, vx))
        x, y = x + step * vx, y + step * vy
    return np.array(path).transpose(2, 0, 1), np.array(across).transpose(2, 0, 1)


def _coat(canvas: Image.Image, rng: np.random.Generator, plan: _Composition, count: float, length: float,
          thick: float, bristles: int, stray: float) -> None:  # fmt: skip
    """Lay one coat of curved, tapered strokes; the fourth channel takes the thickness of the paint."""
    high, aspect, steps = canvas.size[1], canvas.size[0] / canvas.size[1], 11
    # bristles finer than a pixel only cost time
    bristles = min(bristles, math.ceil(thick * high))
    # one stroke in each cell of a shaken grid: a purely random choice would leave holes
    down = round(math.sqrt(count / aspect))
    cells = rng.permutation(down * max(1, round(down * aspect)))
    x = ((cells // down + rng.uniform(-0.5, 1.5, cells.size)) / down).astype(np.float32)
    y = ((cells % down + rng.uniform(-0.5, 1.5, cells.size)) / down).astype(np.float32)
    body = plan.colour(x, y, (stray * rng.standard_normal(cells.size)).astype(np.float32))
    body = body * rng.normal(1, 0.08, (cells.size, 1)) + rng.normal(0, 8, (cells.size, 3))
    step = (length * rng.uniform(0.5, 1.3, cells.size) / steps).astype(np.float32)
    points, across = _paths(plan, x, y, step, steps)
    taper = np.sqrt(np.sin(np.linspace(0.06, 0.96, steps) * math.pi))[:, None]
    draw, hair = ImageDraw.Draw(canvas), max(1, round(1.5 * thick * high / bristles))
    for k in range(cells.size):
        span, ends = taper * thick * rng.uniform(0.7, 1.25), rng.integers(0, 3, (bristles, 2))
        for i, load in enumerate(rng.standard_normal(bristles)):
            side = (i + 0.5) / bristles - 0.5
            line = (points[k] + across[k] * span * side)[ends[i, 0] : steps - ends[i, 1]] * high
            # the brush pushes the paint to the rims of the stroke
            ink = _ink(body[k] * (1 + 0.10 * load), 110 + 40 * load + 140 * abs(side))
            draw.line(line.ravel().tolist(), fill=ink, width=hair)


def painting(width: int = 768, height: int = 576, seed: int = 1) -> np.ndarray:
    """Swirling brush strokes in a few strong colours, meant as a style picture.

    The result is float32 of shape [1, height, width, 3], RGB from 0 to 255; ``width`` and ``height`` are in
    pixels.  The same arguments always give the same picture.
    """
    rng = np.random.default_rng(seed)
    plan = _Composition(rng, width / height)
    y, x = np.indices((144, round(144 * width / height) + 1), np.float32) / 144
    ground = plan.colour(x, y, np.zeros_like(x)) * 0.8
    canvas = Image.fromarray(np.dstack([ground, np.full_like(x, 60)]).astype(np.uint8))
    canvas = canvas.resize((2 * width, 2 * height), Image.Resampling.BICUBIC)
    for count, length, thick, bristles, stray in _COATS:
        _coat(canvas, rng, plan, count * 0.75 * width / height, length, thick, bristles, stray)
    paint = np.asarray(canvas, np.float32)
    # light from the upper left grazes the ridges of the paint
    paint[1:-1, 1:-1, :3] += 0.10 * (paint[2:, 2:, 3:] - paint[:-2, :-2, 3:])
    return np.asarray(np.clip(_halved(paint[..., :3]), 0, 255)[None], np.float32)
