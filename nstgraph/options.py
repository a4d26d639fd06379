"""The command line's options: name, help text and group of each; defaults are `Config`'s."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from nstgraph.config import INITS, PADDINGS, POOLINGS

__all__ = [
    "Bounds", "Compare", "Content", "Debug", "History", "Init", "Log", "Loss", "Output", "Overwrite", "Padding",
    "Plugins", "Pooling", "Quiet", "SaveEvery", "Scales", "Seed", "Size", "Steps", "StyleScale", "Styles", "Weights",
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

Steps: TypeAlias = Annotated[int, _option("Search", "Steps, at all sizes together.")]
Scales: TypeAlias = Annotated[int, _option("Search", "Sizes from coarse to fine; 0 chooses, 1 is full size alone.")]
Init: TypeAlias = Annotated[str, _option("Search", "Starting image.", metavar="|".join([*INITS, "FILE"]))]
Seed: TypeAlias = Annotated[int, _option("Search", "Seed of the noise.")]
Bounds: TypeAlias = Annotated[bool, _option("Search", "Keep pixels within 0..255 by bounds; slower.", "--bounds")]
History: TypeAlias = Annotated[int, _option("Search", "Corrections that L-BFGS-B keeps.")]

Weights: TypeAlias = Annotated[str | None, _option("Network", "VGG weights file (.npz). See: nstgraph weights list.")]
Pooling: TypeAlias = Annotated[str, _option("Network", "How layers shrink.", metavar="|".join(POOLINGS))]
Padding: TypeAlias = Annotated[
    str, _option("Network", "What layers see beyond the picture's edge.", metavar="|".join(PADDINGS))
]

Quiet: TypeAlias = Annotated[bool, _option(None, "Print errors only.", "--quiet", "-q")]
Debug: TypeAlias = Annotated[bool, _option(None, "Show the whole traceback of an error.", "--debug")]
