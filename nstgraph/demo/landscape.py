"""An afternoon in the mountains drawn by code, so that the demo needs no photograph and no licence."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from nstgraph.demo.noise import Floats, Noise, halved, smooth

__all__ = ["landscape"]

_HORIZON, _SPIT, _BOAT = 0.60, 0.665, 0.80  # rows where far shore, headland and boat meet the water
_SUN = (0.735, 0.30)  # of the width and of the height
_FOCAL = 1.35  # in picture heights
_HAZE, _NEEDLES, _WOOD, _TILES = np.array([(176, 196, 222), (44, 70, 44), (176, 132, 92), (140, 78, 62)])
# position to the right and ahead, height, and radius at the foot of each summit, in km
_SUMMITS = (
    (-1.5, 8.4, 2.7, 2.9), (-4.6, 9.8, 2.0, 2.4), (1.7, 11.5, 1.5, 2.6), (4.8, 10.5, 1.9, 2.8), (-2.6, 4.2, 0.3, 1.3),
    (2.6, 4.4, 0.42, 1.5), (1.0, 19.0, 3.0, 6.0), (9.0, 20.0, 2.8, 6.0), (-9.0, 19.0, 3.0, 6.0),
)  # fmt: skip
# position across the width and height of the firs on the headland
_FIRS = ((0.70, 0.07), (0.72, 0.10), (0.745, 0.14), (0.87, 0.12), (0.905, 0.17), (0.94, 0.21), (0.975, 0.16), (1, 0.24))


def _mix(a: npt.ArrayLike, b: npt.ArrayLike, t: Floats) -> Floats:
    """Colours from ``a``, where ``t`` is 0, to ``b``, where it is 1."""
    return np.asarray(np.asarray(a) + np.subtract(b, a) * t[..., None])


def _sky(noise: Noise, width: int, height: int) -> Floats:
    """The part above the horizon."""
    v = (np.arange(round(_HORIZON * height))[:, None] + 0.5) / height
    u = (np.arange(width)[None, :] + 0.5) / width
    aspect, t = width / height, v / _HORIZON + 0 * u
    r = np.hypot((u - _SUN[0]) * aspect, v - _SUN[1])
    glow = np.exp(-r / 0.16)
    sky = _mix((52, 104, 178), (150, 190, 226), smooth(0, 0.75, t))
    sky = _mix(_mix(sky, (250, 226, 196), smooth(0.45, 1.05, t) * 0.9), (255, 226, 178), 0.75 * glow)
    # clouds lie on a plane overhead, which gives them their perspective
    away = 0.30 / (_HORIZON + 0.10 - v)
    x, y = (u - 0.5) * aspect * away * 1.44, away * 2.6
    density = noise.fractal(x, y, 8, 0.56)
    sunward = noise.fractal(x + 0.10 * np.tanh(4 * (_SUN[0] - u)), y + 0.10, 6, 0.56)
    lit = np.clip(0.62 + 0.30 * (density - sunward) - 0.06 * density, 0, 1) + 0.35 * glow
    cover = smooth(0.1, 1.9, density + 0.35 * smooth(0.2, 0.7, t)) * (0.97 - 0.5 * smooth(0.75, 1.0, t))
    sky = _mix(sky, _mix((150, 160, 186), (255, 250, 240), smooth(0.1, 0.8, lit)), cover)
    return _mix(sky, (255, 252, 238), np.clip(np.exp(-((r / 0.034) ** 2)) + 0.5 * np.exp(-r / 0.05), 0, 1))


def _relief(noise: Noise, z: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Height above the lake in km and share of forest ``z`` km ahead and ``x`` km to the right."""
    envelope = np.zeros_like(x)
    for sx, sz, top, radius in _SUMMITS:
        away = np.hypot(x - sx, z - sz) / radius
        envelope += top * np.exp(-2.2 * away * np.tanh(3 * away))
    rough = noise.fractal(x * 0.24 + 0.2, z * 0.24, 8, 0.47, ridged=True)
    ground = envelope * (0.44 + 0.38 * rough) + 0.05
    ground -= 0.25 * (1 - smooth(2.1, 2.8, z + 0.15 * noise.at(x * 1.5, z)))
    return ground, (1 - smooth(0.30, 0.62, ground + 0.10 * rough)) * smooth(0.0, 0.02, ground)


def _terrain(noise: Noise, z: Floats, u: Floats) -> tuple[Floats, Floats]:
    """Height including the trees, and colour, of the ground ``z`` km ahead in the direction ``u``."""
    ground, forest = _relief(noise, z, u * z)
    dx = np.gradient(ground, axis=1) / (z * (u[0, 1] - u[0, 0]))
    dz = np.gradient(ground, axis=0) / np.gradient(z, axis=0) - u * dx
    steep = np.sqrt(dx * dx + dz * dz + 1)
    light = np.clip((-0.95 * dx + 0.10 * dz + 0.40) / steep, 0, 1)
    grain = noise.at(u * z * 3, z * 9)
    crowns = np.clip(1 - np.abs(noise.at(u * z * 30, z * 11)), 0, 1)
    green = _mix((40, 62, 40), (104, 122, 58), np.clip(0.6 * crowns + 0.15 * grain, 0, 1))
    colour = _mix(_mix((104, 98, 102), (146, 128, 112), smooth(-1, 1, grain)), green, forest)
    snow = smooth(0.55, 1.05, ground + 0.12 * grain) * (1 - smooth(1.5, 2.2, steep))
    colour = _mix(colour, (246, 248, 254), snow) * _mix((0.40, 0.48, 0.66), (1.10, 1.02, 0.90), light)
    return ground + 0.02 * crowns * forest, _mix(colour, _HAZE, (1 - np.exp(-z / 17)) + 0 * u)


def _shore(noise: Noise, sky: Floats, height: int) -> Floats:
    """Everything above the horizon: rays are cast from the lake onto the terrain, at twice the size."""
    rows, width = 2 * sky.shape[0], 2 * sky.shape[1]
    # the steps are finest where the steep faces stand
    z = np.sort(np.concatenate([np.geomspace(2, 26, 380), np.linspace(6.5, 12.5, 260)]))[:, None]
    u = ((np.arange(width) + 0.5) / width - 0.5)[None, :] * (sky.shape[1] / height / _FOCAL)
    ground, colour = _terrain(noise, z, u)
    ray = (rows - np.arange(rows) - 0.5) / (2 * height * _FOCAL)
    out = sky.repeat(2, axis=0).repeat(2, axis=1)
    for c, rise in enumerate(np.maximum.accumulate(ground / z, axis=0).T):
        hit = np.searchsorted(rise, ray)
        out[hit < len(z), c] = colour[hit[hit < len(z)], c]
    return halved(out)


class _Layer:
    """A transparent sheet of twice the size to draw on, in picture heights; it ends at the row ``foot``."""

    def __init__(self, width: int, height: int, foot: float = 1.0) -> None:
        self._height, self._foot, self.right = height, round(foot * height), width / height
        self._image = Image.new("RGBA", (2 * width, 2 * height))
        self._draw = ImageDraw.Draw(self._image)

    def draw(self, colour: npt.ArrayLike, points: list[tuple[float, float]], thick: float = 0) -> None:
        """A line, or the area within if it has no thickness."""
        scale, fill = 2 * self._height, (*np.clip(colour, 0, 255).astype(int).tolist(), 255)
        pixels = [(x * scale, y * scale) for x, y in points]
        if thick:
            self._draw.line(pixels, fill=fill, width=max(1, round(thick * scale)))
        else:
            self._draw.polygon(pixels, fill=fill)

    def lay_on(self, picture: Floats, mirrored: bool = False) -> None:
        """Cover ``picture`` with the layer, or with its mirror image below its foot."""
        sheet, rows = np.asarray(self._image.reduce(2), np.float32)[: self._foot], slice(self._foot)
        if mirrored:
            sheet, rows = sheet[::-1][: self._height - self._foot], slice(self._foot, None)
        picture[rows] = _mix(picture[rows], sheet[..., :3], sheet[..., 3] / 255)


def _fir(layer: _Layer, rng: np.random.Generator, x: float, base: float, tall: float, fade: float) -> None:
    """A fir of drooping twigs, the side towards the sun lighter; ``fade`` is its share of haze."""
    lean, thick = rng.normal(0, 0.03) * tall, max(0.0011, 0.0035 * tall**0.5)
    for t in np.linspace(0.0, 0.92, int(16 + 130 * tall)):
        reach = tall * (0.010 + 0.21 * t**0.9) * rng.uniform(0.72, 1.08)
        for side in rng.permutation(np.linspace(-1, 1, 15)):
            out, droop = reach * side * rng.uniform(0.7, 1.1), reach * rng.uniform(0.25, 0.55)
            y, middle = base - tall * (1 - t) + rng.normal(0, 0.008) * tall, x + lean * (1 - t)
            colour = _NEEDLES * rng.uniform(0.5, 1.15) * (0.9 + 0.45 * side)
            twig = [(middle + a * out, y + b * droop) for a, b in ((0.05, -0.1), (0.7, 0.5), (1.0, 0.7))]
            layer.draw(colour * (1 - fade) + _HAZE * fade, twig, thick)


def _meadow(layer: _Layer, rng: np.random.Generator, xs: Floats, edge: Floats, count: int, size: float) -> None:
    """Land below the line ``edge``, with grass and flowers drawn from the back to the front."""
    layer.draw((58, 65, 38), [*zip(xs, edge, strict=True), (xs[-1], 1.1), (xs[0], 1.1)])
    x = rng.uniform(xs[0], xs[-1], count)
    y = np.interp(x, xs, edge) + rng.exponential(1.6 * size, count) - 0.002
    tints = _mix((74, 104, 46), (126, 116, 46), 0.5 + 0.5 * np.sin(9 * x + 40 * y) * np.cos(5 * x - 23 * y))
    for k in np.argsort(y):
        tall = size * rng.uniform(0.4, 1.1) * (1 + 4 * max(0.0, y[k] - 0.85))
        tip = (x[k] + size * rng.normal(0.15, 0.3), y[k] - tall)
        layer.draw(rng.uniform(0.35, 1.25) * tints[k], [(x[k], y[k]), tip], 0.05 * size)
        if k % 40 == 0:
            layer.draw(rng.uniform(170, 250, 3), [tip, (tip[0] + 0.1 * size, tip[1])], 0.14 * size)


def _cabin(layer: _Layer, rng: np.random.Generator, x: float, y: float, s: float) -> None:
    """Gable to the left in the shade, long side to the right in the sun; all in units of its size ``s``."""

    def part(colour: npt.ArrayLike, low: float, left: float, right: float, high: float, *top: float) -> None:
        """An area whose upper corners stand above the lower ones, or at the two places ``top``."""
        points = zip((left, *(top or (left, right)), right), (low, high, high, low), strict=True)
        layer.draw(colour, [(x + s * px, y - s * py) for px, py in points])

    part((112, 98, 92), 0.8, 0.50, 0.58, 1.12)
    part((104, 72, 52), 0.40, -0.42, 0.26, 0.86, -0.08, -0.08)
    for low in np.arange(7) * 0.06:
        part(rng.uniform(0.6, 0.75) * _WOOD, low, -0.42, 0.26, low + 0.06)
        part(rng.uniform(0.8, 1.08) * _WOOD, low, 0.26, 1.05, low + 0.06)
    for t in np.arange(0, 1, 0.1):
        part(rng.uniform(0.86, 1.14) * _TILES, 0.4, 0.22, 1.12, 0.92 - 0.52 * t, 0.32 * t - 0.1, 0.84 + 0.28 * t)
    part((46, 34, 32), 0, -0.20, 0.0, 0.34)
    for left in (0.40, 0.74):
        part((226, 214, 190), 0.13, left, left + 0.19, 0.32)
        part((58, 70, 92), 0.16, left + 0.03, left + 0.16, 0.29)


def _headland(layer: _Layer, rng: np.random.Generator) -> None:
    """A spit of land on the right with firs and a cabin."""
    t = np.linspace(0, 1, 160)
    crest = _SPIT - 0.045 * t**0.6 - 0.006 * np.sin(t * 17) * t
    _meadow(layer, rng, layer.right * (0.56 + 0.46 * t), crest, 2600, 0.010)
    for x, tall in _FIRS:
        _fir(layer, rng, x * layer.right, _SPIT - 0.03, tall, 0.12)
    _cabin(layer, rng, 0.80 * layer.right, _SPIT - 0.018, 0.085)


def _boat(layer: _Layer) -> None:
    """A rowing boat with its oar over the side."""
    x, s, bend = 0.47 * layer.right, 0.085, np.linspace(-1, 1, 25)
    sheer = [(x + s * b, _BOAT - s * (0.26 + 0.16 * b * b)) for b in bend]
    layer.draw((74, 50, 38), [*sheer, *((x + s * b * 0.97, _BOAT - s * (0.36 + 0.06 * b * b)) for b in bend[::-1])])
    layer.draw((142, 60, 46), [*sheer, (x + 0.86 * s, _BOAT), (x - 0.86 * s, _BOAT)])
    layer.draw((232, 222, 200), [*sheer, *((px, py + 0.075 * s) for px, py in sheer[::-1])])
    layer.draw((206, 170, 120), [(x + 0.3 * s, _BOAT - 0.4 * s), (x - 0.55 * s, _BOAT)], 0.003)


def _bank(layer: _Layer, rng: np.random.Generator) -> None:
    """The near bank with grass, flowers and tall firs that frame the picture on the left."""
    xs = np.linspace(-0.02, layer.right + 0.02, 300)
    edge = 0.985 - 0.13 * np.exp(-((xs / 0.42) ** 2)) - 0.05 * np.exp(-(((xs - layer.right) / 0.25) ** 2))
    for x, base, tall in ((0.20, 0.90, 0.46), (0.085, 0.93, 0.74), (-0.02, 0.95, 0.56)):
        _fir(layer, rng, x, base, tall, 0.0)
    _meadow(layer, rng, xs, edge + 0.006 * np.sin(xs * 23), 9000, 0.031)


def _ripple(noise: Noise, picture: Floats, rows: int) -> None:
    """Make water of all below the first ``rows`` of ``picture``, which is their mirror image so far."""
    height, width = picture.shape[:2]
    d = ((np.arange(rows, height) + 0.5) / height - _HORIZON)[:, None]
    u = ((np.arange(width) + 0.5) / width - 0.5)[None, :] * (width / height)
    # true perspective (the power -1) would make the far ripples finer than a pixel
    away = np.maximum(d, 0.001) ** -0.7
    wave = noise.fractal(u * away * 2.2, away * 7.0, 3)
    dy = wave * height * (0.003 + 0.026 * d)
    row = np.clip(np.arange(rows, height)[:, None] + dy, rows, height - 1.001)
    r, c = row.astype(np.intp), np.clip(np.arange(width)[None, :] + 0.25 * dy, 0, width - 1).astype(np.intp)
    water = _mix(picture[r, c], picture[r + 1, c], row - r) * (0.93 + 0.035 * wave)[..., None]
    picture[rows:] = _mix(water, (24, 66, 84), 0.18 + 0.42 * smooth(0, 0.4, d) + 0 * u)


def landscape(width: int = 768, height: int = 576, seed: int = 0) -> np.ndarray:
    """A lake below mountains in the afternoon, meant as a content picture.

    ``width`` and ``height`` are in pixels; every size shows the same scene, and the same ``seed`` the same picture.
    The result is [1, height, width, 3], float32, 0..255, sRGB.
    """
    rng = np.random.default_rng(seed)
    noise = Noise(rng)
    headland, boat, bank = (_Layer(width, height, foot) for foot in (_SPIT, _BOAT, 1))
    _headland(headland, rng)
    _boat(boat)
    _bank(bank, rng)
    shore = _shore(noise, _sky(noise, width, height), height)
    picture = np.concatenate([shore, shore[::-1]])[:height]
    for layer in (headland, boat):
        layer.lay_on(picture, mirrored=True)
    _ripple(noise, picture, len(shore))
    for layer in (headland, boat, bank):
        layer.lay_on(picture)
    return picture.clip(0, 255).astype(np.float32)[None]
