"""What a process does for one picture of a batch: bytes in, bytes out, so that it may be on another machine."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nstgraph.config import Config
from nstgraph.errors import NstgraphError, WeightsError
from nstgraph.memory import available_memory
from nstgraph.pictures.load import load_bytes
from nstgraph.pictures.picture import PictureSet
from nstgraph.pictures.save import encode
from nstgraph.run.inputs import read_pictures
from nstgraph.run.kept import kept
from nstgraph.run.stylizer import Stylizer
from nstgraph.run.stylizers import Stylizers
from nstgraph.search.step import StepCallback

__all__ = ["Outcome", "Parcel", "planned_memory", "work"]


@dataclass(frozen=True)
class Parcel:
    """All that a picture is made from. Other files, such as weights and masks, are named by the settings.

    Attributes:
        pictures: the photo, then the paintings: paths as they were given, and the files' bytes.
        config: all settings.
        weights_sha256: of the weights, or the network, that are to be used.
        checkpoint: a folder in which the run is kept on its way, if the folder around it is there.
    """

    pictures: tuple[tuple[str, bytes], ...]
    config: Config
    weights_sha256: str
    checkpoint: Path


@dataclass(frozen=True)
class Outcome:
    """What has come of it.

    Attributes:
        picture: the bytes of a PNG; empty if there is none.
        losses: of the last step, by the label of the term, and ``total``.
        steps: how many were taken.
        seconds: that it took.
        fault: why there is no picture, in one line.
    """

    picture: bytes = b""
    losses: Mapping[str, float] = field(default_factory=dict)
    steps: int = 0
    seconds: float = 0.0
    fault: str = ""


def work(
    parcel: Parcel, stylizers: Stylizers, callback: StepCallback | None = None, *, share: float = math.inf
) -> Outcome:
    """Make a picture. nstgraph's own errors become an outcome, as another try would end alike.

    Args:
        parcel: what it is made from.
        stylizers: this process's.
        callback: called after each step.
        share: most bytes that this process may take, beside others on the same machine.

    Raises:
        KeyboardInterrupt: Ctrl-C; what was reached is in the checkpoint.
    """
    began = time.perf_counter()
    try:
        pictures, stylizer = _opened(parcel, stylizers)
        if stylizer.graph.network.sha256 != parcel.weights_sha256:
            raise WeightsError(f"{stylizer.graph.network.path} is not the weights file that the batch was begun with")
        plan = stylizer.plan(pictures, reserved=max(0.0, stylizer.cost.process + available_memory() - share))
        with kept(parcel.checkpoint, stylizer, plan, pictures) as checkpoint:
            result = stylizer(pictures, plan=plan, callback=callback, checkpoint=checkpoint)
            data = encode(result.image, alpha=result.alpha, metadata=result.metadata, profile=result.profile)
            if checkpoint is not None:
                checkpoint.remove()
    except NstgraphError as error:
        return Outcome(seconds=time.perf_counter() - began, fault=str(error))
    last = result.history[-1] if result.history else None
    losses = {**last.terms, "total": last.total} if last else {}
    return Outcome(data, losses, len(result.history), time.perf_counter() - began)


def planned_memory(parcel: Parcel, stylizers: Stylizers) -> float:
    """Bytes that a process takes that makes the picture with all the memory that is free.

    Raises:
        NstgraphError: it cannot be made.
    """
    pictures, stylizer = _opened(parcel, stylizers)
    return stylizer.plan(pictures).memory


def _opened(parcel: Parcel, stylizers: Stylizers) -> tuple[PictureSet, Stylizer]:
    content, *styles = (load_bytes(data, path) for path, data in parcel.pictures)
    pictures = read_pictures(parcel.config, content, styles)
    return pictures, stylizers.get(parcel.config, len(styles))
