"""Session hooks: summaries, savers and a user's own hooks see each step of a search.

`Stepper` makes each step of a search a run of a session, which is what session hooks see; `StyleHook` is a hook that
is told of steps, and `SummaryHook` one that writes them for TensorBoard. Names are resolved at first use, since hooks
derive from TensorFlow's, which takes seconds to import.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nstgraph.hooks.stepper import Stepper, monitored
    from nstgraph.hooks.style_hook import StyleHook
    from nstgraph.hooks.summary_hook import SummaryHook

_HOMES = {"Stepper": "stepper", "StyleHook": "style_hook", "SummaryHook": "summary_hook", "monitored": "stepper"}

__all__ = ["Stepper", "StyleHook", "SummaryHook", "monitored"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'nstgraph.hooks' has no attribute {name!r}")
    return getattr(importlib.import_module(f"nstgraph.hooks.{_HOMES[name]}"), name)
