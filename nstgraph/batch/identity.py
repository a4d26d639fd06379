"""Whether a result is that of a job: by the hashes of pictures and weights, and the settings, that it carries."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nstgraph.batch.job import Job
from nstgraph.config import Config
from nstgraph.errors import NstgraphError
from nstgraph.graph.masks import Masks
from nstgraph.hashes import hash_of
from nstgraph.losses.loss import Loss
from nstgraph.losses.loss_text import as_loss
from nstgraph.losses.registry import plugin_files
from nstgraph.networks.find_weights import find_weights
from nstgraph.pictures.metadata import read_settings
from nstgraph.run.read_masks import masks_of
from nstgraph.run.record import settings_known

__all__ = ["Identities"]

#: What may differ: limits of the machine, and names of files that are known by their hashes.
_PASSED_OVER = ("memory", "tile", "weights", "network")


class Identities:
    """What jobs are known by; each file is read once."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._own: dict[tuple[Config, int], frozenset[str]] = {}
        self._of_masks: dict[tuple[Config, int], Masks] = {}

    def key(self, job: Job) -> str:
        """64 hexadecimal digits that are another job's as soon as its pictures, settings or weights are others.

        Raises:
            NstgraphError, OSError: one of its files cannot be read.
        """
        loss = _loss(job.config)
        whole = [self._wanted(job, loss), sorted(self._of_own(job, loss))]
        return hashlib.sha256(json.dumps(whole, sort_keys=True, default=str).encode()).hexdigest()

    def is_done(self, job: Job) -> bool:
        """Whether the job's target is there, and is what the job would make."""
        if not job.target.is_file():
            return False
        try:
            recorded = read_settings(job.target)
            loss = _loss(job.config)
            wanted = json.loads(json.dumps(self._wanted(job, loss), default=str))
            own = self._of_own(job, loss)
            return _recorded(recorded, wanted) == wanted and {one["sha256"] for one in recorded["pictures"]} <= own
        except (NstgraphError, OSError, KeyError, TypeError):  # of a file that is not ours, or pictures that are gone
            return False

    def weights(self, config: Config) -> str:
        """SHA-256 of the weights, or of the network, that settings would take."""
        return self._hash(find_weights(config.weights).path if config.network is None else config.network)

    def _wanted(self, job: Job, loss: Loss) -> dict[str, Any]:
        settings = settings_known(job.config, loss)
        if settings["precision"] == "auto":
            del settings["precision"]
        return {
            **{name: value for name, value in settings.items() if name not in _PASSED_OVER},
            "weights_sha256": self.weights(job.config),
            "content": self._hash(job.content),
            "styles": [self._hash(style) for style in job.styles],
            "starts": [self._hash(start) for start in job.config.starts],
            "masks": [record.sha256 for record in self._masks(job).records],
            "plugins": [self._hash(file) for file in plugin_files(loss)],
        }

    def _of_own(self, job: Job, loss: Loss) -> frozenset[str]:
        """Hashes of the pictures that terms may ask for: masks, and what the loss names."""
        key = job.config, len(job.styles)
        if key not in self._own:
            masks = self._masks(job)
            pictures = [masks.content_strength, *(region.mask for region in masks.regions)]
            pictures += [mask for region in masks.regions for mask in region.styles.values()]
            hashes = {one.record.sha256 for one in pictures if one is not None}  # type: ignore[union-attr]
            named = [value for term in loss.terms for value in term.parameters.values()]
            paths = [path for value in named for path in (value if isinstance(value, tuple) else [value])]
            hashes |= {self._hash(path) for path in paths if isinstance(path, Path) and path.is_file()}
            self._own[key] = frozenset(hashes)
        return self._own[key]

    def _masks(self, job: Job) -> Masks:
        key = job.config, len(job.styles)
        if key not in self._of_masks:
            self._of_masks[key] = masks_of(*key)
        return self._of_masks[key]

    def _hash(self, path: str | os.PathLike[str]) -> str:
        name = os.fspath(path)
        if name not in self._files:
            self._files[name] = hash_of(name)
        return self._files[name]


def _loss(config: Config) -> Loss:
    return as_loss(config.loss, keep_colors=config.colors_are_searched)


def _recorded(settings: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What a result carries of what is wanted; of files, their hashes."""
    found = {name: settings.get(name) for name in wanted}
    found["content"] = (settings["content"] or {}).get("sha256")
    for name in ("styles", "starts", "masks", "plugins"):
        found[name] = [record["sha256"] for record in settings[name]]
    return found
