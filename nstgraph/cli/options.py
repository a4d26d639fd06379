"""The command line's options: name, help text and group of each; defaults are `Config`'s."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from nstgraph.config import DEFAULT_LOSS, INITS, INPUT_VALUES, OPTIMIZERS, PADDINGS, POOLINGS, PRECISIONS, Config

__all__ = [
    "Compare", "Content", "Debug", "Log", "Loss", "Output", "Overwrite", "Plugins", "Quiet", "SaveEvery", "Size",
    "Steps", "Styles", "Summaries", "Trace", "Weights", "load_plugins",
    "takes_config",
    "takes_network",
]  # fmt: skip


def _option(group: str | None, help: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=group, **more)


Content: TypeAlias = Annotated[Path, typer.Argument(metavar="CONTENT", help="The photo: what is to be seen.")]
Styles: TypeAlias = Annotated[
    list[Path], typer.Argument(metavar="STYLE", help="The painting, or several to be blended.")
]

Output: TypeAlias = Annotated[Path, _option("Output", "The result: .png .jpg .webp .tif or .bmp.", "--output", "-o")]
Size: TypeAlias = Annotated[int, _option("Output", "Longest side in pixels.")]
Overwrite: TypeAlias = Annotated[bool, _option("Output", "Replace files that exist.", "--overwrite")]
Compare: TypeAlias = Annotated[bool, _option("Output", "Also write content, style and result in a row.", "--compare")]
SaveEvery: TypeAlias = Annotated[
    int,
    _option(
        "Output",
        "Also write the picture after every N steps, at its size then; 0 for never.",
        metavar="N",
        min=0,
    ),
]
Log: TypeAlias = Annotated[Path | None, _option("Output", "Write every step's losses, as .csv or .json.")]
Summaries: TypeAlias = Annotated[
    Path | None, _option("Output", "Write losses and pictures on the way for TensorBoard.", metavar="FOLDER")
]
Trace: TypeAlias = Annotated[
    Path | None,
    _option("Output", "Write what an evaluation does in time: a timeline as .json, TensorFlow's full trace as .pb."),
]

Loss: TypeAlias = Annotated[
    list[str],
    _option(
        "Loss",
        # The backslash keeps Typer from taking what is in brackets for markup.
        "A term of the loss: \\[weight*]name\\[:parameter=value,...]; may be given again, and replaces the "
        "default terms, which 'default' stands for. See: nstgraph terms.",
        "--loss",
        "-l",
        metavar="TERM",
    ),
]
Plugins: TypeAlias = Annotated[
    list[Path] | None, _option("Loss", "Python file with loss terms; may be given again.", "--plugin")
]
StyleScale: TypeAlias = Annotated[
    float, _option("Loss", "Size of the painting relative to the result: larger strokes above 1.")
]

Steps: TypeAlias = Annotated[int, _option("Search", "Steps, at all sizes together; 0 chooses.")]
Scales: TypeAlias = Annotated[int, _option("Search", "Sizes from coarse to fine; 0 chooses, 1 is full size alone.")]
Init: TypeAlias = Annotated[str, _option("Search", "Starting image.", metavar="|".join([*INITS, "FILE"]))]
Seed: TypeAlias = Annotated[int, _option("Search", "Seed of the noise.")]
Bounds: TypeAlias = Annotated[bool, _option("Search", "Keep pixels within 0..255 by bounds; slower.", "--bounds")]
Optimizer: TypeAlias = Annotated[
    str, _option("Search", "lbfgsb is scipy's, lbfgs a leaner one in float32.", metavar="|".join(OPTIMIZERS))
]
History: TypeAlias = Annotated[int, _option("Search", "Corrections that the optimiser keeps; 0 chooses.")]

Precision: TypeAlias = Annotated[
    str, _option("Machine", "Of the network; auto takes bfloat16 where it is faster.", metavar="|".join(PRECISIONS))
]
Tile: TypeAlias = Annotated[
    str, _option("Machine", "Compute in tiles of so many pixels; auto does if need be.", metavar="auto|off|PIXELS")
]
Memory: TypeAlias = Annotated[float, _option("Machine", "GB that the process may take; 0 is what is free.")]

Weights: TypeAlias = Annotated[str | None, _option("Network", "VGG weights file (.npz). See: nstgraph weights list.")]
Pooling: TypeAlias = Annotated[str, _option("Network", "How layers shrink.", metavar="|".join(POOLINGS))]
Padding: TypeAlias = Annotated[
    str, _option("Network", "What layers see beyond the picture's edge.", metavar="|".join(PADDINGS))
]

Network: TypeAlias = Annotated[
    str | None, _option("Network", "Frozen graph (.pb) of another network, in place of VGG.", metavar="MODEL.PB")
]
Input: TypeAlias = Annotated[str | None, _option("Network", "Its tensor that takes the picture.", metavar="NAME")]
InputValues: TypeAlias = Annotated[
    str | None, _option("Network", "What it expects: -mean is minus VGG's means.", metavar="|".join(INPUT_VALUES))
]

Quiet: TypeAlias = Annotated[bool, _option(None, "Print errors only.", "--quiet", "-q")]
Debug: TypeAlias = Annotated[bool, _option(None, "Show the whole traceback of an error.", "--debug")]

_CONFIG: dict[str, Any] = {
    "size": Size, "loss": Loss, "style_scale": StyleScale, "steps": Steps, "scales": Scales, "init": Init, "seed": Seed,
    "bounds": Bounds, "optimizer": Optimizer, "history": History, "weights": Weights, "pooling": Pooling,
    "padding": Padding, "precision": Precision, "tile": Tile, "memory": Memory, "network": Network, "input": Input,
    "input_values": InputValues,
}  # fmt: skip


_NETWORK = ("loss", "weights", "pooling", "padding", "precision", "network", "input", "input_values")

Command = Callable[..., None]


def takes_config(command: Command) -> Command:
    """Give a command the options of `Config`, and hand them to it as its argument ``config``."""
    return _takes(command, tuple(_CONFIG))


def takes_network(command: Command) -> Command:
    """As `takes_config`, with those options alone that say which graph is built."""
    return _takes(command, _NETWORK)


def _takes(command: Command, names: Sequence[str]) -> Command:
    settings = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=_default(name), annotation=_CONFIG[name])
        for name in names
    ]
    signature = inspect.signature(command, eval_str=True)
    own = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in signature.parameters.values()]
    ends = own.index(next(parameter for parameter in own if parameter.name == "config"))
    merged = [*own[:ends], *settings, *own[ends + 1 :]]

    @functools.wraps(command)
    def run(**given: Any) -> None:
        chosen = {name: given.pop(name) for name in names}
        chosen["loss"] = tuple(chosen["loss"])
        if str(chosen.get("tile")).isdecimal():
            chosen["tile"] = int(chosen["tile"])
        command(**given, config=Config(**chosen))

    run.__signature__ = signature.replace(parameters=merged)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in merged}
    return run


def load_plugins(files: list[Path] | None) -> None:
    """Run the plugin files that a command was given.

    Raises:
        PluginError: one is missing or cannot be run.
    """
    from nstgraph.losses.registry import registry  # not before a command is run, as it takes time

    for file in files or ():
        registry.load_file(file)


def _default(name: str) -> Any:
    return list(DEFAULT_LOSS) if name == "loss" else getattr(Config, name)
