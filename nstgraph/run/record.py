"""What is recorded of a run: settings, versions and hashes, for its result and for its checkpoints."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nstgraph import __version__
from nstgraph.config import Config, TextureConfig
from nstgraph.graph.style_graph import StyleGraph
from nstgraph.hashes import hash_of
from nstgraph.losses.loss import Loss, WeightedTerm
from nstgraph.losses.loss_text import as_loss
from nstgraph.losses.plugin_file import plugin_record
from nstgraph.losses.registry import plugin_files
from nstgraph.pictures.picture import Picture, PictureSet
from nstgraph.pictures.start import renamed
from nstgraph.planning.plan import Plan
from nstgraph.run.versions import versions
from nstgraph.settings.masks import NO_MASK

__all__ = ["made_from", "made_of", "settings_known", "settings_of"]


def settings_of(config: Config, loss: Loss, graph: StyleGraph) -> dict[str, Any]:
    """All that a result depends on, but its pictures; of weights and networks, the files' names alone."""
    network = graph.network
    return {
        **settings_known(config, loss),
        "precision": network.dtype.name,
        "weights": None if config.network else network.path.name,
        "network": network.path.name if config.network else None,
        "weights_sha256": network.sha256,
        "pictures": [own.record for own in graph.pictures],
        "masks": [record.as_json() for record in graph.masks.records],
        "plugins": [plugin_record(file).as_json() for file in plugin_files(loss)],
        **versions(),
    }


def settings_known(config: Config, loss: Loss) -> dict[str, Any]:
    """What is recorded of the settings themselves, before there is a graph; files by their names alone."""
    init = renamed(config.init, os.path.basename)
    return {**_given(config), "loss": str(loss), "init": init, **_masks(config, os.path.basename)}


def made_from(config: Config, pictures: PictureSet) -> dict[str, Any]:
    """What a result says of its pictures: each as a path, as it was given, and a hash.

    ``content`` is the photo, which a texture has not, ``styles`` the paintings, ``starts`` the pictures that
    ``init`` names.
    """
    return {
        "content": None if isinstance(config, TextureConfig) else pictures.content.record.as_json(),
        "styles": [style.record.as_json() for style in pictures.styles],
        "starts": [start.record.as_json() for start in pictures.starts],
    }


def made_of(config: Config, graph: StyleGraph, plan: Plan) -> dict[str, Any]:
    """What a checkpoint says of a run, beside its pictures: what it takes to begin it once more, and the plan."""
    network = graph.network
    loss, source = _from_anywhere(as_loss(config.loss)), "weights" if config.network is None else "network"
    paths = {"init": str(config.init), source: str(network.path.resolve())}
    return {
        "nstgraph": __version__,
        "config": {**_given(config), "loss": str(loss), **_masks(config, os.path.abspath), **paths},
        "sha256": network.sha256,
        "pictures": [own.record for own in graph.pictures],
        "masks": graph.masks.as_json(),
        "plugins": {file: hash_of(Path(file)) for file in plugin_files(loss)},
        "size": plan.stages[-1].size,
        "steps": plan.steps,
        "seconds": plan.seconds,
        "memory": plan.memory,
    }


def _masks(config: Config, name: Callable[[Any], str]) -> dict[str, Any]:
    """The settings that name masks, each by a name, which of what is no file is the picture's own."""

    def named(mask: Any) -> str:
        return mask.name if isinstance(mask, Picture) else mask if mask == NO_MASK else name(mask)

    strength = config.content_strength
    return {
        "mask": [*map(named, config.mask)],
        "style_mask": [*map(named, config.style_mask)],
        "content_strength": None if strength is None else named(strength),
    }


def _given(config: Config) -> dict[str, Any]:
    """The settings as they are read again, with lists for tuples."""
    values = {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
    given = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    return {**given, "color_space": config.chosen_space}


def _from_anywhere(loss: Loss) -> Loss:
    """A loss whose files are found from every folder; pictures that are no files have names by which they differ."""
    arrays: list[Picture] = []

    def absolute(value: Any) -> Any:
        if isinstance(value, Picture):
            if all(value is not array for array in arrays):
                arrays.append(value)
            return Path(f"{value.name}-{next(n for n, array in enumerate(arrays, 1) if array is value)}")
        if isinstance(value, tuple):
            return tuple(map(absolute, value))
        return value.absolute() if isinstance(value, Path) else value

    def with_paths(one: WeightedTerm) -> WeightedTerm:
        return dataclasses.replace(one, parameters={name: absolute(value) for name, value in one.parameters.items()})

    return Loss(tuple(map(with_paths, loss.terms)))
