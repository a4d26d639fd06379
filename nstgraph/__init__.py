"""Neural style transfer as an explicit TensorFlow graph, with loss terms as plugins.

Importing this package does not import TensorFlow, nor anything else that takes time: names are resolved at first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from nstgraph._tf import tf
    from nstgraph.config import Config, TextureConfig, VideoConfig
    from nstgraph.errors import Interrupted, LossError, NstgraphError
    from nstgraph.graph.evaluator import Evaluator
    from nstgraph.graph.masks import Masks, Region
    from nstgraph.graph.objective import Objective
    from nstgraph.graph.part import Part
    from nstgraph.graph.style_graph import StyleGraph
    from nstgraph.graph.style_matching import Target
    from nstgraph.graph.view import View
    from nstgraph.losses.loss import Loss, LossTerm
    from nstgraph.losses.loss_text import parse_loss
    from nstgraph.losses.registry import loss_term
    from nstgraph.pictures.load import Source
    from nstgraph.pictures.metadata import read_settings
    from nstgraph.run.animation import Animation
    from nstgraph.run.map import map
    from nstgraph.run.result import Result
    from nstgraph.run.stylize import rerun, resume, stylize, texture
    from nstgraph.run.stylizer import Stylizer
    from nstgraph.run.sweep import sweep
    from nstgraph.search.search import Search
    from nstgraph.search.step import Step
    from nstgraph.tiles.tiled_evaluator import TiledEvaluator
    from nstgraph.video.stylize_video import stylize_video
    from nstgraph.workers.workers import Workers

_HOMES = {
    "tf": "_tf",
    "Config": "config",
    "TextureConfig": "config",
    "VideoConfig": "config",
    "stylize_video": "video.stylize_video",
    "Stylizer": "run.stylizer",
    "rerun": "run.stylize",
    "resume": "run.stylize",
    "stylize": "run.stylize",
    "map": "run.map",
    "sweep": "run.sweep",
    "texture": "run.stylize",
    "Interrupted": "errors",
    "LossError": "errors",
    "NstgraphError": "errors",
    "Masks": "graph.masks",
    "Part": "graph.part",
    "Region": "graph.masks",
    "StyleGraph": "graph.style_graph",
    "Target": "graph.style_matching",
    "View": "graph.view",
    "Loss": "losses.loss",
    "LossTerm": "losses.loss",
    "Evaluator": "graph.evaluator",
    "Objective": "graph.objective",
    "Search": "search.search",
    "Step": "search.step",
    "loss_term": "losses.registry",
    "parse_loss": "losses.loss_text",
    "read_settings": "pictures.metadata",
    "Animation": "run.animation",
    "Result": "run.result",
    "Source": "pictures.load",
    "TiledEvaluator": "tiles.tiled_evaluator",
    "Workers": "workers.workers",
}

_MODULES = ("contrib", "hooks", "testing")

__all__ = [
    "Animation",
    "Config",
    "Evaluator",
    "Interrupted",
    "Loss",
    "LossError",
    "LossTerm",
    "Masks",
    "NstgraphError",
    "Objective",
    "Part",
    "Region",
    "Result",
    "Search",
    "Source",
    "Step",
    "StyleGraph",
    "Stylizer",
    "Target",
    "TextureConfig",
    "TiledEvaluator",
    "VideoConfig",
    "View",
    "Workers",
    "loss_term",
    "map",
    "parse_loss",
    "read_settings",
    "rerun",
    "resume",
    "stylize",
    "stylize_video",
    "sweep",
    "texture",
    "tf",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"nstgraph.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'nstgraph' has no attribute {name!r}")
    return getattr(importlib.import_module(f"nstgraph.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})
