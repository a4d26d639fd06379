"""Many pictures from the command line, in one process."""

from __future__ import annotations

import csv
import os

import pytest
from typer.testing import CliRunner

from nstgraph import stylize
from nstgraph.cli.app import app
from nstgraph.losses.registry import registry
from nstgraph.pictures.metadata import read_settings

SETTINGS = {"size": 32, "steps": 2, "scales": 1, "precision": "float32"}
LOSS = "style:layers=image"  # where a test names no other
SMALL = [word for name, value in SETTINGS.items() for word in (f"--{name}", value)]


def nstgraph(*words):
    loss = [] if "--loss" in words else ["--loss", LOSS]
    result = CliRunner().invoke(app, ["batch", *(str(word) for word in words), *map(str, SMALL), *loss])
    return result.exit_code, result.stderr, result.stdout


def rows(folder):
    with open(folder / "results.csv", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


@pytest.fixture
def photos(picture_folder, save_picture):
    """Two photos in a folder, beside the painting s.png."""
    (picture_folder / "photos").mkdir()
    save_picture(picture_folder / "photos" / "a.png", 48, 36)
    save_picture(picture_folder / "photos" / "b.png", 44, 40)
    return picture_folder


def test_every_combination_is_made_as_by_single_runs_and_only_what_has_changed_again(photos, save_picture):
    code, said, _ = nstgraph("photos", "--style", "s.png", "-o", "out")
    assert code == 0, said
    out = photos / "out"
    assert {path.name for path in out.iterdir()} == {"a-s.png", "b-s.png", "results.csv"}
    stylize("photos/b.png", "s.png", loss=LOSS, **SETTINGS).save("alone.png")
    assert (out / "b-s.png").read_bytes() == (photos / "alone.png").read_bytes()
    table = rows(out)
    assert [row["outcome"] for row in table.values()] == ["done", "done"]
    assert float(table["a-s.png"]["total"]) > 0 and table["a-s.png"]["steps"] == "2"

    before = os.stat(out / "a-s.png").st_mtime_ns
    save_picture("photos/b.png", 52, 40)
    code, said, _ = nstgraph("photos", "--style", "s.png", "-o", "out")
    assert code == 0 and "2 pictures, 1 of them done before" in said and "1 of 1: b-s.png" in said
    assert os.stat(out / "a-s.png").st_mtime_ns == before
    assert rows(out)["a-s.png"] == table["a-s.png"]
    assert rows(out)["b-s.png"]["sha256"] != table["b-s.png"]["sha256"]
    code, said, _ = nstgraph("photos", "--style", "s.png", "-o", "out", "--memory", "8")
    assert code == 0 and "2 of them done before" in said


def test_a_list_has_any_setting_a_column_and_what_fails_costs_nothing_else(photos):
    listed = "content,style,size,seed,output\nc.png,s.png,,,\nc.png,missing.png,,,\nc.png,s.png|c.png,40,3,two.png\n"
    (photos / "jobs.csv").write_text(listed)
    code, said, out = nstgraph("--jobs", "jobs.csv", "-o", "out")
    assert code == 1 and "missing.png" in out and "FileNotFoundError" not in said + out
    table = rows(photos / "out")
    assert [row["outcome"] for row in table.values()] == ["done", "failed", "done"]
    assert table["two.png"]["settings"] == "size=40 seed=3" and "missing.png" in table["c-missing.png"]["reason"]
    settings = read_settings(photos / "out" / "two.png")
    assert settings["size"] == 40 and settings["seed"] == 3 and len(settings["styles"]) == 2


def test_files_that_are_not_the_folder_s_own_results_are_not_written_over(photos):
    (photos / "out").mkdir()
    target = photos / "out" / "c-s.png"
    target.write_bytes((photos / "c.png").read_bytes())
    code, said, _ = nstgraph("c.png", "--style", "s.png", "-o", "out")
    assert code == 2 and "is there and is not what this batch would make" in said
    assert target.read_bytes() == (photos / "c.png").read_bytes()
    code, said, _ = nstgraph("c.png", "--style", "s.png", "-o", "out", "--overwrite")
    assert code == 0 and read_settings(target)["size"] == 32


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["c.png"], "a batch needs photos and paintings"),
        (["*.jpg", "--style", "s.png"], "no file matches"),
        (["c.png", "s.png", "--style", "s.png", "--pairs"], "make no pairs"),
        (["c.png", "--style", "s.png", "--name", "{content}.jpg"], "end in .png"),
        (["c.png", "--style", "s.png", "--name", "{time}.png"], "leave it out"),
        (["c.png", "--style", "s.png", "--loss", "styel"], "did you mean 'style'"),
        (["--jobs", "c.png"], "ends in .csv or .toml"),
        (["c.png", "--jobs", "c.csv"], "leave CONTENT"),
    ],
)
def test_wrong_arguments_are_said_at_once(photos, words, said):
    code, stderr, _ = nstgraph(*words, "-o", "out")
    assert code == 2 and said in stderr
    assert not (photos / "out").exists()


def test_a_changed_plugin_makes_its_results_again(photos):
    plugin = photos / "red.py"
    plugin.write_text(
        "from nstgraph import loss_term\n\n@loss_term\ndef redness(g):\n    return g.mean(g.generated.image)\n"
    )
    words = ["photos", "--style", "s.png", "-o", "out", "--plugin", plugin, "--loss", "redness"]
    code, said, _ = nstgraph(*words)
    assert code == 0, said
    registry.remove("redness")
    plugin.write_text(plugin.read_text() + "\n# changed\n")
    code, said, _ = nstgraph(*words)
    assert code == 0 and "2 pictures, 0 of them done before" in said


def test_two_batches_in_one_folder_do_not_mix(photos):
    from nstgraph.locks import FileLock

    (photos / "out" / ".nstgraph").mkdir(parents=True)
    with FileLock(photos / "out" / ".nstgraph" / "lock") as held:
        assert held
        code, said, _ = nstgraph("c.png", "--style", "s.png", "-o", "out")
    assert code == 2 and "another batch is at work in out" in said
