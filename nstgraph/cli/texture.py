"""The command that makes a picture without a photo: ``texture``."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import typer

from nstgraph.cli import options, running
from nstgraph.cli.exit_codes import command
from nstgraph.cli.name_patterns import fields_of
from nstgraph.cli.output_options import Outputs
from nstgraph.config import TextureConfig
from nstgraph.workers.address import PATIENCE

__all__ = ["app"]

app = typer.Typer()

#: Stands for the photo in the names of files.
_NAME = Path("texture")

#: What says how something of the photo is kept.
_OF_PHOTO = {"keep_colors", "colors_by", "color_space", "crop", "content_strength"}

#: What a texture takes: all other settings, and all files.
_TAKEN = [
    field.name for of in (TextureConfig, Outputs) for field in dataclasses.fields(of) if field.name not in _OF_PHOTO
]


@command(app)
@options.takes(*_TAKEN, config=TextureConfig, outputs=Outputs)
def texture(
    styles: options.Styles,
    outputs: Outputs,
    config: TextureConfig,
    like: options.Like = None,
    config_file: options.ConfigFile = None,
    plugin: options.Plugins = None,
    workers: options.WorkerList = None,
    worker_timeout: options.Patience = PATIENCE,
    quiet: options.Quiet = False,
) -> None:
    """Make a picture in the manner of STYLE without a photo, which fits together with itself on all sides.

    For example: nstgraph texture painting.jpg -o out.png. Without -o, the file is STYLE-texture.png.
    """
    from nstgraph.cli.output_files import checked_files
    from nstgraph.pictures.folder import paths_without_folders

    helped = options.chosen_workers(workers, worker_timeout)
    paintings = paths_without_folders(styles)
    read, fields = [*paintings, like, config_file], fields_of(config, [_NAME, *styles])
    outputs, files = checked_files(config, outputs, [styles[0], _NAME], read, plugin, fields)
    options.load_plugins(plugin)
    running.run(config, [None, *paintings], outputs, files, quiet, helped)
