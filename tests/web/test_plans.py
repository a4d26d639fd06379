"""Plans of requests: the same graph for another size, and memory that another run holds counts as free."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

from nstgraph.errors import NstgraphError
from nstgraph.run import stylizers
from nstgraph.run.stylizer import Stylizer
from nstgraph.web.plans import Plans
from nstgraph.web.request import PaintRequest


def test_another_size_is_planned_with_the_same_graph(
    request_of: Callable[..., PaintRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Stylizer] = []

    class Counted(Stylizer):
        def __init__(self, *args: object) -> None:
            super().__init__(*args)  # type: ignore[arg-type]
            made.append(self)

    monkeypatch.setattr(stylizers, "Stylizer", Counted)
    with contextlib.closing(Plans()) as plans:
        sizes = [plans.plan(request_of(size=size, steps=size)).stages[-1].width for size in (32, 40)]
        assert (sizes, len(made)) == ([32, 40], 1)
        with pytest.raises(NstgraphError, match=r"needs .* GB of memory"):
            plans.plan(request_of(size=32768, scales=1, loss=["content:layer=conv1_1", "laplacian"]))
        assert plans.plan(request_of(loss=["tv"])).steps == 4
        assert len(made) == 3
