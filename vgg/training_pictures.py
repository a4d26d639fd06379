"""The pictures that the weights are trained on: a folder of them, and batches of crops with questions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from nstgraph.pictures.load import load
from nstgraph.pictures.resize import resize
from nstgraph_vgg.learner import MEANS, TASKS

__all__ = ["batches", "crop", "minus_means", "read_folder", "turned_hues"]

#: Shorter side in pixels of the pictures that crops are cut from.
_SIDE = 128

#: How often hues, and pictures, are turned, by an angle that may be 0.
_CHANCES = {"hue": 0.2, "turn": 0.1}

#: RGB to luminance and two differences of colour (NTSC's YIQ), between which hues turn.
_YIQ = torch.tensor([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])


def read_folder(folder: Path) -> tuple[list[Any], list[int], int]:
    """Pictures of a folder, which holds a folder for each class.

    Returns:
        Pictures [3, height, width], uint8, RGB, of 128 pixels on the shorter side; the class of each; and the number
        of classes.

    Raises:
        ValueError: there are less than two pictures.
        PictureError: a file is not a picture, or one that cannot be used.
    """
    if not folder.is_dir():
        raise ValueError(f"there is no folder {folder}; give one that holds a folder of pictures for each class")
    classes = sorted(path for path in folder.iterdir() if path.is_dir())
    pictures, labels = [], []
    for label, path in enumerate(classes):
        for file in sorted(path.rglob("*")):
            if file.is_file() and not file.name.startswith("."):
                pictures.append(_read(file))
                labels.append(label)
    if len(pictures) < 2:
        raise ValueError(f"{folder} has no folders of pictures; give one that holds a folder for each class")
    return pictures, labels, len(classes)


def _read(file: Path) -> Any:
    picture = load(file)
    scale = _SIDE / min(picture.size)
    rgb = picture.rgb if scale == 1 else resize(picture.rgb, *(round(side * scale) for side in picture.size))
    return torch.from_numpy(rgb[0].clip(0, 255).round().astype(np.uint8)).permute(2, 0, 1)


def crop(picture: Any, side: int, random: np.random.Generator) -> Any:
    """A square of a picture, [3, side, side], float32, 0..255: made smaller by chance, and perhaps mirrored."""
    height, width = picture.shape[1:]
    region = int(random.integers(side, min(height, width) + 1))
    top, left = int(random.integers(0, height - region + 1)), int(random.integers(0, width - region + 1))
    x = picture[:, top : top + region, left : left + region].float()
    if region != side:
        x = F.interpolate(x[None], (side, side), mode="bilinear", antialias=True)[0]
    return x.flip(2) if random.random() < 0.5 else x


def minus_means(crops: Sequence[Any]) -> Any:
    """Crops in one array, [n, 3, side, side], minus the channel means."""
    x = torch.stack(list(crops)) - torch.tensor(MEANS)[:, None, None]
    return x.contiguous(memory_format=torch.channels_last)


def batches(
    pictures: Sequence[Any], labels: Sequence[int], side: int, size: int, random: np.random.Generator
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """All pictures once, in batches: crops as of `minus_means`, and for each task the answers [size], -1 for none."""
    order = random.permutation(len(pictures))
    for start in range(0, len(order) - size + 1, size):
        lessons = [_lesson(pictures[index], labels[index], side, random) for index in order[start : start + size]]
        answers = {task: torch.tensor([known[task] for _, known in lessons]) for task in TASKS}
        yield minus_means([x for x, _ in lessons]), answers


def _lesson(picture: Any, label: int, side: int, random: np.random.Generator) -> tuple[Any, dict[str, int]]:
    """A crop, and what is to be told of it; nobody is asked for the class of something in wrong colours."""
    x = crop(picture, side, random)
    hue, turn = (
        int(random.integers(0, TASKS[task][0])) if random.random() < chance else 0 for task, chance in _CHANCES.items()
    )
    x = torch.rot90(turned_hues(x, hue) if hue else x, turn, (1, 2))
    return x, {"class": -1 if hue else label, "hue": hue, "turn": turn}


def turned_hues(x: Any, sixths: int) -> Any:
    """A picture [3, height, width], 0..255, with hues turned by sixths of the circle, at the same luminance."""
    angle = 2 * math.pi * sixths / 6
    cos, sin = math.cos(angle), math.sin(angle)
    turn = torch.tensor([[1.0, 0.0, 0.0], [0.0, cos, -sin], [0.0, sin, cos]])
    return torch.einsum("ij,jhw->ihw", torch.linalg.inv(_YIQ) @ turn @ _YIQ, x).clamp(0, 255)
