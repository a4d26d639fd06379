"""A picture or a texture in one call, going on with one that was not finished, and making one again."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from nstgraph.checkpoints.checkpoint import Checkpoint
from nstgraph.checkpoints.resumed import resumed
from nstgraph.config import Config, TextureConfig
from nstgraph.errors import ConfigError
from nstgraph.pictures.load import Source
from nstgraph.run.inputs import kept_masks, kept_pictures, read_pictures
from nstgraph.run.notebook import both, progress_bar
from nstgraph.run.preset_weights import with_weights_of
from nstgraph.run.record import made_of
from nstgraph.run.repetition import Repetition
from nstgraph.run.result import Result
from nstgraph.run.stylizer import Stylizer
from nstgraph.search.step import StepCallback
from nstgraph.workers.workers import Workers

__all__ = ["rerun", "resume", "stylize", "texture"]


def stylize(
    content: Source,
    style: Source | Sequence[Source],
    config: Config | None = None,
    *,
    preset: str | None = None,
    callback: StepCallback | None = None,
    progress: bool | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    workers: Workers | None = None,
    **settings: Any,
) -> Result:
    """Paint ``content`` in the manner of ``style``.

        nstgraph.stylize("photo.jpg", "painting.jpg", size=512, loss="content 2*style").save("out.png")

    Args:
        content: a path, a PIL image, an array or a tensor (see `nstgraph.pictures.load.load`).
        style: one such, or a list of them; a folder stands for all pictures in it.
        config: settings; the defaults if not given.
        preset: name of a preset, whose settings take the place of ``config``; see `nstgraph.presets`.
        callback: called after each step with its `Step` and the current image [1, height, width, 3], 0..255, read-only;
            it is the search's, which has no colours where these are kept by luminance.
        progress: whether to show a bar below the cell of a notebook; None is where there is one.
        checkpoint: a new folder in which the run is kept every half minute, for `resume`; it stays, to be deleted.
        workers: servers that compute tiles; the log ``nstgraph`` says if one is lost.
        settings: single settings of `Config` by name, which win over ``config`` and ``preset``.

    Raises:
        NstgraphError: bad input, with one line that says what to do.
        RunError: something failed on the way, the callback included; its ``result`` is the best so far.
        Interrupted: Ctrl-C; its ``result`` is the best so far.
    """
    if preset is None:
        chosen = (config or Config()).replace(**settings)
    elif config is None:
        chosen = with_weights_of(preset, Config.preset(preset, **settings))
    else:
        raise ConfigError("config and preset are both given; give single settings beside preset, and leave config out")
    return _made(chosen, content, style, callback, progress, checkpoint, workers)


def texture(
    style: Source | Sequence[Source],
    config: TextureConfig | None = None,
    *,
    callback: StepCallback | None = None,
    progress: bool | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    workers: Workers | None = None,
    **settings: Any,
) -> Result:
    """Make a picture of nothing but the manner of ``style``, which fits together with itself on all sides.

        nstgraph.texture("painting.jpg", size=1024, aspect="2:1").save("out.png")

    Gatys, Ecker & Bethge, "Texture Synthesis Using Convolutional Neural Networks" (2015). The search starts from seeded
    noise. With ``padding="reflect"`` the picture has edges.

    Args:
        style: a path, a PIL image, an array or a tensor; or a list of them; a folder stands for all pictures in it.
        config: settings; the defaults if not given. `TextureConfig.from_settings` takes those of a `Result`.
        callback, progress, checkpoint, workers: as for `stylize`.
        settings: single settings of `TextureConfig` by name, which win over ``config``.

    Raises:
        NstgraphError, RunError, Interrupted: as for `stylize`; LossError if a term looks at the photo.
    """
    chosen = TextureConfig() if config is None else config
    if not isinstance(chosen, TextureConfig):
        raise ConfigError("config is that of a picture with a photo; give a TextureConfig, or single settings")
    return _made(chosen.replace(**settings), None, style, callback, progress, checkpoint, workers)


def _made(
    config: Config,
    content: Source | None,
    style: Source | Sequence[Source],
    callback: StepCallback | None,
    progress: bool | None,
    checkpoint: str | os.PathLike[str] | None,
    workers: Workers | None,
) -> Result:
    pictures = read_pictures(config, content, style)
    with contextlib.ExitStack() as closing:
        there = (workers or Workers()).answering()
        stylizer = closing.enter_context(Stylizer(config, len(pictures.styles), workers=there))
        plan, kept = stylizer.plan(pictures), None
        shown = both(progress_bar(plan.steps, progress), callback)
        if checkpoint is not None:
            about, own = made_of(config, stylizer.graph, plan), stylizer.graph.pictures.kept
            kept = closing.enter_context(Checkpoint.create(Path(checkpoint), about, pictures, own))
        return stylizer(pictures, plan=plan, callback=shown, checkpoint=kept)


def resume(
    checkpoint: str | os.PathLike[str],
    *,
    callback: StepCallback | None = None,
    progress: bool | None = None,
    **machine: Any,
) -> Result:
    """Go on with a run that was kept in a folder and did not end, here or on another machine.

    Loss terms that are not nstgraph's own must have been registered before, as for the run's beginning. A run that had
    ended, by its callback, say, gives its picture again.

    Args:
        checkpoint: the folder.
        callback, progress: as for `stylize`.
        machine: settings that may differ here: ``memory``, ``tile``, and ``weights`` or ``network`` if the file is
            elsewhere.

    Raises:
        CheckpointError: there is no run in the folder, it is damaged or in use, or its weights are not found.
        NstgraphError, Interrupted: as for `stylize`.
    """
    with Checkpoint.open(Path(checkpoint)) as kept:
        config = resumed(kept.about, **machine)
        pictures = kept_pictures(config, kept)
        with Stylizer(config, len(pictures.styles), kept=kept.own, masks=kept_masks(kept)) as stylizer:
            plan = stylizer.plan(pictures)
            shown = both(progress_bar(plan.steps, progress), callback)
            return stylizer(pictures, plan=plan, callback=shown, checkpoint=kept)


def rerun(
    result: str | os.PathLike[str],
    *,
    content: Source | None = None,
    style: Source | Sequence[Source] = (),
    init: Source | Sequence[Source] = (),
    mask: Source | Sequence[Source] = (),
    plugins: Sequence[str | os.PathLike[str]] = (),
    callback: StepCallback | None = None,
    progress: bool | None = None,
    **machine: Any,
) -> Result:
    """Make a result again, from what its file says: the same picture, with the same programs on the same machine.

        nstgraph.rerun("out.png").save("again.png")

    Content, styles, starting image and masks are looked for at their recorded paths, beside the file, and in the
    working folder, by name, and taken only if their hashes are right; weights by their hash as ever. What a callback
    did is done again: the weights that it changed, and the step at which it, or Ctrl-C, ended the run. Loss terms that
    are neither nstgraph's own nor those of plugin files must have been registered before. Warnings say why the picture
    may differ.

    Args:
        result: a PNG or TIFF of nstgraph's.
        content, style, init, mask: pictures that are not found, one or several: paths or arrays, known by their hashes.
        plugins: the plugin files that it needs, which are code: they are run if they are those that it was made with.
        callback, progress: as for `stylize`; weights that the callback returns do not count.
        machine: settings that may differ here, as for `resume`.

    Raises:
        ConfigError: a picture or the weights are not found, or are others than those that it was made from.
        PluginError: a plugin file is not given, or is another one.
        NstgraphError, Interrupted: as for `stylize`.
    """
    given = {"styles": style, "inits": init, "masks": mask}
    listed = {name: one if isinstance(one, list | tuple) else [cast(Source, one)] for name, one in given.items()}
    again = Repetition(result, content=content, **listed, plugins=plugins, **machine)
    with Stylizer(again.config, len(again.pictures.styles)) as stylizer:
        plan = stylizer.plan(again.pictures)
        replay = again.begin(stylizer, plan)
        for note in again.notes:
            warnings.warn(f"{result}: {note}", stacklevel=2)
        shown = both(both(progress_bar(plan.steps, progress), callback), replay)
        return stylizer(again.pictures, plan=plan, callback=shown)
