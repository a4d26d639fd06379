"""A run of the command line on a page, beside its display."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nstgraph.cli.output_options import Outputs
from nstgraph.cli.progress import Display

if TYPE_CHECKING:
    from nstgraph.checkpoints.checkpoint import Checkpoint
    from nstgraph.pictures.picture import PictureSet
    from nstgraph.planning.plan import Plan
    from nstgraph.run.stylizer import Stylizer
    from nstgraph.search.step import StepCallback

__all__ = ["check_page", "on_a_page"]


def check_page(outputs: Outputs) -> None:
    """Raise ConfigError, before any work, if a page is wanted and Gradio is missing."""
    if outputs.web:
        from nstgraph.web.serve import check_gradio

        check_gradio()


@contextlib.contextmanager
def on_a_page(
    outputs: Outputs,
    stylizer: Stylizer,
    plan: Plan,
    pictures: PictureSet,
    checkpoint: Checkpoint | None,
    display: Display,
) -> Iterator[StepCallback | None]:
    """What lets a page show the run, whose address the display says; None if none is wanted."""
    if not outputs.web:
        yield None
        return
    from nstgraph.web.serve import serving
    from nstgraph.web.watched import Watched

    before = checkpoint.state.history if checkpoint is not None and checkpoint.state is not None else ()
    watched = Watched(stylizer, plan, pictures, tuple(before))
    with serving(watched, port=0) as address:
        display.note(f"watch it on {address}", always=True)
        yield watched
    display.note(f"pictures for the page took {watched.share:.1%} of the search's time")
