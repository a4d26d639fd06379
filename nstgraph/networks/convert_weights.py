"""Weights files of any format, written as the npz that nstgraph reads fastest."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nstgraph.errors import WeightsError
from nstgraph.files import check_suffix, check_target, writing
from nstgraph.messages import did_you_mean
from nstgraph.networks.vgg_layers import VGG16, VGG19
from nstgraph.networks.weights_file import WeightsFile

__all__ = ["convert"]

#: Names of choices of layers that have one.
_ALL, _FIRST = "all", "first7"


def convert(file: WeightsFile, target: Path, layers: str = _ALL, *, overwrite: bool = False) -> list[str]:
    """Write layers of a weights file in the form of vgg16_weights.npz: ``conv1_1_W``, ``conv1_1_b`` and so on.

    The numbers are float32, for RGB of 0..255 minus the channel means, whatever the file has.

    Args:
        file: where they come from.
        target: where they go, ending in .npz; written beside it first, and moved there.
        layers: ``"all"`` that the file has, ``"first7"`` for conv1_1 to conv3_3, as many as the weights that come with
            nstgraph have, or names joined by ``+``.
        overwrite: whether the target may exist.

    Returns:
        The layers that have been written.

    Raises:
        WeightsError: a layer does not exist, or the file lacks it; its numbers are damaged.
        OutputError: the target cannot be written.
    """
    chosen = _chosen(file, layers)
    check_suffix(target, "weights", (".npz",))
    check_target(target, overwrite=overwrite, inputs=[file.path])
    arrays = {}
    for layer in chosen:
        arrays[f"{layer}_W"], arrays[f"{layer}_b"] = file.read(layer)
    with writing(target, overwrite=overwrite) as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]
    return chosen


def _chosen(file: WeightsFile, layers: str) -> list[str]:
    named = {_ALL: list(file.layers), _FIRST: list(VGG16.kernels)[:7]}
    chosen = named.get(layers, layers.split("+"))
    for layer in chosen:
        if layer not in VGG19.kernels:
            known = [*VGG19.kernels, *(named if layer == layers else ())]
            raise WeightsError(f"VGG has no convolution {layer!r}{did_you_mean(layer, known)}")
    file.require(chosen)
    return list(dict.fromkeys(chosen))
