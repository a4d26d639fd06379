from __future__ import annotations

import json

import numpy as np
import pytest
from drawn_pictures import landscape, painting
from PIL import Image
from typer.testing import CliRunner

from nstgraph.cli.app import app
from nstgraph.losses.registry import registry
from nstgraph.pictures.load import load
from nstgraph.pictures.save import save


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two photos and a painting, in a folder beside which nothing else is; a plugin's term shade goes with the test."""
    monkeypatch.chdir(tmp_path)
    for name, picture in [("content/hill", landscape(48, 64)), ("content/lake", landscape(64, 48)[:, ::-1]),
                          ("style/oil", painting(64, 64))]:  # fmt: skip
        (tmp_path / "pictures" / name).parent.mkdir(parents=True, exist_ok=True)
        save(tmp_path / "pictures" / f"{name}.png", picture)
    yield tmp_path / "pictures"
    registry.remove("shade")


def bench(*options):
    size = [] if "--size" in options else ["--size", "48"]
    return CliRunner().invoke(app, ["bench", *size, "-l", "palette", *map(str, options)])


def settings_of(path):
    with Image.open(path) as image:
        return json.loads(image.text["nstgraph"])


def test_every_photo_in_the_manner_of_every_painting(folder, tmp_path):
    done = bench("--pictures", folder, "--json")
    assert done.exit_code == 0, done.output
    made = tmp_path / "nstgraph-bench"
    assert sorted(path.name for path in made.iterdir()) == ["hill-oil.png", "lake-oil.png", "sheet.png"]
    assert load(made / "hill-oil.png").size == (48, 36) and load(made / "lake-oil.png").size == (36, 48)
    assert load(made / "sheet.png").size[1] > 3 * 240  # painting and two results side by side
    figures = json.loads(done.stdout)
    hill, lake = figures["rows"]
    assert (hill["pair"], lake["pair"], figures["mean"]["pair"]) == ("hill-oil", "lake-oil", "mean")
    for name in ("chroma", "dots", "colour_distance", "style_distance"):
        assert np.allclose(figures["mean"][name], (np.array(hill[name]) + np.array(lake[name])) / 2)
    assert hill["colour_distance"] < 8  # the loss is of colours alone
    assert figures["settings"]["loss"] == "palette" == settings_of(made / "hill-oil.png")["loss"]


def test_the_table_names_every_pair(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    name = "a-painting-of-a-long-name-by-nobody"
    (folder / "style" / "oil.png").rename(folder / "style" / f"{name}.png")
    done = bench("--pictures", folder, "-o", tmp_path / "made", "--keep-colors", "--steps", 2)
    assert done.exit_code == 0, done.output
    assert all(word in done.stdout for word in (f"hill-{name}", f"lake-{name}", "mean", "foreign"))
    assert "…" not in done.stdout and "sheet.png" in done.stderr
    settings = settings_of(tmp_path / "made" / f"hill-{name}.png")
    assert (settings["loss"], settings["steps"]) == ("photo_colors", 2)


def test_a_pair_that_fails_costs_no_other(folder, tmp_path):
    (folder / "content" / "lake.png").unlink()
    save(folder / "content" / "snow.png", np.full((1, 48, 64, 3), 250, np.float32))
    (tmp_path / "mine.py").write_text(
        "from nstgraph import loss_term, tf\n"
        "@loss_term\n"
        "def shade(g):\n"
        '    """Refuse bright photos."""\n'
        "    dark = tf.cast(g.mean(g.content.image) < 240, tf.float32)\n"
        "    return g.mean(tf.square(g.generated.image - 100.0)) * tf.math.divide(dark, dark)\n"
    )
    done = bench("--pictures", folder, "--json", "--plugin", tmp_path / "mine.py", "-l", "shade", "--steps", 2)
    assert done.exit_code == 2 and "Traceback" not in done.stderr
    assert [row["pair"] for row in json.loads(done.stdout)["rows"]] == ["hill-oil"]
    made = sorted(path.name for path in (tmp_path / "nstgraph-bench").iterdir())
    assert made == ["hill-oil.png", "sheet.png"]


@pytest.mark.parametrize(
    ("missing", "options", "message"),
    [
        ("style/oil.png", [], "there are no pictures in "),
        ("", ["--size", "30"], "hill.png would have 22 x 30 pixels; choose a larger --size"),
        ("", ["-l", "palete"], "did you mean 'palette'?"),
        ("", ["--convergence"], "--convergence is not used with --pictures; leave it out"),
        ("", ["--precision", "float32"], "--precision is not used with --pictures"),
        ("", ["-o", "no/where"], "cannot create the folder"),
    ],
)
def test_what_cannot_be_measured_is_said_at_once(folder, tmp_path, missing, options, message):
    if missing:
        (folder / missing).unlink()
    done = bench("--pictures", folder, *options)
    assert done.exit_code == 2 and message in done.stderr and done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["pictures"]


def test_results_of_two_pairs_never_have_one_name(folder):
    save(folder / "content" / "Hill.jpg", landscape(48, 64))
    done = bench("--pictures", folder)
    assert done.exit_code == 2 and "Hill.jpg with oil.png and hill.png with oil.png would" in done.stderr
    (folder / "content" / "Hill.jpg").rename(folder / "content" / "hill-old.jpg")
    save(folder / "style" / "old-oil.png", painting(64, 64))
    done = bench("--pictures", folder)
    assert done.exit_code == 2 and "hill-old.jpg with oil.png and hill.png with old-oil.png would" in done.stderr


def test_options_that_would_do_nothing_are_refused():
    for options in (["--convergence", "--tile", "64"], ["--steps", "3"], ["--output", "there"]):
        done = bench(*options)
        assert done.exit_code == 2 and "is not used with" in done.stderr


def test_a_file_that_is_no_picture_is_named(folder):
    (folder / "style" / "notes.txt").write_text("not a picture")
    done = bench("--pictures", folder)
    assert done.exit_code == 2 and "notes.txt" in done.stderr
