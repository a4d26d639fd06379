"""What the kernels of conv1_1 expect of a picture, by what is written of it and by the kernels themselves.

A wrong order of red and blue gives a picture with plausible, wrong colours, and nothing in a file says which it is but
the way its program goes. The numbers tell more:

* Some trainings are known by a few numbers of their first layer: those of the weights that come with nstgraph, of VGG16
  and VGG19 as published, and of torchvision's VGG16. Where the biases are theirs and one kernel is, the order of the
  colours, and of height and width, is certain.
* In photographs blue is the noisiest channel and the one that cameras and JPEG blur most, so that what varies within
  a kernel weighs blue less than red: over the 64 kernels of VGG16 as published by 9.8 standard errors. This need not
  hold of every training: of nstgraph's own, which has seen its pictures with their hues turned, it does not (0.2). So
  it is believed from 4 standard errors on, which random kernels reach in one of 6,000 cases, and called likely, never
  certain.
"""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nstgraph.networks.input_values import MEAN_RGB
from nstgraph.networks.weight_formats.layouts import BGR, RGB, TORCH, UNIT_RGB

__all__ = ["Colors", "colors_of", "expected_values", "in_own_terms"]

Floats = npt.NDArray[np.float32]

#: What torchvision subtracts from pictures of 0..1, and then divides them by.
_UNIT_MEAN = (0.485, 0.456, 0.406)
_UNIT_DEVIATION = (0.229, 0.224, 0.225)

#: Standard errors from which a difference between red and blue is believed.
_BELIEVED = 4.0


class _Training(NamedTuple):
    """The numbers by which a training is known.

    Attributes:
        name: what it is called.
        unit: whether it takes pictures of 0..1.
        biases: the first four.
        corner: of the first kernel at the top left, for red, green and blue.
        right: of the first kernel right of there, for red.
        below: of the first kernel below that corner, for red.
    """

    name: str
    unit: bool
    biases: tuple[float, float, float, float]
    corner: tuple[float, float, float]
    right: float
    below: float


_TRAININGS = (
    _Training(
        "nstgraph's own", False, (0.0615, 0.6187, 0.3115, 0.6855), (-0.006348, 0.002392, -0.009628), 0.000063, -0.000130
    ),
    _Training("VGG16 as published", False, (0.7343, 0.0934, 0.0678, 0.8863), (0.4800, 0.5504, 0.4295), 0.4085, 0.3105),
    _Training("VGG19 as published", False, (0.7302, 0.0649, 0.0343, 0.8260), (0.3942, 0.4642, 0.3412), 0.3774, 0.2671),
    _Training(
        "torchvision's VGG16", True, (0.4034, 0.3778, 0.4644, -0.3228), (-0.5537, 0.1755, 0.3130), 0.1427, -0.5831
    ),
)


class Colors(NamedTuple):
    """What the numbers of conv1_1 tell.

    Attributes:
        order: ``RGB``, ``BGR``, or ``"unknown"``.
        confidence: ``"certain"``, ``"likely"`` or ``""``.
        evidence: why, to be put in brackets.
        unit: whether it is a training that takes pictures of 0..1.
        swapped: whether height and width of the kernels have changed places.
    """

    order: str
    confidence: str
    evidence: str
    unit: bool = False
    swapped: bool = False


def colors_of(kernel: Floats, bias: Floats) -> Colors:
    """Which channel comes first for a kernel [3, 3, 3, out] and its bias [out], as they are in a file."""
    for training in _TRAININGS:
        if np.allclose(bias[:4], training.biases, rtol=0, atol=5e-4):
            for backwards, swapped in itertools.product((False, True), (False, True)):
                if _fits(training, kernel, backwards, swapped):
                    evidence = f"these are the numbers of {training.name}"
                    return Colors(BGR if backwards else RGB, "certain", evidence, training.unit, swapped)
    errors = _red_above_blue(kernel)
    if abs(errors) < _BELIEVED:
        return Colors("unknown", "", "its kernels treat the first and the last channel alike")
    more, less = ("first", "last") if errors > 0 else ("last", "first")
    evidence = f"the {more} channel varies more than the {less} by {abs(errors):.1f} standard errors"
    return Colors(RGB if errors > 0 else BGR, "likely", evidence)


def expected_values(values: str, kernel: Floats, bias: Floats) -> str:
    """What a layout's ``values`` are for such a first layer: only what PyTorch's names leave open is decided.

    If the training is known, what it expects; else BGR of 0..255, as files converted from Caffe have it, if the kernels
    are likely to be in that order; else what torchvision's models take.
    """
    if values != TORCH:
        return values
    colors = colors_of(kernel, bias)
    if colors.confidence == "certain" and not colors.unit:
        return colors.order
    return BGR if colors.order == BGR else UNIT_RGB


def in_own_terms(kernel: Floats, bias: Floats, values: str) -> tuple[Floats, Floats]:
    """A first layer that gives for RGB of 0..255 minus the channel means what another gives for the values it expects.

    A picture x of torchvision is (y + m - 255 μ) / (255 σ) for one y in our terms, with m the channel means: the
    divisor goes into the kernels, the rest into the biases. That is exact wherever a kernel sees the picture alone,
    which includes the margin that is reflected or replicated. Zeros beyond the edge stand for another colour than those
    of torchvision, by half a grey level.
    """
    if values == BGR:
        return kernel[:, :, ::-1], bias
    if values == UNIT_RGB:
        scale = 255 * np.array(_UNIT_DEVIATION)
        scaled = kernel.astype(np.float64) / scale[:, None]
        shift = np.array(MEAN_RGB) - 255 * np.array(_UNIT_MEAN)
        return scaled.astype(np.float32), (bias + np.einsum("hwco,c->o", scaled, shift)).astype(np.float32)
    return kernel, bias


def _fits(training: _Training, kernel: Floats, backwards: bool, swapped: bool) -> bool:
    first: Any = kernel[..., ::-1, 0] if backwards else kernel[..., 0]
    first = first.swapaxes(0, 1) if swapped else first
    known = (*training.corner, training.right, training.below)
    return np.allclose([*first[0, 0], first[0, 1, 0], first[1, 0, 0]], known, rtol=0, atol=2e-3 * max(map(abs, known)))


def _red_above_blue(kernel: Floats) -> float:
    """By how many standard errors the first channel varies more than the last, over kernels of equal strength."""
    strength = np.sum(kernel.astype(np.float64) ** 2, (0, 1, 2))
    alive = strength > 0
    if np.count_nonzero(alive) < 2:
        return 0.0
    varying = kernel.astype(np.float64) - kernel.mean((0, 1), np.float64)
    energy = np.sum(varying**2, (0, 1))[:, alive] / strength[alive]
    difference = energy[0] - energy[2]
    error = float(difference.std(ddof=1)) / np.sqrt(len(difference))
    return float(difference.mean() / error) if error else 0.0
