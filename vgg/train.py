"""Train VGG16's first seven convolutions on a folder of pictures.

    python vgg/train.py FOLDER -o weights.npz

FOLDER holds a folder of pictures for each class. Needs the extra ``train`` (PyTorch), and a processor or a graphics
card. What is trained, on what and why is in README.md beside this file.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import math
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

try:
    import torch
except ImportError:
    if __name__ != "__main__":
        raise
    sys.stderr.write("training needs PyTorch: python -m pip install 'nstgraph[train]'\n")
    sys.exit(2)

from nstgraph.errors import NstgraphError
from nstgraph.files import check_target, writing
from nstgraph.networks.weights_file import WeightsFile
from nstgraph_vgg.learner import TASKS, WIDTHS, Learner
from nstgraph_vgg.training_pictures import batches, crop, minus_means, read_folder

__all__ = ["PHASES", "Phase", "Training"]


@dataclass(frozen=True)
class Phase:
    """A part of the training, in which the rate rises for a tenth of the steps and then falls to 0 by a cosine.

    Attributes:
        side: of the crops, in pixels.
        epochs: how often all pictures are seen.
        radius: of attacks on each crop, as root mean square of its change in grey levels; 0 is none.
        batch: number of crops in a step.
        rate: highest learning rate.
    """

    side: int
    epochs: float
    radius: float
    batch: int
    rate: float

    def rate_at(self, done: float) -> float:
        """The learning rate when so much of the phase is done, 0..1."""
        if done < 0.1:
            return self.rate * (done / 0.1 + 0.02)
        return self.rate * 0.5 * (1 + math.cos(math.pi * (done - 0.1) / 0.9))


PHASES = (
    Phase(48, 14, 0.0, 64, 0.1),
    Phase(64, 12, 2.0, 64, 0.05),
    Phase(128, 0.5, 2.0, 32, 0.01),
)


class Training:
    """A network in training on the pictures of a folder.

    Args:
        folder: as for `read_folder`.
        given: first layers that are to stay as they are, by VGG's keys.
        seed: of all that is random. The same processor and seed give the same weights.
        device: PyTorch's name of what computes.

    Raises:
        ValueError: the folder has no pictures.
    """

    def __init__(self, folder: Path, given: Mapping[str, Any], seed: int = 0, device: str = "cpu") -> None:
        torch.manual_seed(seed)
        self.random = np.random.default_rng(seed)
        self.pictures, self.labels, classes = read_folder(folder)
        self.device = device
        self.learner = Learner(classes, given).to(device, memory_format=torch.channels_last)
        trained = [each for each in self.learner.parameters() if each.requires_grad]
        kernels, others = ([each for each in trained if (each.ndim > 1) == wanted] for wanted in (True, False))
        groups = [{"params": kernels, "weight_decay": 2.5e-4}, {"params": others, "weight_decay": 0.0}]
        self.optimizer = torch.optim.SGD(groups, 0.1, momentum=0.9, nesterov=True)

    def run(self, phase: Phase) -> Iterator[dict[str, float]]:
        """Train for a phase; yields, after each step, what `Learner.forward` tells."""
        size = min(phase.batch, len(self.pictures))
        steps = max(1, int(phase.epochs * len(self.pictures) / size))
        epochs = (batches(self.pictures, self.labels, phase.side, size, self.random) for _ in itertools.count())
        for done, (x, answers) in enumerate(itertools.chain.from_iterable(epochs)):
            if done == steps:
                return
            for group in self.optimizer.param_groups:
                group["lr"] = phase.rate_at(done / steps)
            yield self._step(x.to(self.device), {k: v.to(self.device) for k, v in answers.items()}, phase.radius)

    def _step(self, x: Any, answers: Mapping[str, Any], radius: float) -> dict[str, float]:
        self.learner.train()
        if radius:
            x = self.attacked(x, answers, radius)
        with self._low_precision():
            loss, figures = self.learner(x, answers)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return {name: float(value) for name, value in figures.items()}

    def attacked(self, x: Any, answers: Mapping[str, Any], radius: float) -> Any:
        """Crops changed to make the loss larger: one step of length 1.25 radius from a random start, cut to the radius.

        Wong et al., "Fast is better than free" (2020), algorithm 3, in the L2 norm.
        """
        reach = radius * math.sqrt(x[0].numel())
        start = _unit(torch.randn_like(x)) * reach * torch.rand(len(x), 1, 1, 1, device=x.device)
        at = (x + start).requires_grad_()
        with self._low_precision():
            loss, _ = self.learner(at, answers)
        (gradient,) = torch.autograd.grad(loss, at)
        change = start + 1.25 * reach * _unit(gradient)
        length = change.flatten(1).norm(dim=1)[:, None, None, None]
        attacked = (x + change * (reach / length).clamp_max(1)).detach()
        return attacked.contiguous(memory_format=torch.channels_last)

    def _low_precision(self) -> AbstractContextManager[Any]:
        found: AbstractContextManager[Any] = torch.autocast(torch.device(self.device).type, torch.bfloat16)
        return found

    def weights(self) -> dict[str, Any]:
        """Kernels and biases by VGG's keys, float16 (see `Trunk.folded`)."""
        chosen = self.random.permutation(len(self.pictures))[:96]
        sample = minus_means([crop(self.pictures[index], 96, self.random) for index in chosen])
        arrays: dict[str, Any] = self.learner.trunk.folded(sample.to(self.device))
        return arrays


def _unit(x: Any) -> Any:
    return x / x.flatten(1).norm(dim=1).clamp_min(1e-12)[:, None, None, None]


def _given(path: Path | None) -> dict[str, Any]:
    """The layers of a weights file that VGG16 begins with."""
    if path is None:
        return {}
    file, arrays = WeightsFile(path), {}
    for name in WIDTHS:
        if name not in file.layers:
            break
        arrays[f"{name}_W"], arrays[f"{name}_b"] = file.read(name)
    if not arrays:
        raise ValueError(f"{path} has no conv1_1, and so no first layers that could be kept; leave --from out")
    if len(arrays) == 2 * len(WIDTHS):
        raise ValueError(f"{path} has all {len(WIDTHS)} layers, so that nothing is left to train")
    return arrays


def _report(phase: Phase, seen: Sequence[Mapping[str, float]], seconds: float) -> None:
    with np.errstate(invalid="ignore"):
        means = {name: np.nanmean([figures[name] for figures in seen]) for name in (*TASKS, "colour")}
    figures = ", ".join(f"{name} {value:.3f}" for name, value in means.items())
    print(f"{seconds:6.0f} s  {phase.side} px, attacks of {phase.radius:g}: {figures}", flush=True)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 0 to {2**32 - 1}")
    return int(text)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0, and up to 100")
    return share


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    command = argparse.ArgumentParser(description="Train VGG16's first seven convolutions on a folder of pictures.")
    command.add_argument("folder", type=Path, metavar="FOLDER", help="holds a folder of pictures for each class")
    command.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="weights to write (.npz)")
    command.add_argument("--from", dest="start", type=Path, metavar="FILE", help="keep this file's first layers")
    command.add_argument("--seed", type=_seed, default=0, metavar="N", help="of all that is random; default 0")
    command.add_argument("--effort", type=_share, default=1.0, metavar="SHARE", help="share of all epochs; default 1")
    devices = ["cuda", "cpu"] if torch.cuda.is_available() else ["cpu"]
    command.add_argument("--device", choices=devices, default=devices[0], help="what computes; a graphics card if any")
    given = command.parse_args(arguments)
    try:
        _train(given)
    except (NstgraphError, ValueError, OSError) as error:
        command.exit(2, f"{command.prog}: {error}\n")


def _train(given: argparse.Namespace) -> None:
    check_target(given.output)
    training, began = Training(given.folder, _given(given.start), given.seed, given.device), time.monotonic()
    for phase in PHASES:
        part = Phase(phase.side, phase.epochs * given.effort, phase.radius, phase.batch, phase.rate)
        seen = []
        for figures in training.run(part):
            seen.append(figures)
            if len(seen) == 50:
                _report(part, seen, time.monotonic() - began)
                seen = []
        if seen:
            _report(part, seen, time.monotonic() - began)
        with writing(given.output, overwrite=True) as file:  # what has been learnt so far
            np.savez(file, **training.weights())
    print(f"{given.output}  SHA-256 {hashlib.sha256(given.output.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
