"""What a run is made of, from its settings: pictures, each read once, and a style graph."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from nstgraph.checkpoints.checkpoint import Checkpoint
from nstgraph.config import Config
from nstgraph.errors import ConfigError
from nstgraph.graph.own_pictures import KeptPicture
from nstgraph.graph.style_graph import StyleGraph
from nstgraph.networks.find_weights import find_weights
from nstgraph.networks.graph_file import GraphFile
from nstgraph.networks.network import NetworkFile
from nstgraph.pictures.crop import middle_square
from nstgraph.pictures.load import Source, load
from nstgraph.pictures.picture import Picture, PictureSet
from nstgraph.planning.speed import native_precision

__all__ = ["graph_of", "kept_pictures", "read_pictures"]


def read_pictures(config: Config, content: Source, style: Source | Sequence[Source]) -> PictureSet:
    """Read the pictures of a run, each once, that of ``config.init`` included, and cut them if ``config.fit`` says so.

    Args:
        config: says at which sizes they will be used, and how much memory reading may take.
        content: a path, a PIL image, or an array (see `nstgraph.pictures.load.load`).
        style: one such, or a list of them.

    Raises:
        PictureError: a picture cannot be read, or is too small or too narrow.
        ConfigError: there is no style image.
    """
    styles: list[Source] = list(style) if isinstance(style, list | tuple) else [cast(Source, style)]
    if not styles:
        raise ConfigError("no style image; give at least one")

    def read(source: Source) -> Picture:
        picture = load(source, memory=config.memory * 1e9 or None)
        return middle_square(picture) if config.fit == "crop" else picture

    photo, *paintings = map(read, (content, *styles))
    start = None if config.start is None else read(config.start)
    pictures = PictureSet(photo, tuple(paintings), start, config.style_scale, config.fit)
    pictures.check(config.size)
    return pictures


def kept_pictures(config: Config, checkpoint: Checkpoint) -> PictureSet:
    """The pictures of a run that goes on, with its settings.

    Raises:
        PictureError: one is too small or too narrow.
    """
    pictures = dataclasses.replace(checkpoint.pictures, style_scale=config.style_scale, fit=config.fit)
    pictures.check(config.size)
    return pictures


def graph_of(config: Config, styles: int = 1, kept: Sequence[KeptPicture] = ()) -> StyleGraph:
    """A style graph of its own, with the network that the settings ask for.

    Raises:
        WeightsError: the weights or the network's file cannot be found or used.
        ConfigError: the network's input is not clear.
    """
    file: NetworkFile
    if config.network is not None:
        file, precision = GraphFile(Path(config.network), config.input, config.input_values), "float32"
    else:
        file = find_weights(config.weights)
        # Which precision is faster is measured, and so not the same each time.
        fastest = "float32" if config.deterministic or config.precision != "auto" else native_precision()
        precision = fastest if config.precision == "auto" else config.precision
    return StyleGraph(
        file,
        styles=styles,
        pooling=config.pooling,
        padding=config.padding,
        precision=precision,
        crop=config.fit == "crop",
        kept=kept,
    )
