"""How programs name and arrange VGG's layers in their files, and what they give to the first one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from nstgraph.networks.vgg_layers import ARCHITECTURES, VGG19, Architecture
from nstgraph.networks.weight_formats.arrays import Fault, Shape

__all__ = ["BGR", "RGB", "TORCH", "UNIT_RGB", "Layout", "layout_of"]

#: What conv1_1 is given: a picture of 0..255 minus the channel means, red first or blue first; one of 0..1 minus the
#: means of torchvision and divided by its deviations; one of these, which the names of PyTorch do not tell.
RGB, BGR, UNIT_RGB, TORCH = "RGB", "BGR", "RGB of 0..1", "RGB of 0..1, or BGR"


@dataclass(frozen=True)
class Layout:
    """How a file names and arranges layers.

    Attributes:
        name: whose way it is, such as ``"Keras"``.
        values: what it gives to conv1_1, by convention: ``RGB``, ``BGR`` or ``TORCH``.
        axes: where a stored kernel has height, width, in and out.
        keys: kernel and bias by layer, in network order; None for a bias that the file lacks.
    """

    name: str
    values: str
    axes: tuple[int, int, int, int]
    keys: dict[str, tuple[str, str | None]]

    def stored(self, kernel: Shape) -> Shape:
        """Shape in the file of a kernel that has this one, [3, 3, in, out], here."""
        return tuple(length for _, length in sorted(zip(self.axes, kernel, strict=True)))


_HWIO, _OIHW = (0, 1, 2, 3), (2, 3, 1, 0)

_UP_TO_3 = r"(?:[^/]+/){0,3}"  # groups, one in another

#: Name, values, and what keys of kernels and of biases look like, with the numbers of a layer's name in them.
_NAMED = (
    ("vgg16_weights.npz", RGB, r"conv(\d)_(\d)_W", r"conv(\d)_(\d)_b"),
    ("Keras", BGR, rf"{_UP_TO_3}block(\d)_conv(\d)/{_UP_TO_3}(?:[^/]*_W_\d|kernel)(?::0)?",
     rf"{_UP_TO_3}block(\d)_conv(\d)/{_UP_TO_3}(?:[^/]*_b_\d|bias)(?::0)?"),
    ("machrisaa/tensorflow-vgg", BGR, r"conv(\d)_(\d)/0", r"conv(\d)_(\d)/1"),
    ("MatConvNet", RGB, r"conv(\d)_(\d)\{1\}", r"conv(\d)_(\d)\{2\}"),
)  # fmt: skip

_NUMBERED = re.compile(r"features\.(\d{1,3})\.weight")


def layout_of(keys: Iterable[str]) -> Layout | None:
    """The way in which a file with these keys has layers of VGG; None if it has none by a name that is known.

    Raises:
        Fault: it has a layer twice, or is of another network with the names of PyTorch.
    """
    known = sorted(key for key in keys if len(key) <= 200)
    for name, values, kernel, bias in _NAMED:
        kernels = _matching(kernel, known)
        if kernels:
            biases = _matching(bias, known)
            layers = {layer: (kernels[layer], biases.get(layer)) for layer in VGG19.kernels if layer in kernels}
            return Layout(name, values, _HWIO, layers)
    return _of_torch(known)


def _matching(pattern: str, keys: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key in keys:
        match = re.fullmatch(pattern, key)
        layer = match and f"conv{match[1]}_{match[2]}"
        if layer and layer in VGG19.kernels:
            if layer in found:
                raise Fault(f"has {layer} twice, as {found[layer]} and {key}")
            found[layer] = key
    return found


def _of_torch(keys: list[str]) -> Layout | None:
    numbers = {int(match[1]) for match in map(_NUMBERED.fullmatch, keys) if match}
    if not numbers:
        return None
    for architecture in ARCHITECTURES:
        places = _places(architecture)
        if numbers <= places.keys():
            layers = {places[number]: f"features.{number}" for number in sorted(numbers)}
            pairs = {
                layer: (f"{key}.weight", f"{key}.bias" if f"{key}.bias" in keys else None)
                for layer, key in layers.items()
            }
            return Layout("PyTorch", TORCH, _OIHW, pairs)
    raise Fault("has layers of PyTorch that are not those of VGG16 or VGG19 (of one with batch normalisation, perhaps)")


def _places(architecture: Architecture) -> dict[int, str]:
    """Layer by its number among PyTorch's ``features``, where ReLUs and pools are counted, too."""
    places, number = {}, 0
    for layer in architecture.below:
        if layer in architecture.kernels:
            places[number] = layer
        number += 2 if layer in architecture.kernels else 1
    return places
