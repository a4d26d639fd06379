"""The settings of a run that goes on, perhaps on another machine: as they were, but for what belongs to the machine."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nstgraph.config import Config, TextureConfig
from nstgraph.errors import CheckpointError, ConfigError
from nstgraph.hashes import with_hash
from nstgraph.messages import did_you_mean
from nstgraph.networks.find_weights import candidates

__all__ = ["MACHINE", "resumed"]

#: Settings that may differ where a run goes on, as the picture does not depend on them: limits, and where files are.
MACHINE = ("memory", "tile", "weights", "network")


def resumed(about: Mapping[str, Any], **machine: Any) -> Config:
    """The settings of a run.

    Args:
        about: what its checkpoint says of it.
        machine: those of ``MACHINE`` that are not to be the default's: limits that are not given are this machine's,
            and a file that is not given is looked for where it was, and where weights are looked for.

    Raises:
        CheckpointError: it is damaged, of another version, or the weights are not found.
        ConfigError: a setting is out of range, or not one of ``MACHINE``.
    """
    for name in machine:
        if name not in MACHINE:
            raise ConfigError(f"{name} cannot be given to a run that goes on{did_you_mean(name, MACHINE)}")
    config, sha256 = about.get("config"), about.get("sha256")
    kind = TextureConfig if isinstance(config, dict) and "aspect" in config else Config
    names = {field.name for field in dataclasses.fields(kind)}
    if not isinstance(config, dict) or not isinstance(sha256, str) or set(config) != names:
        version = f"{about.get('nstgraph')!s:.20}"
        raise CheckpointError(f"the checkpoint is damaged, or of another version, {version}; resume it with that one")
    settings = {**config, **{name: getattr(Config, name) for name in MACHINE}, **machine}
    source = "weights" if config["network"] is None else "network"
    settings[source] = str(_find(source, sha256, config[source], machine.get(source)))
    return kind(**settings)


def _find(source: str, sha256: str, was: Any, given: str | os.PathLike[str] | None) -> Path:
    """The file of weights, or of a network, with that hash."""
    places = [Path(given)] if given is not None else list(_places(source, was))
    found = with_hash(sha256, places)
    if found is not None:
        return found
    which = f"{given} is not the file" if given is not None else f"the file of {was} was not found, or is another now"
    raise CheckpointError(f"{which}; give the one with the SHA-256 {sha256[:12]}... as --{source}")


def _places(source: str, was: Any) -> Iterator[Path]:
    if isinstance(was, str):
        yield Path(was)
    if source == "weights":
        yield from (candidate.path for candidate in candidates())
