"""The network in training: VGG16's first seven convolutions, and what they are trained for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

__all__ = ["MEANS", "TASKS", "WIDTHS", "Learner"]

#: What is subtracted from RGB of 0..255, as for the published weights.
MEANS = (123.68, 116.779, 103.939)

#: Standard deviation of natural pictures, in grey levels.
CONTRAST = 58.0

#: Channels of each convolution. Those that begin a block come after a pool.
WIDTHS = {"conv1_1": 64, "conv1_2": 64, "conv2_1": 128, "conv2_2": 128, "conv3_1": 256, "conv3_2": 256, "conv3_3": 256}
_AFTER_POOL = ("conv2_1", "conv3_1")

#: What is to be told of a picture, with its number of answers (a folder's classes are counted) and its weight: its
#: class, by how many sixths its hues were turned, by how many quarters it was turned.
TASKS = {"class": (None, 1.0), "hue": (6, 0.5), "turn": (4, 0.25)}

#: Layers of which a linear map is to give the colour of each place, if they are trained, and the weight of that.
_COLOURED, _COLOUR = ("conv1_2", "conv2_2", "conv3_3"), 0.1

Arrays = Mapping[str, Any]


class Trunk(nn.Module):  # type: ignore[misc]
    """The seven convolutions, each with batch normalisation and ReLU; average pools.

    Args:
        given: kernels [3, 3, in, out] and biases [out] of first layers that are to stay as they are, by VGG's keys.
    """

    def __init__(self, given: Arrays) -> None:
        super().__init__()
        self.convolutions, self.norms, channels = nn.ModuleDict(), nn.ModuleDict(), 3
        for name, width in WIDTHS.items():
            kept = f"{name}_W" in given
            self.convolutions[name] = convolution = nn.Conv2d(channels, width, 3, padding=1, bias=kept)
            if kept:
                convolution.weight.data.copy_(torch.from_numpy(given[f"{name}_W"].transpose(3, 2, 0, 1).copy()))
                convolution.bias.data.copy_(torch.from_numpy(given[f"{name}_b"]))
                convolution.requires_grad_(False)
            else:
                nn.init.kaiming_normal_(convolution.weight)
                self.norms[name] = nn.BatchNorm2d(width)
            channels = width

    def forward(self, x: Any) -> dict[str, Any]:
        """Feature maps by layer, of pictures [n, 3, height, width], RGB of 0..255 minus the means."""
        maps = {}
        x = x / self._contrast
        for name, convolution in self.convolutions.items():
            x = convolution(F.avg_pool2d(x, 2) if name in _AFTER_POOL else x)
            x = maps[name] = F.relu(self.norms[name](x) if name in self.norms else x)
        return maps

    @property
    def _contrast(self) -> float:
        return CONTRAST if "conv1_1" in self.norms else 1.0

    def folded(self, sample: Any) -> dict[str, Any]:
        """Kernels and biases by VGG's keys, float16: batch normalisation is folded in, and each trained layer is
        scaled to a mean of 1 over a sample of pictures, which are as for `forward`."""
        self.eval()
        arrays, below = {}, 1.0
        with torch.no_grad():
            maps = self(sample)
            for name, convolution in self.convolutions.items():
                kernel, bias = convolution.weight, convolution.bias
                if name in self.norms:
                    norm, scale = self.norms[name], float(maps[name].mean())
                    factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
                    kernel = kernel * factor[:, None, None, None] * (below / scale)
                    kernel = kernel / self._contrast if name == "conv1_1" else kernel
                    bias, below = (norm.bias - norm.running_mean * factor) / scale, scale
                arrays[f"{name}_W"] = kernel.permute(2, 3, 1, 0).cpu().numpy().astype(np.float16)
                arrays[f"{name}_b"] = bias.cpu().numpy().astype(np.float16)
        return arrays


class Learner(nn.Module):  # type: ignore[misc]
    """The trunk, with two more convolutions and what is read off them.

    Args:
        classes: number of the pictures' classes.
        given: as for `Trunk`.
    """

    def __init__(self, classes: int, given: Arrays) -> None:
        super().__init__()
        self.trunk = Trunk(given)
        layers: list[Any] = [nn.AvgPool2d(2)]
        for before, after in ((256, 256), (256, 320)):
            layers += [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        self.deep = nn.Sequential(*layers)
        self.heads = nn.ModuleDict({task: nn.Linear(320, answers or classes) for task, (answers, _) in TASKS.items()})
        trained = [name for name in _COLOURED if name in self.trunk.norms]
        self.colours = nn.ModuleDict({name: nn.Conv2d(WIDTHS[name], 3, 1) for name in trained})

    def forward(self, x: Any, answers: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The loss, and what it is made of.

        Args:
            x: pictures as for `Trunk.forward`.
            answers: [n] for each task; -1 is not asked for.

        Returns:
            The loss; by task, the share of right answers, and as ``colour`` the squared error of the places' colours,
            relative to the contrast of natural pictures.
        """
        maps = self.trunk(x)
        seen = self.deep(maps["conv3_3"]).mean((2, 3))
        figures: dict[str, Any] = {}
        loss: Any = 0.0
        for task, (_, weight) in TASKS.items():
            scores, asked = self.heads[task](F.dropout(seen, 0.2, self.training)).float(), answers[task] >= 0
            smoothing = 0.1 if task == "class" else 0.0
            error = F.cross_entropy(scores, answers[task], ignore_index=-1, label_smoothing=smoothing)
            loss = loss + weight * torch.nan_to_num(error)  # nobody may have been asked
            figures[task] = (scores.argmax(1) == answers[task])[asked].float().mean().detach()
        errors = [self._colour_error(x, maps[name], head) for name, head in self.colours.items()]
        figures["colour"] = sum(errors).detach() / len(errors)
        return loss + _COLOUR * sum(errors), figures

    def _colour_error(self, x: Any, maps: Any, head: Any) -> Any:
        places = F.avg_pool2d(x, x.shape[-1] // maps.shape[-1]) / CONTRAST
        return F.mse_loss(head(maps).float(), places)
