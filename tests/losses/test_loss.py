from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from nstgraph.errors import LossError
from nstgraph.losses.loss import Loss, LossTerm, WeightedTerm
from nstgraph.losses.loss_text import parse_loss
from nstgraph.losses.parameter_types import text_of
from nstgraph.losses.registry import Registry, registry
from nstgraph.terms.content import content
from nstgraph.terms.style import style
from nstgraph.terms.tv import tv

if TYPE_CHECKING:
    from nstgraph import StyleGraph


def _every_kind(
    g: StyleGraph,
    layer: str,
    *,
    on: bool = False,
    count: int = 3,
    share=0.5,
    names: tuple[str, ...] = (),
    sizes=(1, 2),
    nothing=(),
) -> Any:
    """Summary.

    More.
    """


every_kind = LossTerm("every_kind", _every_kind, __name__)


@pytest.fixture
def known(fresh: Registry) -> None:
    """Make ``every_kind`` a term that texts can name, for as long as the test runs."""
    assert fresh.add(_every_kind, "every_kind") == every_kind


def summands(loss: Loss) -> list[tuple[float, str]]:
    return [(term.weight, term.term.name) for term in loss.terms]


def test_terms_add_and_scale_from_both_sides() -> None:
    loss = content() + 4 * (0.5 * style() + tv() * 3) * 0.25
    assert summands(loss) == [(1.0, "content"), (0.5, "style"), (3.0, "tv")]
    assert summands(-1 * tv()) == [(-1.0, "tv")] and summands(0 * tv()) == [(0.0, "tv")]
    assert summands(sum([content(), 2 * tv(), style()])) == [(1.0, "content"), (2.0, "tv"), (1.0, "style")]


def test_a_bare_term_is_the_loss_of_its_defaults() -> None:
    assert content + 2 * tv == content() + 2 * tv() == content() + tv * 2
    assert summands(tv() + style) == summands(sum([tv, style])) == [(1.0, "tv"), (1.0, "style")]


def test_losses_are_values() -> None:
    half = tv(power=2)
    whole = 2 * half
    assert summands(half) == [(1.0, "tv")] and summands(whole) == [(2.0, "tv")]
    assert 0.5 * whole == half != whole
    assert half + whole != whole + half and tv(power=2) == tv(power="2.0") != tv(power=3)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: tv() + 1,
        lambda: 1 + tv(),
        lambda: tv() + "content",
        lambda: tv() * tv(),
        lambda: tv() * "2",
        lambda: "2" * tv(),
        lambda: tv + 1,
        lambda: 1 + tv,
        lambda: tv * tv,
    ],
)
def test_arithmetic_that_means_nothing(wrong: Callable[[], Any]) -> None:
    with pytest.raises(TypeError):
        wrong()


@pytest.mark.parametrize(
    ("python", "text"),
    [
        ("content()", "content"),
        ("0.05 * tv(power=1.5)", "0.05*tv:power=1.5"),
        ("-1e-09 * tv(form='squared', power=1e-07)", "-1e-09*tv:form=squared,power=1e-07"),
        ("1e+20 * tv(unit=1e+20)", "1e+20*tv:unit=1e20"),
        ("style(blend=()) + style(blend=(0.25,))", "style:blend= style:blend=0.25"),
        ("style(layers=('conv1_1', 'pool2'), blend=(1e+16, 0.1))", "style:layers=conv1_1+pool2,blend=1e16+0.1"),
        ("content() + 100 * style(layers=('conv1_1',)) + 0.5 * tv()", "content 100*style:layers=conv1_1 0.5*tv"),
        ("every_kind(layer='pool5', on=True, count=-4, share=2.0)",
         "every_kind:layer=pool5,on=True,count=-4,share=2"),
        ("3 * every_kind(layer='pool5', on=False, names=('a', 'b'), sizes=(7,))",
         "3*every_kind:layer=pool5,on=False,names=a+b,sizes=7"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("known")
def test_repr_is_python_and_str_is_the_command_line(python: str, text: str) -> None:
    scope = {"content": content, "style": style, "tv": tv, "every_kind": every_kind}
    loss = eval(python, scope)
    assert repr(loss) == python and str(loss) == text
    assert parse_loss(text) == loss and parse_loss(str(2 * loss)) == 2 * loss == eval(repr(2 * loss), scope)


def test_text_of_values() -> None:
    values = ["a", 1.5, 1e20, 1e-20, True, ("a", "b"), [1e20, 2], ()]
    assert [text_of(value) for value in values] == ["a", "1.5", "1e20", "1e-20", "True", "a+b", "1e20+2", ""]


def test_weights_are_written_without_the_dust_of_floating_point() -> None:
    assert repr(3 * (0.1 * tv())) == "0.3 * tv()" and str(1.1 * (1.1 * tv())) == "1.21*tv"


def test_labels_are_names_and_numbered_when_a_term_is_used_again() -> None:
    loss = tv() + content() + 2 * tv() + 3 * tv()
    assert [(label, term.weight) for label, term in loss.labelled().items()] == [
        ("tv", 1.0), ("content", 1.0), ("tv_1", 2.0), ("tv_2", 3.0),
    ]  # fmt: skip


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0)])
def test_no_term_is_lost_when_one_has_the_name_of_anothers_label(order: tuple[int, ...]) -> None:
    parts = [tv(), 2 * tv(), 3 * LossTerm("tv_1", _every_kind, "here")(layer="conv1_1")]
    labelled = sum((parts[i] for i in order), Loss(())).labelled()
    assert [term.weight for term in labelled.values()] == [i + 1.0 for i in order]


def test_labels_differ_in_more_than_case_since_tensorflow_takes_such_names_for_the_same() -> None:
    upper = LossTerm("TV", lambda g: None, "here")
    assert list((tv() + upper() + tv()).labelled()) == ["tv", "TV_1", "tv_2"]


def test_a_docstring_is_the_functions() -> None:
    bare = LossTerm("bare", lambda graph, plain, number=1: None, "here")
    assert (every_kind.doc, bare.doc) == ("Summary.\n\nMore.", "")


def test_parameters_are_converted_and_only_those_given_are_kept() -> None:
    (term,) = every_kind(layer="conv1_2", share="2", sizes="3+4", names=["x"], on="yes").terms
    converted = {"layer": "conv1_2", "share": 2.0, "sizes": (3, 4), "names": ("x",), "on": True}
    assert term == WeightedTerm(1.0, every_kind, converted)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "term 'every_kind' needs its parameter 'layer': every_kind:layer=..."),
        ({"count": 1}, "term 'every_kind' needs its parameter 'layer': every_kind:layer=..."),
        ({"layers": "pool1"}, "term 'every_kind' has no parameter 'layers'; did you mean 'layer'?"),
        ({"xyz": 1}, "term 'every_kind' has no parameter 'xyz'; choose from count, layer, names, nothing, on, share, "
                     "sizes"),
        ({"g": 1}, "term 'every_kind' has no parameter 'g'; choose from count, layer, names, nothing, on, share, "
                   "sizes"),
        ({"layer": 4}, "every_kind:layer takes text, not 4"),
        ({"layer": "pool1", "on": "perhaps"}, "every_kind:on takes true or false, not 'perhaps'"),
        ({"layer": "pool1", "count": 1.5}, "every_kind:count takes a whole number, not 1.5"),
        ({"layer": "pool1", "share": "half"}, "every_kind:share takes a number, not 'half'"),
        ({"layer": "pool1", "sizes": "1+b"}, "every_kind:sizes takes a whole number, not 'b'"),
    ],
)  # fmt: skip
def test_parameters_that_do_not_fit(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(LossError) as raised:
        every_kind(**parameters)
    assert str(raised.value) == message


def test_a_term_without_parameters_says_so() -> None:
    with pytest.raises(LossError, match=r"^term 'bare' has no parameter 'power'$"):
        LossTerm("bare", lambda graph: None, "here")(power=1)


@pytest.mark.parametrize(
    "name", ["coherence", "content", "moments", "palette", "photo_colors", "pixel_range", "style", "tv"]
)
def test_defaults_of_the_built_in_terms_have_the_kind_that_is_documented(name: str) -> None:
    term = registry[name]
    defaults = {key: parameter.default for key, parameter in term.parameters.items()}
    (checked,) = term(**defaults).terms
    assert dict(checked.parameters) == defaults
    assert all(f"\n{key}" in term.doc or f", {key}" in term.doc for key in defaults)


def test_a_weight_may_be_a_range():
    content, tv = registry["content"], registry["tv"]
    loss = content(layer="conv1_1") * (1, 0.1) + (2, 0.5) * tv()
    assert str(loss) == "1..0.1*content:layer=conv1_1 2..0.5*tv" and parse_loss(str(loss)) == loss
    assert repr(loss) == "(1, 0.1) * content(layer='conv1_1') + (2, 0.5) * tv()"
    assert str(2 * loss) == "2..0.2*content:layer=conv1_1 4..1*tv"
    assert str((1, 0) * (3 * tv() + content())) == "3..0*tv 1..0*content"
    assert parse_loss("1...5*tv") == (1, 0.5) * tv()
    assert str(parse_loss("1..0.5*default")).startswith("0.25..0.125*content")
    assert loss.weights_at(0, 3) == {"content": 1, "tv": 2}
    assert loss.weights_at(1, 3) == pytest.approx({"content": 0.1**0.5, "tv": 1})
    assert loss.weights_at(0, 1) == loss.weights_at(2, 3) == pytest.approx({"content": 0.1, "tv": 0.5})
    assert (-1, 1) * tv() == parse_loss("-1..1*tv") and ((-1, 1) * tv()).weights_at(1, 3) == {"tv": 0}
    assert (tv() + content()).weights_at(0, 2) == {}


@pytest.mark.parametrize("text", ["1..*tv", "..1*tv", "1..2..3*tv", "1..nan*tv", "..*tv"])
def test_a_range_that_is_none_is_refused(text):
    with pytest.raises(LossError, match="takes a number"):
        parse_loss(text)


@pytest.mark.parametrize("factor", [(1, 2, 3), (1,), ("1", "2"), None])
def test_a_loss_is_multiplied_by_numbers_alone(factor):
    with pytest.raises(TypeError):
        registry["tv"]() * factor
