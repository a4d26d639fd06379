"""What the page's controls hold, and the requests that they stand for."""

from __future__ import annotations

import pytest

from nstgraph.config import Config
from nstgraph.errors import NstgraphError
from nstgraph.web.controls import presets
from nstgraph.web.form import OWN, names, of_preset, of_request, parameter_key, request_of, weight_key
from nstgraph.web.page_files import kept


@pytest.fixture
def values(photo, painting, tmp_path):
    """What controls hold with two pictures and nothing changed."""
    pictures = {"photo": {"path": kept(photo, tmp_path), "orig_name": photo.name}, "mask": "", "preset": OWN}
    styles = [{"image": {"path": kept(painting, tmp_path), "orig_name": painting.name}, "caption": None}]
    return {**of_preset(None), **pictures, "styles": styles}


def test_controls_have_one_value_each(values):
    assert sorted(values) == sorted(names()) and len(set(names())) == len(names())


def test_controls_that_nobody_touched_stand_for_the_defaults(values, photo, painting, tmp_path):
    request = request_of(values, tmp_path)
    assert (request.photo, request.styles, request.mask) == (photo, (painting,), None)
    assert request.config() == Config(loss=request.config().loss)
    assert str(request.config().loss) and len(request.settings["loss"]) > 3


@pytest.mark.parametrize("missing", ["photo", "styles"])
def test_without_a_photo_or_a_painting_there_is_no_request_yet(values, tmp_path, missing):
    assert request_of({**values, missing: None}, tmp_path) is None


def test_a_weight_of_0_leaves_a_term_out_and_a_parameter_is_read(values, tmp_path):
    changed = {weight_key("tv"): 0, weight_key("style"): 2, parameter_key("style", "layers"): "conv1_1"}
    loss = request_of({**values, **changed}, tmp_path).settings["loss"]
    assert not any("tv" in text for text in loss) and any(text.startswith("2*style:layers=conv1_1") for text in loss)


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": "large"}, {"size": 100.5}, {"size": None}, {"size": 5}, {"steps": -1}, {"keep_colors": "yes"},
        {"init": "/etc/passwd"}, {"init": None}, {"preset": "nothing"}, {"mask": "/etc/passwd"}, {"seed": float("nan")},
        {"weight of tv": "heavy"}, {"tv:power": "nothing"}, {"style_scale": [1, 2]},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_line(values, tmp_path, wrong):
    with pytest.raises(NstgraphError) as refused:
        request_of({**values, **wrong}, tmp_path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("preset", [None, *[name for name, _ in presets()]])
def test_a_presets_values_stand_for_it(values, tmp_path, preset):
    given = {**values, **of_preset(preset), "preset": preset or OWN}
    config = request_of(given, tmp_path).config()
    expected = Config.preset(preset) if preset else Config()
    assert (config.size, config.steps, config.init) == (expected.size, expected.steps, expected.init)


def test_what_was_asked_for_can_be_asked_for_again(values, tmp_path):
    request = request_of({**values, "size": 64, weight_key("tv"): 1.5, "keep_colors": True}, tmp_path)
    again = of_request(request, tmp_path)
    assert again["size"] == 64 and again[weight_key("tv")] == 1.5 and again["keep_colors"] is True
    for name in ("photo", "styles"):
        again[name] = values[name]  # as the browser would hold them
    assert request_of(again, tmp_path) == request
    without = of_request(request, tmp_path, photo=False)
    assert without["photo"] is None and without["mask"] == "" and len(without["styles"]) == 1
