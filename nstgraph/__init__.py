"""Neural style transfer as an explicit TensorFlow graph, with loss terms as plugins.

Importing this package does not import TensorFlow, nor anything else that takes time: names are resolved at first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from nstgraph._tf import tf
    from nstgraph.config import Config
    from nstgraph.engine import Stylizer, stylize
    from nstgraph.errors import Interrupted, LossError, NstgraphError
    from nstgraph.evaluator import Evaluator
    from nstgraph.graph import StyleGraph
    from nstgraph.loss import Loss, LossTerm
    from nstgraph.objective import Objective
    from nstgraph.optimize import Search, Step
    from nstgraph.registry import loss_term, parse_loss
    from nstgraph.result import Result
    from nstgraph.tiled import TiledEvaluator
    from nstgraph.view import View

_HOMES = {
    "tf": "_tf",
    "Config": "config",
    "Stylizer": "engine",
    "stylize": "engine",
    "Interrupted": "errors",
    "LossError": "errors",
    "NstgraphError": "errors",
    "StyleGraph": "graph",
    "View": "view",
    "Loss": "loss",
    "LossTerm": "loss",
    "Evaluator": "evaluator",
    "Objective": "objective",
    "Search": "optimize",
    "Step": "optimize",
    "loss_term": "registry",
    "parse_loss": "registry",
    "Result": "result",
    "TiledEvaluator": "tiled",
}

_MODULES = ("contrib", "testing", "train")

__all__ = [
    "Config",
    "Evaluator",
    "Interrupted",
    "Loss",
    "LossError",
    "LossTerm",
    "NstgraphError",
    "Objective",
    "Result",
    "Search",
    "Step",
    "StyleGraph",
    "Stylizer",
    "TiledEvaluator",
    "View",
    "loss_term",
    "parse_loss",
    "stylize",
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
