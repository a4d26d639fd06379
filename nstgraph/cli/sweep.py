"""The command ``nstgraph sweep``."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nstgraph.cli import options, running
from nstgraph.cli.exit_codes import command
from nstgraph.cli.interruptions import deaf
from nstgraph.cli.output_options import OFF, STDOUT, Outputs
from nstgraph.cli.printing import say, stderr_held_back, to_stderr
from nstgraph.config import Config
from nstgraph.errors import ConfigError, NstgraphError
from nstgraph.losses.quoting import parted, unquoted
from nstgraph.messages import did_you_mean
from nstgraph.value_checks import value_from_text

if TYPE_CHECKING:
    from nstgraph.run.sweep import Variant

__all__ = ["app", "parse_vary"]

app = typer.Typer()


@command(app)
@options.takes(config=Config)
def sweep(
    content: options.Content,
    styles: options.Styles,
    config: Config,
    vary: Annotated[
        list[str],
        typer.Option(
            metavar="NAME=VALUE,...",
            help="A setting and its values, such as style_scale=0.5,1,2; may be given for a second one. Values with "
            "commas stand in quotes: loss='tv:power=2,form=sum','content style'.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="A new folder for the results and their sheet.")
    ] = Path("nstgraph-sweep"),
    like: options.Like = None,
    config_file: options.ConfigFile = None,
    preset: options.PresetName = None,
    plugin: options.Plugins = None,
    quiet: options.Quiet = False,
) -> None:
    """Stylise CONTENT with every combination of the values of one or two settings, and lay a contact sheet of them.

    For example: nstgraph sweep photo.jpg painting.jpg --vary style_scale=0.5,1,2 --vary steps=50,200 --size 256
    """
    from nstgraph.files import new_folder
    from nstgraph.run.preset_weights import with_weights_of

    options.load_plugins(plugin)
    if preset is not None:
        config = with_weights_of(preset, config)
    sources = [content, *styles]
    rows = _checked(config, vary, sources)
    folder = new_folder(output)
    try:
        failed = _stylise_all(rows, sources, folder, quiet)
    finally:
        with deaf():
            _write_sheet(rows, folder, quiet)
    if failed:
        raise NstgraphError(f"{failed} of {sum(map(len, rows))} failed; see above")


def parse_vary(texts: Sequence[str]) -> dict[str, list[Any]]:
    """Values of settings by name, from texts such as ``style_scale=0.5,1,2``.

    A value that is not of its setting's kind stays text, which `Config` will refuse.

    Raises:
        ConfigError: a text is none, or a setting does not exist or is given twice.
        LossError: a quote is not closed.
    """
    vary: dict[str, list[Any]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals:
            raise ConfigError(f"cannot read {text!r}; write a setting and its values, such as style_scale=0.5,1,2")
        if name not in Config.__dataclass_fields__:
            raise ConfigError(f"no setting {name!r}{did_you_mean(name, Config.__dataclass_fields__)}")
        if name in vary:
            raise ConfigError(f"{name} is given twice; write all of its values after one --vary, with commas")
        vary[name] = [value_from_text(Config, name, unquoted(value)) for value in parted(values, ",")]
    return vary


def _checked(config: Config, vary: Sequence[str], sources: Sequence[Path]) -> list[list[Variant]]:
    """The combinations, of which each has settings and pictures that can be used."""
    from nstgraph.run.sweep import check_variants, variants

    if STDOUT in sources:
        raise ConfigError("a sweep reads its pictures for each result; save standard input as a file, and name that")
    rows = variants(config, parse_vary(vary))
    with stderr_held_back():
        check_variants(rows, sources[0], sources[1:])
    return rows


def _stylise_all(rows: Sequence[Sequence[Variant]], sources: Sequence[Path], folder: Path, quiet: bool) -> int:
    """Write a picture for each combination; what fails is said, and counted."""
    from nstgraph.cli.output_files import OutputFiles

    count, failed = sum(map(len, rows)), 0
    for number, variant in enumerate(itertools.chain(*rows), 1):
        if not quiet:
            to_stderr(f"{number} of {count}: {variant}")
        outputs = Outputs(folder / f"{variant.name}.png", checkpoint=OFF)
        try:
            running.run(variant.config, sources, outputs, OutputFiles(outputs, sources), quiet)
        except NstgraphError as error:
            failed += 1
            say(f"{variant}: {error}")
    return failed


def _write_sheet(rows: Sequence[Sequence[Variant]], folder: Path, quiet: bool) -> None:
    """Write the contact sheet of what there is; a folder in which there is nothing is taken away."""
    from nstgraph.pictures.save import save
    from nstgraph.run.sweep import sheet

    picture = sheet(rows, folder)
    if picture is None:
        with contextlib.suppress(OSError):
            folder.rmdir()
        return
    path = save(folder / "sheet.png", picture)
    if not quiet:
        to_stderr(f"wrote {path}, and the results beside it")
