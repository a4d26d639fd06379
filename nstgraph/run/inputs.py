"""What a run is made of, from its settings: pictures, each read once, and a style graph."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np

from nstgraph.checkpoints.checkpoint import Checkpoint
from nstgraph.config import Config, TextureConfig
from nstgraph.errors import ConfigError, LossError
from nstgraph.graph.masks import Masks
from nstgraph.graph.objective import Objective
from nstgraph.graph.own_pictures import KeptPicture
from nstgraph.graph.style_graph import StyleGraph
from nstgraph.networks.find_weights import find_weights
from nstgraph.networks.graph_file import GraphFile
from nstgraph.networks.network import NetworkFile
from nstgraph.pictures.crop import Crop
from nstgraph.pictures.fit import aspect_of
from nstgraph.pictures.folder import without_folders
from nstgraph.pictures.load import Source, load
from nstgraph.pictures.picture import Picture, PictureSet
from nstgraph.planning.speed import native_precision
from nstgraph.run.read_masks import check_beside, masks_of
from nstgraph.settings.texture import sides

__all__ = ["check_sees_no_content", "check_styles", "graph_of", "kept_masks", "kept_pictures", "read_pictures"]


#: Least pixels on a side of the blank picture that a texture has for a photo; only its aspect counts.
_BLANK = 64


def read_pictures(
    config: Config,
    content: Source | None,
    style: Source | Sequence[Source],
    *,
    starts: Sequence[Source] | None = None,
) -> PictureSet:
    """Read the pictures of a run, each once, those of ``config.init`` included, and cut them as the settings say.

    Args:
        config: says at which sizes they will be used, and how much memory reading may take.
        content: a path, a PIL image, or an array (see `nstgraph.pictures.load.load`); None for a texture.
        style: one such, or a list of them; a folder stands for all pictures in it.
        starts: such that take the places of the files that ``config.init`` names.

    Raises:
        PictureError: a picture cannot be read, or is too small or too narrow.
        ConfigError: there is no style image, or no content, or there is some beside the settings of a texture; or
            settings or masks of styles are of another number.
    """
    styles: list[Source] = without_folders(list(style) if isinstance(style, list | tuple) else [cast(Source, style)])
    if not styles:
        raise ConfigError("no style image; give at least one")
    check_styles(config, len(styles))

    if (content is None) is not isinstance(config, TextureConfig):
        raise ConfigError(
            "there is no content image; give one, or make a texture: nstgraph texture, or nstgraph.texture"
            if content is None
            else "the settings are those of a texture, which has no content image; leave it out"
        )

    def read(source: Source) -> Picture:
        return load(source, memory=config.memory * 1e9 or None)

    crop = _crop(config)
    photo = _blank(config) if content is None else read(content)
    paintings = [read(source) for source in styles]
    check_beside(masks_of(config, len(styles)), photo.size, [one.size for one in paintings])
    photo = photo if content is None else crop.photo(photo)
    first = tuple(crop.photo(read(source)) for source in (config.starts if starts is None else starts))
    pictures = PictureSet(photo, tuple(map(crop.painting, paintings)), first, config.style_scale, config.fit)
    pictures.check(config.size)
    return pictures


def _blank(config: Config) -> Picture:
    """What a texture has for a photo: grey, of the texture's aspect."""
    assert isinstance(config, TextureConfig)
    width, height = sides(config.aspect)
    times = -(-_BLANK // min(width, height))
    if config.fit == "crop":
        width = height = 1
    return Picture(np.full((1, height * times, width * times, 3), 128, np.float32), None, "texture")


def check_sees_no_content(objective: Objective) -> None:
    """Raise LossError if a loss depends on a content image, which a texture does not have; names the term."""
    for label in objective.seeing(objective.graph.content):
        raise LossError(f"loss term {label!r} looks at the photo, and a texture has none; leave it out")


def check_styles(config: Config, count: int) -> None:
    """Raise ConfigError if there are not as many style images as settings say something of."""
    weights, scales = config.style_weights, config.style_scale
    images = f"{count} style image{'s' if count > 1 else ''}"
    if weights and len(weights) != count:
        raise ConfigError(f"style_weights has {len(weights)} shares for {images}; give one for each")
    if isinstance(scales, tuple) and len(scales) not in (1, count):
        raise ConfigError(f"style_scale has {len(scales)} numbers for {images}; give one for all, or one for each")


def kept_pictures(config: Config, checkpoint: Checkpoint) -> PictureSet:
    """The pictures of a run that goes on, with its settings.

    Raises:
        PictureError: one is too small or too narrow.
    """
    pictures = dataclasses.replace(checkpoint.pictures, style_scale=config.style_scale, fit=config.fit)
    pictures.check(config.size)
    return pictures


def kept_masks(checkpoint: Checkpoint) -> Masks:
    """Which of the kept pictures are which masks of a run that goes on.

    Raises:
        CheckpointError: that is damaged.
    """
    return Masks.from_json(checkpoint.about.get("masks"))


def graph_of(
    config: Config, styles: int = 1, kept: Sequence[KeptPicture] = (), masks: Masks | None = None
) -> StyleGraph:
    """A style graph of its own, with the network that the settings ask for.

    Args:
        config: the settings.
        styles: how many style images there are.
        kept: see `StyleGraph`.
        masks: in place of those that the settings name.

    Raises:
        WeightsError: the weights or the network's file cannot be found or used.
        ConfigError: the network's input is not clear, or settings of styles are of another number.
    """
    check_styles(config, styles)
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
        shares=config.style_weights,
        blending=config.blending,
        masks=masks_of(config, styles) if masks is None else masks,
        pooling=config.pooling,
        padding=config.padding,
        precision=precision,
        crop=_crop(config),
        kept=kept,
    )


def _crop(config: Config) -> Crop:
    return Crop(None if config.crop is None else aspect_of(config.crop), config.fit == "crop")
