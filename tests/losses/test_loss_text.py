"""What `parse_loss` reads, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from nstgraph.errors import LossError
from nstgraph.losses.default_loss import DEFAULT_LOSS
from nstgraph.losses.loss import Loss
from nstgraph.losses.loss_text import as_loss, parse_loss
from nstgraph.losses.registry import registry


@pytest.mark.parametrize(
    ("texts", "python"),
    [
        ("tv", "tv()"),
        ("2*tv", "2 * tv()"),
        ("1e-3*tv", "0.001 * tv()"),
        ("1e+3*tv", "1000 * tv()"),
        ("-0.5*tv", "-0.5 * tv()"),
        ("0*tv", "0 * tv()"),
        ("tv:power=2,unit=1e2", "tv(power=2.0, unit=100.0)"),
        ("2*style:layers=conv1_1+pool3", "2 * style(layers=('conv1_1', 'pool3'))"),
        (" content\t2*tv\n", "content() + 2 * tv()"),
        (["content", "2*tv style", ""], "content() + 2 * tv() + style()"),
        (("tv", "tv:power=2"), "tv() + tv(power=2.0)"),
        ("histogram:bins=4", "histogram(bins=4)"),
    ],
)
def test_losses_as_text(texts: Any, python: str) -> None:
    assert repr(parse_loss(texts)) == repr(as_loss(texts)) == python
    assert parse_loss(iter([str(parse_loss(texts))])) == parse_loss(texts)


def test_default_stands_for_the_default_loss() -> None:
    usual = parse_loss(" ".join(DEFAULT_LOSS))
    assert len(usual.terms) == len(DEFAULT_LOSS) > 1
    assert parse_loss("default") == as_loss(DEFAULT_LOSS) == usual
    assert parse_loss("luminance 2*default tv") == parse_loss("luminance") + 2 * usual + parse_loss("tv")


def test_a_loss_is_a_loss() -> None:
    loss = parse_loss("2*tv")
    assert as_loss(loss) is loss and isinstance(loss, Loss)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("content 0.3*palette tv", "content tv photo_colors"),
        ("content tv", "content tv photo_colors"),
        ("palette 20*photo_colors:unit=5 tv", "20*photo_colors:unit=5 tv"),
    ],
)
def test_the_photos_colours_take_the_place_of_the_palette(loss: str, expected: str) -> None:
    kept = as_loss(loss, keep_colors=True)
    assert str(kept) == expected == str(as_loss(kept, keep_colors=True))
    assert str(as_loss(loss)) == loss


def test_a_bare_term_is_a_loss_with_its_defaults() -> None:
    tv, style = registry["tv"], registry["style"]
    assert as_loss(tv) == tv() == parse_loss("tv")
    assert 0.5 * tv + style == 0.5 * tv() + style() == parse_loss("0.5*tv style")
    assert tv + style() == tv + style == tv() + style


NO_TERMS = "the loss has no terms; name at least one, such as style"


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        *((texts, NO_TERMS) for texts in ("", " \n", [], ["", " "])),
        ("sytle", "no loss term 'sytle'; did you mean 'style'?"),
        ("tv qqq", "no loss term 'qqq'; choose from coherence, content, "),
        ("2*", "no loss term ''; choose from coherence, content, "),
        ("2*Default", "no loss term 'Default'"),
        ("*tv", "the weight in '*tv' takes a number, not ''"),
        ("2 * tv", "no loss term '2'"),
        ("two*tv", "the weight in 'two*tv' takes a number, not 'two'"),
        ("2*3*tv", "the weight in '2*3*tv' takes a number, not '2*3'"),
        *((f"{weight}*tv", f"the weight in '{weight}*tv' takes a number") for weight in ("nan", "inf", "1e999", "1,5")),
        ("tv:power", "cannot read 'power' in 'tv:power'; write parameter=value"),
        ("tv:power=2,", "cannot read '' in 'tv:power=2,'; write parameter=value"),
        ("tv:power=1,power=1", "'tv:power=1,power=1' gives 'power' twice; write values of a list with +"),
        ("style:layers=conv1_1,conv2_1", "cannot read 'conv2_1' in 'style:layers=conv1_1,conv2_1'"),
        ("tv:=1", "term 'tv' has no parameter ''"),
        ("tv:powr=1", "term 'tv' has no parameter 'powr'; did you mean 'power'?"),
        ("tv:power=", "tv:power takes a number, not ''"),
        ("tv:power=1:2", "tv:power takes a number, not '1:2'"),
        ("content+style", "'content+style' joins terms by +; give each its own -l, or write a space between them"),
        (5, "5 is not a loss; write one as text, such as 'content 2*style', or add terms up"),
        (["tv", 5], "['tv', 5] is not a loss; write one as text"),
        ([10**5000], "<list> is not a loss; write one as text"),  # which Python does not write out
        ("default:power=1", "'default' has no parameters, but 'default:power=1' gives some; name the term instead"),
    ],
)
def test_texts_that_are_no_loss(texts: Any, message: str) -> None:
    with pytest.raises(LossError) as raised:
        parse_loss(texts)
    assert str(raised.value).startswith(message) and "\n" not in str(raised.value)
