"""A run that is kept in a folder on its way, and goes on from there if it had been begun before."""

from __future__ import annotations

import contextlib
import math
import shutil
from collections.abc import Iterator
from pathlib import Path

from nstgraph.checkpoints.checkpoint import Checkpoint
from nstgraph.checkpoints.state_files import RUN
from nstgraph.errors import CheckpointError
from nstgraph.pictures.picture import PictureSet
from nstgraph.planning.plan import Plan
from nstgraph.run.record import made_of
from nstgraph.run.stylizer import Stylizer

__all__ = ["kept"]

#: Of a picture that is planned to take less than so many seconds, only what each size has come to is kept: a search
#: that was cut off is made again as it was, where one that is gone on with would end elsewhere.
_SHORT = 120.0


@contextlib.contextmanager
def kept(folder: Path, stylizer: Stylizer, plan: Plan, pictures: PictureSet) -> Iterator[Checkpoint | None]:
    """The checkpoint of a run, from which it goes on if it had been begun; None if there can be none.

    Args:
        folder: of the checkpoint, which need not exist; the folder around it has to.
        stylizer: that the run is made with.
        plan: of the run.
        pictures: that it is made from.
    """
    try:
        checkpoint = _checkpoint(folder, stylizer, plan, pictures) if folder.parent.is_dir() else None
    except (CheckpointError, OSError):  # nothing can be kept there, or a process that was given up is still at it
        checkpoint = None
    if checkpoint is None:
        yield None
        return
    if plan.seconds < _SHORT:
        checkpoint.every(math.inf)
    with checkpoint:
        yield checkpoint


def _checkpoint(folder: Path, stylizer: Stylizer, plan: Plan, pictures: PictureSet) -> Checkpoint:
    if (folder / RUN).exists() and not Checkpoint.in_use(folder):
        with contextlib.suppress(CheckpointError):
            return Checkpoint.open(folder)
        shutil.rmtree(folder)
    about = made_of(stylizer.config, stylizer.graph, plan)
    return Checkpoint.create(folder, about, pictures, stylizer.graph.pictures.kept)
