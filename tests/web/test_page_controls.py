"""Controls: terms and presets as a page offers them, and the loss that they stand for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nstgraph.errors import LossError
from nstgraph.losses.default_loss import DEFAULT_LOSS
from nstgraph.losses.registry import registry
from nstgraph.pictures.load import Source
from nstgraph.web.controls import chosen, loss_texts, presets, terms


def test_untouched_controls_stand_for_the_default_loss() -> None:
    found = chosen()
    assert found is not None
    assert loss_texts(*found) == DEFAULT_LOSS
    offered = {one.name: one for one in terms()}
    assert [offered[name].weight for name in ("content", "moments", "palette")] == [0.25, 1.0, 0.2]
    texts = {one.name: {each.name: each.text for each in one.parameters} for one in terms()}
    assert loss_texts({one.name: one.weight for one in terms()}, texts) == DEFAULT_LOSS


def test_every_term_has_its_help_and_its_parameters() -> None:
    for one in terms():
        assert one.help == registry[one.name].doc
        assert {each.name for each in one.parameters} <= set(registry[one.name].parameters)
    assert "temporal" not in [one.name for one in terms()], "it needs pictures"


def test_plugins_are_offered_without_what_may_name_a_file(registered: Callable[..., None]) -> None:
    def mine(g: Any, power: float = 2.0, note: str = "a") -> Any:
        """Mine."""

    def of_a_file(g: Any, table: Path = Path("a")) -> Any: ...
    def of_a_picture(g: Any, other: Source | None = None) -> Any: ...
    def of_text(g: Any, note: str) -> Any: ...

    for function in (mine, of_a_file, of_a_picture, of_text):
        registered(function)
    offered = {one.name: one for one in terms()}
    assert [each.name for each in offered["mine"].parameters] == ["power"]
    assert not {"of_a_file", "of_a_picture", "of_text"} & offered.keys()
    assert loss_texts({"mine": 0.5}, {"mine": {"power": "3"}}) == ("0.5*mine:power=3",)


def test_a_weight_of_0_leaves_a_term_out_and_a_value_that_does_not_fit_is_refused() -> None:
    assert loss_texts({"tv": 0.5, "content": 0.0}, {"tv": {"power": "1.5", "unit": ""}}) == ("0.5*tv:power=1.5",)
    with pytest.raises(LossError, match="takes a number"):
        loss_texts({"tv": 1.0}, {"tv": {"power": "much"}})
    with pytest.raises(LossError, match="no terms"):
        loss_texts({"tv": 0.0}, {})


@pytest.mark.parametrize("loss", ["tv 0.5*tv:power=2", "1..0.1*content", "9*tv", "-1*tv"])
def test_what_controls_cannot_stand_for_is_none(loss: str) -> None:
    assert chosen(loss) is None


def test_presets_whose_weights_are_here() -> None:
    assert "thushv" in dict(presets())
