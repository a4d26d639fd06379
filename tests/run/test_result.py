import csv
import dataclasses
import hashlib
import importlib.metadata
import json

import numpy as np
import pytest
from PIL import Image

import nstgraph
from nstgraph.config import Config
from nstgraph.errors import OutputError
from nstgraph.networks.weights_file import embedded
from nstgraph.pictures.load import load
from nstgraph.pictures.metadata import read_settings
from nstgraph.run.result import Result
from nstgraph.search.step import Step

CONFIG = Config(
    loss=("0.5*style:layers=image", "tv:power=2", "palette"), balance=True, style_scale=(1.5, 1.0),
    style_weights=(3, 7), blending="sum", keep_colors=True, size=48, fit="rows", crop="4:3", steps=3, scales=2,
    init="noise", seed=7, pooling="max", padding="zero", bounds=True, optimizer="lbfgsb", history=4,
    precision="bfloat16", tile=32, memory=1000.0, 
)  # fmt: skip


def noise(height, width, channels=3):
    return np.random.default_rng(height).integers(0, 256, (height, width, channels), dtype=np.uint8)


PICTURES = noise(48, 64, 4), noise(40, 40), noise(30, 60)


@pytest.fixture(scope="module")
def result():
    """Of a real run in which no setting has its default."""
    config = dataclasses.replace(CONFIG, weights=embedded())
    content, *styles = PICTURES
    return nstgraph.stylize(content, styles, config)


def made(**changes):
    """A result without a run: a grey picture and two steps."""
    grey = np.full((1, 24, 32, 3), 90, np.float32)
    steps = tuple(Step(i, 3 / i, {"style": 2 / i, "tv": 1 / i}, 24, 32, i + 1, 0.25 * i, i / 2) for i in (1, 2))
    values = {"image": grey, "alpha": None, "pictures": (grey, grey), "history": steps, "reason": "finished"}
    return Result(**{**values, "evaluations": 3, "settings": {"nstgraph": "0"}, **changes})


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def metadata(path):
    with Image.open(path) as image:
        return json.loads(image.tag_v2[270]) if path.suffix == ".tif" else image.text


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_metadata_tell_how_the_picture_was_made(tmp_path, result, name):
    about = metadata(result.save(tmp_path / name))
    assert about["Software"] == f"nstgraph {nstgraph.__version__}"
    settings = json.loads(about["nstgraph"])
    assert read_settings(tmp_path / name) == settings
    assert settings.pop("weights") == embedded().name
    assert settings.pop("weights_sha256") == hashlib.sha256(embedded().read_bytes()).hexdigest()
    versions = {name: settings.pop(name) for name in ("nstgraph", "tensorflow", "scipy", "numpy", "pillow")}
    assert settings.pop("processor") and settings.pop("cores") >= 1
    assert versions.pop("nstgraph") == nstgraph.__version__
    assert versions == {name: importlib.metadata.version(name) for name in versions}
    sizes = ("32x24", "64x48 in tiles of 32 px")
    assert settings.pop("stages") == [f"{size}, lbfgsb with 4 corrections" for size in sizes]
    # What remains makes the same configuration again, and the same picture.
    loss = (*CONFIG.loss[:-1], "photo_colors")
    read = Config.from_settings(read_settings(tmp_path / name))
    assert read == Config.from_settings(result.settings) == CONFIG.replace(loss=" ".join(loss), weights=str(embedded()))
    assert [settings.pop(name) for name in ("pictures", "masks", "plugins")] == [[], [], []]
    ((before, balanced),) = settings.pop("changed_weights")
    assert before == 0 and set(balanced) == {"style", "tv", "photo_colors"}
    assert (settings.pop("steps_taken"), settings.pop("resumed"), settings.pop("starts")) == (3, False, [])
    numbers = [
        {"path": None, "sha256": load(array).sha256} for array in (noise(48, 64, 4), noise(40, 40), noise(30, 60))
    ]
    assert [settings.pop("content"), *settings.pop("styles")] == numbers
    assert Config(**{**settings, "loss": tuple(settings["loss"].split())}) == CONFIG.replace(loss=loss)


def test_no_setting_of_the_run_has_its_default():
    default = Config()
    same = [f.name for f in dataclasses.fields(Config) if getattr(CONFIG, f.name) == getattr(default, f.name)]
    # Colours are searched for, masks need files, a deterministic run a process, and weights depend on the installation.
    others = ["mask", "style_mask", "feather", "content_strength", "deterministic", "weights", "network"]
    assert same == ["colors_by", "color_space", *others, "input", "input_values"]


def test_the_result_of_a_run(result):
    assert result.image.shape == (1, 48, 64, 3) and result.image.dtype == np.float32
    assert 0 <= result.image.min() < result.image.max() <= 255
    assert np.abs(result.alpha - noise(48, 64, 4)[:, :, 3] / 255).max() < 1e-3
    assert [picture.shape for picture in result.pictures] == [(1, 48, 64, 3), (1, 40, 40, 3), (1, 30, 60, 3)]
    assert [step.step for step in result.history] == [1, 2, 3]
    assert [(step.width, step.height) for step in result.history][0::2] == [(32, 24), (64, 48)]
    assert result.evaluations >= result.history[-1].evaluations > 3 and "3" in result.reason
    assert list(result.history[0].terms) == ["style", "tv", "photo_colors"]


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.tiff", "a.bmp"])
def test_save(tmp_path, result, name):
    assert result.save(tmp_path / name) == tmp_path / name
    picture = load(tmp_path / name)
    assert picture.size == (48, 64) and (picture.alpha is None) == (name in ("a.jpg", "a.bmp"))
    assert list(contents(tmp_path)) == [name]


def test_settings_that_json_does_not_know_are_written_as_text(tmp_path):
    saved = made(settings={"nstgraph": "0", "init": tmp_path / "start.png"})
    expected = {"nstgraph": "0", "init": str(tmp_path / "start.png")}
    assert json.loads(metadata(saved.save(tmp_path / "a.png"))["nstgraph"]) == expected
    assert json.loads(saved.save_log(tmp_path / "a.json").read_text())["settings"] == expected


def test_save_comparison(tmp_path, result):
    row = load(result.save_comparison(tmp_path / "a.png")).rgb[0]
    assert row.shape == (48, 64 + 8 + 48 + 8 + 96 + 8 + 64, 3)
    assert np.abs(row[:, :64] - result.pictures[0][0]).max() <= 0.5
    assert np.abs(row[:, -64:] - result.image[0]).max() <= 0.51
    assert (row[:, 64:72] == 255).all() and (row[:, -72:-64] == 255).all()


def test_comparison_is_as_high_as_the_result(tmp_path):
    content = np.full((1, 48, 64, 3), 30, np.float32)
    row = load(made(pictures=(content, content)).save_comparison(tmp_path / "a.png")).rgb[0]
    assert row.shape == (24, 32 + 8 + 32 + 8 + 32, 3)
    assert (row[:, :32] == 30).all() and (row[:, -32:] == 90).all()


def test_logs_hold_every_step(tmp_path):
    names = ["step", "width", "height", "evaluations", "seconds", "total", "style", "tv"]
    values = [[1, 32, 24, 2, 0.25, 3, 2, 1], [2, 32, 24, 3, 0.5, 1.5, 1, 0.5]]
    with made().save_log(tmp_path / "a.csv").open(newline="") as file:
        head, *rows = csv.reader(file)
    assert head == names and [list(map(float, row)) for row in rows] == values
    assert json.loads(made().save_log(tmp_path / "a.JSON").read_text()) == {
        "reason": "finished",
        "evaluations": 3,
        "settings": {"nstgraph": "0"},
        "history": [dict(zip(names, row, strict=True)) for row in values],
    }


def test_logs_of_a_search_that_took_no_step(tmp_path):
    assert made(history=()).save_log(tmp_path / "a.csv").read_text().split() == ["step"]
    assert json.loads(made(history=()).save_log(tmp_path / "a.json").read_text())["history"] == []


@pytest.mark.parametrize(
    ("save", "name", "message"),
    [
        (Result.save, "old.png", "old.png exists"),
        (Result.save, "a.svg", r"'\.svg' is not one of"),
        (Result.save_comparison, "old.png", "old.png exists"),
        (Result.save_log, "old.csv", "old.csv exists"),
        (Result.save_log, "a.txt", "cannot write a log as .*a.txt; end its name in .csv or .json"),
        (Result.save_log, "nowhere/a.csv", "does not exist"),
        (Result.save_log, f"{'a' * 248}.csv", "cannot write .*the name is too long"),
    ],
)
def test_refused(tmp_path, save, name, message):
    for old in ("old.png", "old.csv"):
        (tmp_path / old).write_text("precious")
    before = contents(tmp_path)
    with pytest.raises(OutputError, match=message):
        save(made(), tmp_path / name)
    assert contents(tmp_path) == before


def test_overwrite(tmp_path):
    for save, name in ((Result.save, "a.png"), (Result.save_comparison, "b.png"), (Result.save_log, "c.csv")):
        (tmp_path / name).write_text("old")
        assert save(made(), str(tmp_path / name), overwrite=True) == tmp_path / name
        assert len((tmp_path / name).read_bytes()) > 50


def test_a_result_is_shown_as_its_picture(tmp_path, result):
    (tmp_path / "a.png").write_bytes(result._repr_png_())
    shown = load(tmp_path / "a.png")
    assert shown.size == (48, 64) and np.abs(shown.rgb - load(result.save(tmp_path / "b.png")).rgb).max() <= 1
    np.testing.assert_allclose(shown.alpha, result.alpha, atol=1 / 255)
    large = made(image=np.full((1, 30, 2048, 3), 90, np.float32))
    (tmp_path / "a.png").write_bytes(large._repr_png_())
    assert load(tmp_path / "a.png").size == (15, 1024)


def test_a_result_is_written_in_a_line(result):
    assert repr(made()) == "<Result 32x24: finished, loss 1.5>"
    assert repr(made(history=())) == "<Result 32x24: finished>"
    assert len(repr(result)) < 200 and repr(result).startswith("<Result 64x48: finished after 3 of 3 steps")


def test_results_steps_and_pictures_are_compared_and_kept_in_sets():
    one, other = made(), made()
    assert one == one and one != other and len({one, other, one}) == 2
    step, same = one.history[0], other.history[0]
    assert step == same and len({step, same, one.history[1]}) == 2
    picture = load(noise(24, 32))
    assert picture == load(picture) != load(noise(24, 32)) and len({picture, load(picture)}) == 1
