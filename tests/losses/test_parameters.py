"""What a term's signature says about its parameters."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from nstgraph.errors import PluginError
from nstgraph.losses.loss import LossTerm
from nstgraph.losses.parameters import REQUIRED, parameters_of

if TYPE_CHECKING:
    from nstgraph import StyleGraph, View


def annotated(
    g: StyleGraph,
    mask: Path,
    kind: Literal["a", "b"] = "a",
    *,
    share: float | None = None,
    names: list[str] = [],  # noqa: B006
    implied=0.5,
    several=(1, 2),
    optional: int = None,  # noqa: RUF013 - as others write it
    plain,
): ...


def test_types_come_from_annotations_or_defaults() -> None:
    parameters = parameters_of(annotated, "mine")
    assert {name: parameter.type.words for name, parameter in parameters.items()} == {
        "mask": "a path", "kind": "one of a, b", "share": "a number or none", "names": "texts joined by +",
        "implied": "a number", "several": "whole numbers joined by +", "optional": "a whole number or none",
        "plain": "text",
    }  # fmt: skip
    assert [name for name, parameter in parameters.items() if parameter.default is REQUIRED] == ["mask", "plain"]


def test_what_is_given_in_advance_can_still_be_set() -> None:
    partial = functools.partial(annotated, mask=Path("m.png"))
    assert parameters_of(partial, "mine")["mask"].default == Path("m.png")


def unknown(g, options: dict[str, int]): ...
def either(g, value: int | str): ...
def nothing(g, value=None): ...
def absent(g, view: View): ...
def many(g, *args): ...
def more(g, **options): ...
def positional(g, value, /): ...
def without(): ...
def named(*, g): ...


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (
            unknown,
            r"parameter 'options' of loss term 'mine' is of type dict\[str, int\]; use bool, int, float, str, Path",
        ),
        (either, r"parameter 'value' of loss term 'mine' is of type int \| str; use"),
        (nothing, "parameter 'value' of loss term 'mine' is of type NoneType; use"),
        (absent, r"parameter 'view' .* has a type that does not exist when it is run \(name 'View' is not defined\)"),
        (many, "parameter 'args' .* cannot be given by name; write every parameter out"),
        (more, "parameter 'options' .* cannot be given by name"),
        (positional, "parameter 'value' .* cannot be given by name"),
        (without, r"loss term 'mine' takes no graph; write def mine\(g, \.\.\.\)"),
        (named, "loss term 'mine' takes no graph"),
        (3, "loss term 'mine' is not a function"),
    ],
)
def test_what_cannot_be_written_as_text_is_refused_when_it_is_registered(
    function: Callable[..., Any], message: str
) -> None:
    with pytest.raises(PluginError, match=message):
        LossTerm("mine", function, "here")
