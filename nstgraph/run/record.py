"""What is recorded of a run: settings, versions and hashes, for its result and for its checkpoints."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import scipy

from nstgraph import __version__
from nstgraph._tf import tf
from nstgraph.config import Config
from nstgraph.losses.loss import Loss
from nstgraph.losses.loss_text import as_loss
from nstgraph.losses.registry import plugin_files
from nstgraph.networks.network import Network
from nstgraph.networks.weights_file import hash_of
from nstgraph.planning.plan import Plan

__all__ = ["made_of", "settings_of"]


def settings_of(config: Config, loss: Loss, network: Network) -> dict[str, Any]:
    """All that a result depends on, but the pictures; of files, their names alone."""
    return {
        **_given(config),
        "precision": network.dtype.name,
        "loss": str(loss),
        "init": os.path.basename(config.init),
        "weights": None if config.network else network.path.name,
        "network": network.path.name if config.network else None,
        "weights_sha256": network.sha256,
        "nstgraph": __version__,
        "tensorflow": tf.__version__,
        "scipy": scipy.__version__,
    }


def made_of(config: Config, network: Network, plan: Plan) -> dict[str, Any]:
    """What a checkpoint says of a run, beside its pictures: what it takes to begin it once more, and the plan."""
    loss, source = as_loss(config.loss), "weights" if config.network is None else "network"
    paths = {"init": str(config.init), source: str(network.path.resolve())}
    return {
        "nstgraph": __version__,
        "config": {**_given(config), "loss": str(loss), **paths},
        "sha256": network.sha256,
        "plugins": {file: hash_of(Path(file)) for file in plugin_files(loss)},
        "size": plan.stages[-1].size,
        "steps": plan.steps,
        "seconds": plan.seconds,
        "memory": plan.memory,
    }


def _given(config: Config) -> dict[str, Any]:
    return {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
