"""Every setting of a run: its default, what it means, what it may be, and how the command line calls it.

A new setting is one more field of `Config`: checks, documentation and the command line read its metadata.
"""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from typing import Any

from nstgraph.errors import ConfigError
from nstgraph.losses.default_loss import DEFAULT_LOSS
from nstgraph.losses.loss import Loss, LossTerm
from nstgraph.messages import did_you_mean, shown
from nstgraph.networks.input_values import INPUT_VALUES
from nstgraph.pictures.fit import FITS
from nstgraph.pictures.noise import noise_of
from nstgraph.presets import preset
from nstgraph.value_checks import Check, check_settings, document, number, one_of, setting, switch, text

__all__ = ["INITS", "Config"]

#: Starting images by name; anything else is the path of a picture.
INITS = ("content", "noise", "style")

_MIN_TILE = 32
_SIZES = 16, 32768


def _tile_fault(value: Any) -> str:
    fits = (isinstance(value, str) and value in ("auto", "off")) or (type(value) is int and value >= _MIN_TILE)
    return "" if fits else f"is {shown(value)}; choose auto, off or pixels from {_MIN_TILE}"


def _size_fault(value: Any) -> str:
    fits = type(value) is int and (value == 0 or _SIZES[0] <= value <= _SIZES[1])
    return "" if fits else f"is {shown(value)}; choose 0 or a whole number from {_SIZES[0]} to {_SIZES[1]}"


def _loss_fault(value: Any) -> str:
    texts = isinstance(value, str | list | tuple) and all(isinstance(text, str) for text in value)
    fits = texts or isinstance(value, Loss | LossTerm)
    return "" if fits else f"is {shown(value)}; write it as text, such as 'content 2*style', or add terms up"


@dataclass(frozen=True)
class Config:
    """Settings of a run."""

    loss: tuple[str, ...] | str | Loss | LossTerm = setting(
        DEFAULT_LOSS,
        "Loss",
        Check("TERM", _loss_fault),
        "A term of the loss: [weight*]name[:parameter=value,...]; may be given again, and replaces the default terms, "
        "which 'default' stands for. See: nstgraph terms.",
        "--loss",
        "-l",
    )
    keep_colors: bool = setting(False, "Loss", switch(), "Keep the photo's colours.")
    size: int = setting(
        512, "Output", Check("PIXELS", _size_fault), "Longest side of the result; 0 keeps that of the photo."
    )
    fit: str = setting(
        FITS[0],
        "Output",
        one_of(*FITS),
        "What the size is that of: the longest side, the height (rows), or a square, for which pictures are cropped to "
        "their middle or stretched.",
    )
    style_scale: float = setting(
        1.0,
        "Loss",
        number(0.05, 20.0, "FACTOR"),
        "Size of the painting relative to the result: larger strokes above 1.",
    )
    steps: int = setting(
        0, "Search", number(0, 1_000_000), "Steps, at all sizes together; 0 is automatic.", shown="automatic"
    )
    scales: int = setting(
        0,
        "Search",
        number(0, 12),
        "Sizes from coarse to fine, each half the next; 1 is full size alone, 0 automatic.",
        shown="automatic",
    )
    init: str | os.PathLike[str] = setting(
        "content",
        "Search",
        text("|".join([*INITS, "FILE"]), optional=False),
        "Starting image; noise takes parameters, as in noise:form=uniform or noise:mean=vgg,deviation=0.1.",
    )
    seed: int = setting(0, "Search", number(0, 2**32 - 1), "Seed of the noise.")
    bounds: bool = setting(
        False, "Search", switch(), "Keep pixels within 0..255 by bounds; slower.", "--bounds/--no-bounds"
    )
    optimizer: str = setting(
        "auto",
        "Search",
        one_of("auto", "lbfgs", "lbfgsb"),
        "lbfgsb is scipy's, in float64; lbfgs takes less memory and time, in float32.",
    )
    history: int = setting(
        0,
        "Search",
        number(0, 1000),
        "Corrections that the optimiser keeps; 0 is as many as there is memory for, up to 10.",
        shown="automatic",
    )
    precision: str = setting(
        "auto",
        "Machine",
        one_of("auto", "bfloat16", "float16", "float32"),
        "Number format of feature maps; auto takes bfloat16 where that is faster.",
    )
    tile: str | int = setting(
        "auto",
        "Machine",
        Check("auto|off|PIXELS", _tile_fault, lambda text: int(text) if text.isdecimal() and len(text) < 9 else text),
        "Compute in square tiles of this side; auto does so only if the whole picture does not fit into memory.",
    )
    memory: float = setting(
        0.0,
        "Machine",
        number(0.0, 1e6, "GB"),
        "Most memory that the process may take; 0 is what is free.",
        shown="what is free",
    )
    deterministic: bool = setting(
        False,
        "Machine",
        switch(),
        "The same result to the last bit whatever the number of cores, on one kind of processor and with the same "
        "--memory: in float32, by 4 threads. Needs threadpoolctl.",
    )
    weights: str | os.PathLike[str] | None = setting(
        None, "Network", text("FILE"), "VGG weights (.npz). See: nstgraph weights list."
    )
    pooling: str = setting("average", "Network", one_of("average", "max"), "How feature maps are made smaller.")
    padding: str = setting(
        "reflect", "Network", one_of("reflect", "replicate", "zero"), "What convolutions see beyond the picture's edge."
    )
    network: str | os.PathLike[str] | None = setting(
        None, "Network", text("FILE"), "Frozen graph (.pb) of another network, in place of VGG."
    )
    input: str | None = setting(
        None, "Network", text("NAME"), "Tensor of that network that takes the picture, if it has several placeholders."
    )
    input_values: str | None = setting(
        None,
        "Network",
        text("|".join(INPUT_VALUES)),
        "What that tensor expects: -mean is minus VGG's channel means, -unit is 0..1.",
    )

    def __post_init__(self) -> None:
        check_settings(self)
        noise_of(self.init)
        if self.bounds and self.optimizer == "lbfgs":
            raise ConfigError("lbfgs cannot keep bounds; leave bounds out, or choose lbfgsb")
        of_vgg, of_file = ("weights", "pooling", "padding"), ("input", "input_values")
        for name in of_file if self.network is None else of_vgg:
            if getattr(self, name) != getattr(Config, name):
                if self.network is None:
                    raise ConfigError(f"{name} is only used with a network from a file; set network, too")
                raise ConfigError(f"a network from a file has its own {name}; leave that out")
        if self.deterministic and self.precision not in ("auto", "float32"):
            raise ConfigError("a deterministic run is in float32; leave precision out")
        if self.network is not None and self.precision not in ("auto", "float32"):
            raise ConfigError("a network from a file is computed in float32; leave precision out")

    @property
    def start(self) -> str | os.PathLike[str] | None:
        """The picture that ``init`` names, if it does not stand for one that is there, or for noise."""
        return None if self.init in INITS or noise_of(self.init) is not None else self.init

    @classmethod
    def preset(cls, name: str, **given: Any) -> Config:
        """The settings that a preset stands for, and others that are given beside it, which win.

        Raises:
            ConfigError: there is no such preset or setting, or a value is out of range.
        """
        return cls().replace(**preset(name).beside(given, [field.name for field in dataclasses.fields(cls)]))

    def replace(self, **changes: Any) -> Config:
        """A copy with some settings changed.

        Raises:
            ConfigError: there is no such setting, or its value is out of range.
        """
        known = [field.name for field in dataclasses.fields(self)]
        for name in changes:
            if name not in known:
                raise ConfigError(f"no setting {name!r}{did_you_mean(name, known)}")
        return dataclasses.replace(self, **changes)


document(Config)
