"""Every setting of a run: its default, what it means, what it may be, and how the command line calls it.

A new setting is one more field of `Config`: checks, documentation and the command line read its metadata.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
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
from nstgraph.search.optimizer import as_optimizer, optimizer_fault
from nstgraph.value_checks import Check, check_settings, document, number, one_of, setting, switch, text

__all__ = ["INITS", "Config"]

#: Starting images by name; anything else is the path of a picture.
INITS = ("content", "noise", "style")

_MIN_TILE = 32
_SIZES = 16, 32768

#: What a picture carries beside settings: what else it was made with.
_MADE_WITH = ("weights_sha256", "pictures", "changed_weights", "nstgraph", "tensorflow", "scipy", "stages")

#: Settings that others make meaningless, so that those of a picture are left out where these are given.
_REPLACED = {
    "network": ("weights", "pooling", "padding", "precision"),
    "weights": ("network", "input", "input_values"),
    "deterministic": ("precision",),
}


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
        "which 'default' stands for. A weight of 1..0.1 goes from 1 at the first size to 0.1 at the last. "
        "See: nstgraph terms.",
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
        Check("auto|lbfgs|lbfgsb|adam|...", optimizer_fault),
        "lbfgsb is scipy's, in float64; lbfgs takes less memory and time, in float32; adam and the others of tf.train "
        "follow the gradient. With parameters: adam:learning_rate=5, in grey levels; lbfgsb:rounds=10,evaluations=20.",
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
        None, "Network", text("FILE"), "VGG weights: .npz .h5 .npy .mat .safetensors .pth."
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
        optimizer = as_optimizer(self.optimizer)
        if self.bounds and optimizer.name == "lbfgs":
            raise ConfigError("lbfgs cannot keep bounds; leave bounds out, or choose lbfgsb")
        if self.history and optimizer.descends:
            raise ConfigError(f"{optimizer.name} keeps no corrections; leave history out, or choose lbfgs or lbfgsb")
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
        return None if _is_named(self.init) else self.init

    @classmethod
    def preset(cls, name: str, **given: Any) -> Config:
        """The settings that a preset stands for, and others that are given beside it, which win.

        Weights are not among them: name those of the preset's network, or let ``nstgraph.stylize(preset=...)`` do it.

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

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any], **changes: Any) -> Config:
        """The settings that a picture carries (see `nstgraph.read_settings`), or those of a `Result`.

        Both name files without their folders, but for those of terms. Weights are found by their hash, here or wherever
        weights are looked for, a network or a starting image in the working folder.

        Args:
            settings: by name; versions and what else says how the picture was made is passed over.
            changes: settings that win over those.

        Raises:
            ConfigError: there is no such setting, its value is out of range, or a file is not found.
        """
        if not isinstance(settings, Mapping):
            raise ConfigError(
                f"settings are of type {type(settings).__name__}; give a mapping, such as Result.settings"
            )
        known = [field.name for field in dataclasses.fields(cls)]
        for name in settings:
            if name not in known and name not in _MADE_WITH:
                raise ConfigError(f"no setting {shown(name)}{did_you_mean(str(name), known)}")
        left_out = {*changes, *(other for name in changes if changes[name] for other in _REPLACED.get(name, ()))}
        left_out |= _ruled_out(changes.get("optimizer"))
        taken = {name: value for name, value in settings.items() if name in known and name not in left_out}
        return cls().replace(**{**taken, **_files(taken, settings.get("weights_sha256")), **changes})

    def __hash__(self) -> int:
        values = (getattr(self, field.name) for field in dataclasses.fields(self))
        return hash(tuple(tuple(value) if isinstance(value, list) else value for value in values))


def _ruled_out(optimizer: Any) -> set[str]:
    """Settings that do not go with an optimiser that is given."""
    if not isinstance(optimizer, str) or optimizer_fault(optimizer):
        return set()
    chosen = as_optimizer(optimizer)
    return {"history"} if chosen.descends else {"bounds"} if chosen.name == "lbfgs" else set()


def _is_named(init: Any) -> bool:
    return init in INITS or noise_of(init) is not None


def _files(taken: Mapping[str, Any], sha256: Any) -> dict[str, Any]:
    """The paths of the files that a picture's settings name."""
    from nstgraph.networks.find_weights import recorded_file  # which imports numpy

    named = [source for source in ("weights", "network") if taken.get(source) is not None]
    found: dict[str, Any] = {source: str(recorded_file(source, taken[source], sha256)) for source in named}
    init = taken.get("init")
    if isinstance(init, str) and not _is_named(init) and (os.path.basename(init) != init or not os.path.isfile(init)):
        raise ConfigError(f"the starting image {shown(init)} is not found here; give init itself, such as its path")
    return found


document(Config)
