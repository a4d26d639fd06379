"""Every setting of a run, with its default: the one place where defaults are written."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nstgraph.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from nstgraph.losses.loss import Loss

__all__ = [
    "DEFAULT_LOSS", "INITS", "INPUT_VALUES", "MIN_TILE", "OPTIMIZERS", "PADDINGS", "POOLINGS", "PRECISIONS", "TILES",
    "Config",
]  # fmt: skip

#: The default loss as text; ``default`` stands for it in a loss given as text.
DEFAULT_LOSS: tuple[str, ...] = ("0.1*content", "moments", "0.8*tv:power=2", "pixel_range")

POOLINGS = ("average", "max")
PADDINGS = ("reflect", "replicate", "zero")
PRECISIONS = ("auto", "bfloat16", "float16", "float32")
OPTIMIZERS = ("auto", "lbfgs", "lbfgsb")

TILES = ("auto", "off")
MIN_TILE = 32

#: What a network from a file may take: RGB of 0..255; RGB or BGR minus VGG's channel means; RGB of 0..1.
INPUT_VALUES = ("rgb", "rgb-mean", "bgr-mean", "rgb-unit")

#: Starting images by name; anything else is the path of a picture.
INITS = ("content", "noise", "style")


@dataclass(frozen=True)
class Config:
    """Settings of a run.

    Attributes:
        loss: terms as text (see `nstgraph.losses.registry.parse_loss`) or a `Loss`.
        size: longest side of the result, in pixels.
        style_scale: longest side of the style images relative to ``size``; larger gives larger strokes.
        steps: iterations of the search, over all sizes together; 0 chooses.
        scales: how many sizes the search passes through, each half the next; 0 chooses, 1 is full size alone.
        init: starting image: ``content``, ``noise``, ``style``, or the path of a picture.
        seed: of the noise.
        pooling: ``average`` or ``max``.
        padding: what convolutions see beyond the picture's edge: ``reflect``, ``replicate`` or ``zero``.
        bounds: keep pixels within 0..255 during the search by bounds, which costs scipy about twice the time a step.
        optimizer: ``lbfgsb``, scipy's, in float64; ``lbfgs``, in float32, for less memory and time; or ``auto``.
        history: number of corrections that the optimiser keeps; 0 chooses, as many as there is memory for, up to 10.
        precision: of feature maps: ``float32``, ``bfloat16``, ``float16``; ``auto`` takes bfloat16 where it is faster.
        tile: ``off``, or the side in pixels of the tiles that evaluations are computed in; ``auto`` takes tiles if the
            whole does not fit into memory.
        memory: how much the process may take, in GB; 0 is what is free.
        freeze: compute what does not depend on the generated image once; off only to measure what that saves.
        weights: a VGG weights file; None looks in the usual places (see `nstgraph.networks.weights_file.find`).
        network: a frozen graph (.pb) of another network, in place of VGG; it brings its own pools and padding.
        input: the tensor of it that takes the picture; None finds the only placeholder.
        input_values: what it expects there, see `nstgraph.networks.graph_file.FrozenNetwork`; None finds out.
    """

    loss: tuple[str, ...] | str | Loss = DEFAULT_LOSS
    size: int = 512
    style_scale: float = 1.0
    steps: int = 0
    scales: int = 0
    init: str | os.PathLike[str] = "content"
    seed: int = 0
    pooling: str = "average"
    padding: str = "reflect"
    bounds: bool = False
    optimizer: str = "auto"
    history: int = 0
    precision: str = "auto"
    tile: str | int = "auto"
    memory: float = 0.0
    freeze: bool = True
    weights: str | os.PathLike[str] | None = None
    network: str | os.PathLike[str] | None = None
    input: str | None = None
    input_values: str | None = None

    def __post_init__(self) -> None:
        for name, low, high in (
            ("size", 16, 32768),
            ("style_scale", 0.05, 20.0),
            ("steps", 0, 1_000_000),
            ("scales", 0, 12),
            ("history", 0, 1000),
            ("memory", 0.0, 1e6),
            ("seed", 0, 2**32 - 1),
        ):
            value = getattr(self, name)
            if type(value) not in (int, type(low)) or not low <= value <= high:
                kind = "a whole number" if isinstance(low, int) else "a number"
                raise ConfigError(f"{name} is {value!r}; choose {kind} from {low} to {high}")
        for name, known in (
            ("pooling", POOLINGS),
            ("padding", PADDINGS),
            ("precision", PRECISIONS),
            ("optimizer", OPTIMIZERS),
        ):
            if getattr(self, name) not in known:
                raise ConfigError(f"no {name} {getattr(self, name)!r}{did_you_mean(str(getattr(self, name)), known)}")
        if self.tile not in TILES and (type(self.tile) is not int or self.tile < MIN_TILE):
            raise ConfigError(f"tile is {self.tile!r}; choose {', '.join(TILES)} or pixels from {MIN_TILE}")
        if self.bounds and self.optimizer == "lbfgs":
            raise ConfigError("lbfgs knows no bounds; leave one of them out, or choose lbfgsb")
        self._check_network()
        for name in ("bounds", "freeze"):
            if not isinstance(getattr(self, name), bool):
                raise ConfigError(f"{name} is {getattr(self, name)!r}; choose True or False")

    def _check_network(self) -> None:
        own = ("weights", "pooling", "padding") if self.network is not None else ("input", "input_values")
        for name in own:
            if getattr(self, name) != getattr(Config, name):
                if self.network is None:
                    raise ConfigError(f"{name} belongs to a network from a file; give that as network, too")
                raise ConfigError(f"a network from a file has its own {name}; leave that out")
        if self.network is not None and self.precision not in ("auto", "float32"):
            raise ConfigError("a network from a file is computed in float32; leave precision out")

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
