"""The commands ``nstgraph weights ...``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nstgraph.cli.exit_codes import command
from nstgraph.cli.help import Group
from nstgraph.cli.printing import to_stdout
from nstgraph.errors import ConfigError, WeightsError

__all__ = ["app"]

app = typer.Typer(cls=Group, help="VGG weights files: what there is, and how to get more.", no_args_is_help=True)


@command(app, "list")
def list_() -> None:
    """List the places where weights are looked for, in order."""
    from nstgraph.cli.tables import show_weights

    show_weights()


@command(app)
def info(
    file: Annotated[
        str | None, typer.Argument(metavar="FILE", help="A weights file; by default the one that would be used.")
    ] = None,
) -> None:
    """Show a weights file's layers, shapes and SHA-256."""
    from nstgraph.cli.tables import show_weights_file
    from nstgraph.networks.find_weights import find_weights

    show_weights_file(find_weights(file))


@command(app)
def fetch(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="Which: vgg16 (59 MB) or vgg19 (80 MB), as Keras has them, or vgg16-frossard (553 MB).",
        ),
    ] = "vgg16",
    folder: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where to put the file; by default the user's cache.")
    ] = None,
) -> None:
    """Download a weights file; an interrupted download is continued."""
    from nstgraph.cli.progress import download_bar
    from nstgraph.networks import fetch_weights

    with download_bar() as progress:
        target = fetch_weights.fetch(name, folder, progress=progress)
    to_stdout(f"{target}\n")


@command(app)
def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Weights of any format: .h5 .npy .mat .safetensors ...")],
    target: Annotated[Path, typer.Argument(metavar="OUT.npz", help="The file to write.")],
    layers: Annotated[
        str, typer.Option(metavar="first7|all|LAYER+...", help="Which of its layers; first7 are conv1_1 to conv3_3.")
    ] = "all",
    channels: Annotated[
        str | None,
        typer.Option(metavar="rgb|bgr", help="Which colour IN has first, if not the one that its format says."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that exists.")] = False,
) -> None:
    """Write weights in the form of vgg16_weights.npz."""
    from nstgraph.networks import convert_weights
    from nstgraph.networks.weights_file import WeightsFile
    from nstgraph.value_checks import one_of

    fault = channels is not None and one_of("rgb", "bgr").fault(channels)
    if fault:
        raise ConfigError(f"channels {fault}")
    file = WeightsFile(source, values=channels and channels.upper())
    written = convert_weights.convert(file, target, layers, overwrite=overwrite)
    to_stdout(f"{target}  {' '.join(written)}\n")


@command(app)
def doctor(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A weights file of any format.")],
) -> None:
    """Say what a weights file is, in which order it has colours, and what it lacks."""
    from nstgraph.cli.tables import show_diagnosis
    from nstgraph.networks.weights_diagnosis import diagnose

    diagnosis = diagnose(file)
    show_diagnosis(file, diagnosis)
    if diagnosis.fault:
        raise WeightsError(diagnosis.fault)
