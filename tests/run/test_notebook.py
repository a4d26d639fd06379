"""The bar of a notebook, outside of one; `tests/acceptance/test_example_notebook.py` sees it in one."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from nstgraph import Config, stylize
from nstgraph.errors import ConfigError
from nstgraph.run.notebook import both, in_notebook, progress_bar
from nstgraph.search.step import Step

PIXELS = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
TINY = Config(size=32, steps=2, scales=1, loss="tv:power=2", precision="float32")


@pytest.mark.parametrize("imported", [True, False])
def test_there_is_none_where_there_is_no_kernel(imported: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    if imported:
        pytest.importorskip("IPython")
    assert not in_notebook()
    assert progress_bar(10) is None and progress_bar(10, False) is None
    assert ("IPython" in sys.modules) == imported
    with pytest.raises(ConfigError, match=r"^progress is shown in notebooks; elsewhere leave it out, and give a callb"):
        progress_bar(10, True)


def test_a_run_is_silent_unless_asked(capfd: pytest.CaptureFixture[str]) -> None:
    stylize(PIXELS, PIXELS[::-1], TINY)
    stylize(PIXELS, PIXELS[::-1], TINY, progress=False)
    assert "step" not in capfd.readouterr().out
    with pytest.raises(ConfigError, match="progress is shown in notebooks"):
        stylize(PIXELS, PIXELS[::-1], TINY, progress=True)


def test_both_callbacks_are_called_in_turn() -> None:
    called = []
    step = Step(1, 2.0, {"tv": 2.0}, 32, 32)

    def named(name: str) -> Any:
        return lambda step, image: called.append((name, step)) or {name: 2.0}

    one, two = named("one"), named("two")
    assert both(one, two)(step, PIXELS) == {"two": 2.0}  # type: ignore[misc]
    assert called == [("one", step), ("two", step)]
    assert both(one, None) is one and both(None, two) is two and both(None, None) is None
