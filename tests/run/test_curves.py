"""Loss curves, drawn by matplotlib."""

from __future__ import annotations

import sys

import pytest
from PIL import Image

from nstgraph.errors import ConfigError, OutputError
from nstgraph.run.curves import _drawn, check_curves, save_curves
from nstgraph.search.step import Step


def steps(*terms, sizes=(24, 48)):
    return [
        Step(number, 10 / number, {term: 1 / number for term in terms}, sizes[number > 5], 2 * sizes[number > 5])
        for number in range(1, 11)
    ]


def test_every_term_and_the_total_are_drawn_over_the_steps():
    axes = _drawn(steps("style", "_mine", "a$b$c")).axes[0]
    assert axes.get_yscale() == "log"
    drawn = {line.get_label().strip(): line for line in axes.lines if line.get_linestyle() == "-"}
    assert sorted(drawn) == ["_mine", "a\\$b\\$c", "style", "total"]
    assert list(drawn["total"].get_xdata()) == list(range(1, 11))
    assert list(drawn["style"].get_ydata()) == [1 / number for number in range(1, 11)]
    assert [text.get_text().strip() for text in axes.get_legend().get_texts()] == [*drawn]


def test_changes_of_size_are_marked():
    axes = _drawn(steps("style")).axes[0]
    assert [(note.get_text(), note.xy[0]) for note in axes.texts] == [("48×24", 0.5), ("96×48", 5.5)]
    assert [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == ":"] == [5.5]


def test_what_has_no_logarithm_is_drawn_where_it_can_be():
    zero = [Step(number, 1.0, {"never": 0.0, "late": float(number > 3)}, 24, 24) for number in range(1, 6)]
    assert _drawn(zero).axes[0].get_yscale() == "log"
    negative = [Step(number, 1.0, {"below": -1e-30 * number, "far": -5.0}, 24, 24) for number in range(1, 6)]
    axes = _drawn(negative).axes[0]
    assert axes.get_yscale() == "symlog" and axes.get_ylim()[0] < -5
    odd = [Step(1, float("nan"), {"odd": float("inf")}, 24, 24)]
    assert _drawn(odd).axes[0].get_yscale() == "linear"


@pytest.mark.parametrize(
    ("suffix", "history"),
    [
        (".png", []),
        (".png", steps("style")[:1]),
        (".png", steps(*(f"t{i}" for i in range(40)))),
        (".SVG", steps("style")),
        (".pdf", steps("style")),
    ],
)
def test_the_same_steps_give_the_same_file(tmp_path, suffix, history):
    one, other = (save_curves(tmp_path / f"{name}{suffix}", history) for name in "ab")
    assert one.read_bytes()[:5] in (b"\x89PNG\r", b"<?xml", b"%PDF-")
    if suffix != ".SVG":  # whose identifiers are drawn by chance
        assert one.read_bytes() == other.read_bytes()
    if suffix == ".png":
        with Image.open(one) as image:
            assert image.size == (1000 if len(history) < 2 or len(history[0].terms) < 22 else 1200, 600)


def test_what_is_wrong_is_said_before_anything_is_drawn(tmp_path, monkeypatch):
    with pytest.raises(OutputError, match=r"cannot write curves as .*a\.jpg; end its name in \.png or \.svg or \.pdf"):
        check_curves(tmp_path / "a.jpg")
    (tmp_path / "old.png").write_text("precious")
    with pytest.raises(OutputError, match=r"old\.png exists"):
        save_curves(tmp_path / "old.png", steps("style"))
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ConfigError, match=r'curves need matplotlib: python -m pip install "nstgraph\[plots\]"'):
        check_curves(tmp_path / "a.png")
    assert [path.name for path in tmp_path.iterdir()] == ["old.png"]


def test_a_setting_of_matplotlib_s_that_cannot_be_met_is_one_line(tmp_path):
    import matplotlib

    with (
        matplotlib.rc_context({"axes.prop_cycle": "cycler('marker', ['no such marker'])"}),
        pytest.raises(OutputError, match="the curves cannot be drawn"),
    ):
        save_curves(tmp_path / "a.png", steps("style"))


def test_pyplot_is_left_alone(tmp_path):
    before = "matplotlib.pyplot" in sys.modules
    save_curves(tmp_path / "a.png", steps("style"))
    if before:
        assert sys.modules["matplotlib.pyplot"].get_fignums() == []
    else:
        assert "matplotlib.pyplot" not in sys.modules
