"""What a weights file is, which order its colours have, and whether it can be used as it is."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from nstgraph.networks.vgg_layers import Architecture
from nstgraph.networks.weight_formats.layouts import BGR, RGB, TORCH, UNIT_RGB
from nstgraph.networks.weights_file import FETCH, WeightsFile

__all__ = ["Diagnosis", "diagnose"]

_AXES = ("height", "width", "in", "out")


class Diagnosis(NamedTuple):
    """What there is to say of a weights file.

    Attributes:
        findings: by what they are about, in order.
        fault: why it should not be used as it is, and what to do; empty if it can be used.
    """

    findings: dict[str, str]
    fault: str


def diagnose(path: Path) -> Diagnosis:
    """Read all of a weights file's layers, and say what they are.

    Raises:
        WeightsError: it is no weights file, or is damaged.
    """
    file = WeightsFile(path)
    weak = _weak_layers(file)
    order = ", ".join(axis for _, axis in sorted(zip(file.layout.axes, _AXES, strict=True)))
    findings = {
        "format": f"{file.kind}, laid out as in {file.layout.name}",
        "network": _network(file),
        "kernels": f"{order}; {', '.join(sorted(set(file.types.values())))}",
        "colours": _colours(file),
        "numbers": f"sound, but for zeros alone in {', '.join(weak)}" if weak else "sound",
    }
    fault = _fault(file, weak)
    if not fault:
        findings["next"] = _next(file)
    return Diagnosis(findings, fault and f"{path} {fault}")


def _weak_layers(file: WeightsFile) -> list[str]:
    """Layers with kernels of zeros; reading them makes sure that all numbers are finite."""
    return [layer for layer in file.layers if not np.any(file.read(layer)[0])]


def _network(file: WeightsFile) -> str:
    network: Architecture = file.architecture
    missing = [layer for layer in network.kernels if layer not in file.layers]
    text = f"{network.name}, {len(file.layers)} of {len(network.kernels)} convolutions"
    return f"{text}; lacks {', '.join(missing)}" if missing else text


def _colours(file: WeightsFile) -> str:
    if "conv1_1" not in file.layers:
        return "unknown, as it lacks conv1_1"
    colors = file.colors
    found = f"{colors.confidence} {colors.order}".strip()
    said = f"taken as {file.values}, which {file.layout.name}'s names do not tell"
    if file.layout.values != TORCH:
        said = f"{file.values} by its format"
    return f"{said}; {found} by its numbers ({colors.evidence})"


def _fault(file: WeightsFile, weak: list[str]) -> str:
    """Why the file should not be used as it is."""
    if "conv1_1" not in file.layers:
        return f"lacks conv1_1, which all other layers need; get another file: {FETCH} vgg16"
    if weak:
        return f"has zeros alone in {', '.join(weak)}; get another file: {FETCH} vgg16"
    colors = file.colors
    if colors.swapped:
        return f"has height and width of its kernels swapped; get another file: {FETCH} vgg16"
    if colors.confidence != "certain":
        return ""
    if colors.unit != (file.values == UNIT_RGB):
        takes = "0..1, as torchvision's" if colors.unit else "0..255"
        return f"has kernels that take pictures of {takes}, which its format does not say; convert the original instead"
    if colors.order != _order(file):
        return f"has red and blue swapped; correct that: {_convert(file)}"
    return ""


def _order(file: WeightsFile) -> str:
    return BGR if file.values == BGR else RGB


def _convert(file: WeightsFile) -> str:
    return f"nstgraph weights convert {file.path} OUT.npz --channels {'rgb' if _order(file) == BGR else 'bgr'}"


def _next(file: WeightsFile) -> str:
    """What can be done with a file that can be used."""
    lines = [f"use it: --weights {file.path}"]
    if file.colors.order not in ("unknown", _order(file)):
        lines.append(f"if red and blue come out swapped: {_convert(file)}")
    if len(file.layers) < len(file.architecture.kernels):
        lines.append(f"for the layers that it lacks: {FETCH} {file.architecture.name.lower()}")
    return "; ".join(lines)
