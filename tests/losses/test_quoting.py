"""Whatever a parameter's value is, a loss's text can say it."""

from __future__ import annotations

import enum
import tempfile
from pathlib import Path
from typing import Any, Literal

import hypothesis.configuration
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nstgraph.errors import LossError
from nstgraph.losses.loss import LossTerm
from nstgraph.losses.loss_text import parse_loss
from nstgraph.losses.quoting import Bare, Quoted, parted, quoted, value_of
from nstgraph.losses.registry import Registry, registry

# It looks for a folder of its own as soon as it is asked for a case, and would make one in the current folder.
hypothesis.configuration.set_hypothesis_home_dir(tempfile.gettempdir())


class Kind(enum.Enum):
    """Values that are written alike, like a name, or like None; and one that needs quotes."""

    ONE = 1
    TEXT = "1"
    NAMED = "ONE"
    NOTHING = None
    LIST = (1, 2)
    BLANK = "a, b+c"


Words = Literal["none", "a b", "a+b", "it's", 3, True]


def probe(
    g: Any,
    text: str = "",
    maybe: str | None = None,
    path: Path = Path("a"),
    place: Path | None = None,
    kind: Kind = Kind.ONE,
    choice: Kind | None = None,
    word: Words = 3,
    option: Words | None = None,
    texts: tuple[str, ...] = (),
    paths: list[Path] | None = None,
    kinds: tuple[Kind, ...] = (),
    pair: tuple[str, float] = ("", 0.0),
    on: bool | None = None,
    share: float | None = None,
    count: int = 0,
) -> Any:
    """A parameter of each type."""


@pytest.fixture
def term(fresh: Registry) -> LossTerm:
    return fresh.add(probe)


TEXT = st.one_of(
    st.text(),
    st.text(alphabet="'\"+, =:*\\\n\tnoe", max_size=8),
    st.sampled_from(["none", "None", "true", "'none'", "", " "]),
)
WORD = st.sampled_from(["none", "a b", "a+b", "it's", 3, True])
FINITE = st.floats(allow_nan=False, allow_infinity=False)
PARAMETERS = st.fixed_dictionaries({}, optional={
    "text": TEXT, "maybe": st.none() | TEXT, "path": TEXT.map(Path), "place": st.none() | TEXT.map(Path),
    "kind": st.sampled_from(Kind), "choice": st.none() | st.sampled_from(Kind), "word": WORD,
    "option": st.none() | WORD, "texts": st.lists(TEXT, max_size=3).map(tuple),
    "paths": st.none() | st.lists(TEXT.map(Path), max_size=2), "kinds": st.lists(st.sampled_from(Kind), max_size=3),
    "pair": st.tuples(TEXT, FINITE), "on": st.none() | st.booleans(), "share": st.none() | FINITE,
    "count": st.integers(),
})  # fmt: skip


def check_round_trip(term: LossTerm, parameters: dict[str, Any], weight: float) -> None:
    loss = weight * term(**parameters) + registry["tv"]()
    assert parse_loss(str(loss)) == parse_loss(map(str, loss.terms)) == loss
    assert hash(parse_loss(str(loss))) == hash(loss) and str(parse_loss(str(loss))) == str(loss)


@pytest.mark.parametrize("count", [150, pytest.param(5000, marks=pytest.mark.slow)])
def test_what_a_loss_writes_is_read_as_that_loss(term: LossTerm, count: int) -> None:
    @settings(max_examples=count, derandomize=True, database=None, deadline=None)
    @given(PARAMETERS, FINITE)
    def check(parameters: dict[str, Any], weight: float) -> None:
        check_round_trip(term, parameters, weight)

    check()


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"path": Path("my mask, v1+2.png")}, "probe:path='my mask, v1+2.png'"),
        ({"path": Path("C:/a=b:c*d")}, "probe:path=C:/a=b:c*d"),
        ({"text": "it's"}, "probe:text=it's"),
        ({"text": "it's his"}, 'probe:text="it\'s his"'),
        ({"text": "'a'"}, "probe:text=\"'a'\""),
        ({"text": "'a' \"b\""}, "probe:text='''a'' \"b\"'"),
        ({"text": "a='b"}, 'probe:text="a=\'b"'),
        ({"text": ""}, "probe:text="),
        ({"text": "none", "maybe": "none"}, "probe:text=none,maybe='none'"),
        ({"maybe": None}, "probe:maybe=none"),
        ({"place": Path("None")}, "probe:place='None'"),
        ({"texts": ("a+b", "c", "")}, "probe:texts='a+b'+c+''"),
        ({"texts": ()}, "probe:texts="),
        ({"paths": ["none"]}, "probe:paths='none'"),
        ({"kinds": [Kind.ONE, Kind.TEXT, Kind.LIST, Kind.BLANK]}, "probe:kinds=1+TEXT+'1+2'+'a, b+c'"),
        ({"option": "none", "word": "none"}, "probe:option='none',word=none"),
    ],
)
def test_quotes_are_written_where_they_are_needed_and_nowhere_else(
    term: LossTerm, parameters: dict[str, Any], text: str
) -> None:
    assert str(term(**parameters)) == text
    assert parse_loss([f"tv {text}", text]) == registry["tv"]() + term(**parameters) + term(**parameters)
    check_round_trip(term, parameters, 0.25)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'a b'", "a b"), ('"a b"', "a b"), ("'it''s'", "it's"), ('"say ""a"""', 'say "a"'), ("a'b", "a'b"),
        ("''", ""), ("''''", "'"), ("a\"", 'a"'), ("'\n'", "\n"), ("'a=\"b'", 'a="b'),
    ],
)  # fmt: skip
@pytest.mark.parametrize("where", ["probe:text={}", "tv 2*probe:count=3,text={},share=1 tv", "  probe:text={}\n"])
@pytest.mark.usefixtures("term")
def test_quotes_within_any_text(text: str, value: str, where: str) -> None:
    (found,) = [term for term in parse_loss(where.format(text)).terms if term.term.name == "probe"]
    assert found.parameters["text"] == value and type(found.parameters["text"]) is str
    assert ("share" in found.parameters) == ("share" in where)


def test_none_is_text_in_python_where_text_may_be_given_and_else_what_it_is_in_text(term: LossTerm) -> None:
    assert term(maybe="none", place="none", share="none", on="None").terms[0].parameters == {
        "maybe": "none", "place": Path("none"), "share": None, "on": None
    }  # fmt: skip
    read = parse_loss("probe:maybe=none,place=None,share=none").terms[0].parameters
    assert read == {"maybe": None, "place": None, "share": None}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("probe:text='my mask", "the quote in \"'my\" is not closed; end it with ', or write '' for one"),
        ('probe:texts=a+"b', 'the quote in \'"b\' is not closed; end it with ", or write "" for one'),
        ("probe:text='", 'the quote in "\'" is not closed; '),
        ("probe:text='a'b", "'b' follows a closing quote in \"'a'b\"; write '' for one within"),
        ("probe:text='a'+b", "probe:text takes text, not ('a', 'b')"),
        ("probe:share='none'", "probe:share takes a number, not 'none'"),
        ("probe:kind='1+3'", "probe:kind takes one of ONE, TEXT, none, 1+2, a, b+c, 1, not '1+3'; did you mean"),
    ],
)
@pytest.mark.usefixtures("term")
def test_quotes_that_say_nothing(text: str, message: str) -> None:
    with pytest.raises(LossError) as raised:
        parse_loss(text)
    assert str(raised.value).startswith(message) and "\n" not in str(raised.value)


def test_parts_are_outside_quotes() -> None:
    assert parted("a='b, c',d,e=\"f,\"", ",") == ["a='b, c'", "d", 'e="f,"']
    assert parted("a'b,c'd", ",") == ["a'b", "c'd"] and parted("", ",") == [""]
    assert value_of("a+b") == Bare("a+b") and value_of("'a+b'") == Quoted("a+b") and value_of("a+'b'") == ("a", "b")
    assert [quoted(text) for text in ("a", "a b", "it's", "'", "a\u00a0b")] == [
        "a", "'a b'", "it's", '"\'"', "'a\u00a0b'"
    ]  # fmt: skip
