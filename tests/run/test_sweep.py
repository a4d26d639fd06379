"""A picture for every combination of values."""

from __future__ import annotations

import numpy as np
import pytest

import nstgraph as nst
from nstgraph.config import Config
from nstgraph.errors import ConfigError, LossError, NstgraphError, PictureError
from nstgraph.pictures.load import load
from nstgraph.pictures.save import save
from nstgraph.run.sweep import check_variants, sheet, variants

SMALL = Config(size=32, steps=2, scales=1, loss="tv:power=2", precision="float32")


def noise(height=24, width=32):
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_the_first_setting_varies_within_a_row():
    rows = variants(SMALL, {"style_scale": [0.5, 2], "steps": [3, 4, 5]})
    values = [[(one.values["style_scale"], one.values["steps"]) for one in row] for row in rows]
    assert values == [[(scale, steps) for scale in (0.5, 2)] for steps in (3, 4, 5)]
    assert all(one.config == SMALL.replace(**one.values) for row in rows for one in row)
    assert str(rows[1][0]) == "style_scale=0.5, steps=4" and rows[1][0].name == "style_scale-0.5-steps-4"
    assert [[one.name for one in row] for row in variants(SMALL, {"seed": (1, 2)})] == [["seed-1", "seed-2"]]


def test_every_name_is_another_and_one_of_a_file():
    losses = ["tv:power=2", "TV", "../" * 50, "../" * 51, ("content", "style"), nst.parse_loss("tv")]
    (row,) = variants(SMALL, {"loss": losses})
    names = [one.name for one in row]
    assert len({name.lower() for name in names}) == len(losses) and names[4] == "loss-content-style"
    assert all(len(name) < 70 and "/" not in name and not name.startswith(".") for name in names)


@pytest.mark.parametrize(
    ("vary", "said"),
    [
        ({}, "a sweep varies one or two settings, and not 0"),
        ({"steps": [1], "seed": [1], "size": [32]}, "and not 3; hold the others fixed"),
        ({"stpes": [1]}, "no setting 'stpes'; did you mean 'steps'?"),
        ({"steps": [-1, 3]}, "steps is -1; choose"),
        ({"steps": []}, r"the values of steps are \[\]; give a list"),
        ({"steps": "12"}, "the values of steps are '12'; give a list"),
        ({"steps": 3}, "the values of steps are 3; give a list"),
        ({"steps": [3, 4, 3]}, "steps has the value 3 twice"),
        ({"steps": list(range(21))}, "steps has 21 values; give at most 20"),
    ],
)
def test_what_is_no_sweep_is_said_at_once(vary, said):
    with pytest.raises(ConfigError, match=said):
        nst.sweep(noise(), noise(), vary, SMALL)


def test_settings_that_do_nothing_beside_a_value_are_left_out_there():
    config = SMALL.replace(keep_colors=True, colors_by="luminance", color_space="lab")
    (row,) = variants(config, {"keep_colors": [True, False]})
    assert [(one.config.colors_by, one.config.color_space) for one in row] == [("luminance", "lab"), ("search", "auto")]
    (row,) = variants(SMALL.replace(history=5), {"optimizer": ["lbfgs", "adam:learning_rate=5"]})
    assert [one.config.history for one in row] == [5, 0]


def test_arrays_are_values_too():
    masks = [noise(24, 32), noise(24, 32) // 2]
    (row,) = variants(SMALL, {"mask": [*masks, (masks[0],)]})
    assert [one.name for one in row] == ["mask-ndarray", "mask-ndarray-2", "mask-ndarray-3"]
    with pytest.raises(ConfigError, match="mask has the value"):
        variants(SMALL, {"mask": [masks[0], masks[0]]})


def test_what_one_variant_cannot_do_is_said_at_once():
    with pytest.raises(LossError, match="no loss term 'tvv'"):
        nst.sweep(noise(), noise(), {"loss": ["tv", "tvv"]}, SMALL)
    with pytest.raises(PictureError, match="would shrink to"):
        nst.sweep(noise(), noise(), {"size": [32, 16]}, SMALL)
    with pytest.raises(ConfigError, match="no setting 'sise'"):
        nst.sweep(noise(), noise(), {"steps": [1]}, sise=3)


def test_results_come_with_their_values_and_errors_end_nothing():
    found = list(nst.sweep(noise(), [noise(40)], {"memory": [0.0, 0.001], "steps": [1, 2]}, SMALL, seed=3))
    assert [dict(values) for values, _ in found] == [
        {"memory": memory, "steps": steps} for steps in (1, 2) for memory in (0.0, 0.001)
    ]
    results, errors = [outcome for _, outcome in found[::2]], [outcome for _, outcome in found[1::2]]
    assert [len(result.history) for result in results] == [1, 2]
    assert all(result.settings["seed"] == 3 for result in results)
    assert all(isinstance(error, NstgraphError) and "memory" in str(error) for error in errors)


def test_the_sheet_has_what_there_is(tmp_path):
    rows = variants(SMALL, {"seed": [1, 2, 3], "steps": [1, 2]})
    assert sheet(rows, tmp_path) is None
    for number, name in enumerate(("seed-1-steps-1", "seed-3-steps-2")):
        save(tmp_path / f"{name}.png", np.full((1, 48, 64, 3), 100.0 + number))
    made = sheet(rows, tmp_path)
    assert made.shape == (1, 24 + 6 + 2 * 54 + 10, 24 + 6 + 3 * 70, 3) or made.shape[2] >= 3 * 70
    places = {value: np.argwhere((made[0] == value).all(axis=2)) for value in (100, 101)}
    assert all(len(place) == 48 * 64 for place in places.values())
    (top, left), (bottom, right) = places[100].min(axis=0), places[101].min(axis=0)
    assert bottom >= top + 54 and right == left + 2 * 70
    save(tmp_path / "large.png", np.full((1, 400, 800, 3), 9.0))
    (tmp_path / "large.png").rename(tmp_path / "seed-2-steps-1.png")
    assert sheet(rows, tmp_path).shape[2] < 3 * 330 + 50
    assert load(tmp_path / "seed-1-steps-1.png").size == (48, 64)


def test_a_folder_of_styles_is_all_its_pictures(tmp_path):
    for name in ("a.png", "b.png"):
        save(tmp_path / name, np.full((1, 24, 24, 3), 90, np.float32))
    shares = variants(Config(size=32), {"style_weights": [(1, 2), (2, 1)]})
    _, paintings = check_variants(shares, np.full((32, 32, 3), 60, np.uint8), [tmp_path])
    assert [one.name for one in paintings] == ["a.png", "b.png"]
    with pytest.raises(ConfigError, match="style_weights has 2 shares for 1 style image"):
        check_variants(shares, np.full((32, 32, 3), 60, np.uint8), [tmp_path / "a.png"])
