import csv
import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from nstgraph import __version__
from nstgraph.cli.app import app
from nstgraph.config import Config
from nstgraph.hashes import hash_of
from nstgraph.networks.fetch_weights import FILES
from nstgraph.networks.weights_file import embedded
from nstgraph.pictures.load import load
from nstgraph.pictures.save import save
from nstgraph.value_checks import setting_of

# One layer, since TensorFlow takes its time over each.
SMALL = "--size 48 --steps 3 --precision float32 -l style:layers=image"
RUN = f"stylize c.png s.png -o out.png {SMALL}"
PLUGIN = """
from nstgraph import loss_term
@loss_term
def redness(g, unit: float = 255.0):
    return g.mean(g.generated.image[..., :1] / unit)
"""


@pytest.fixture(autouse=True)
def here(picture_folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "150")
    return picture_folder


def run(line):
    return CliRunner().invoke(app, line.split(" "))


def good(line):
    result = run(line)
    assert result.exit_code == 0, result.output
    return result


def contents(folder):
    return {str(path.relative_to(folder)): path.is_file() and path.read_bytes() for path in folder.rglob("*")}


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("", ["stylize", "plan", "demo", "terms", "weights", "bench"]),
        ("stylize", ["photo.jpg painting.jpg -o out.png", "[weight*]name[:parameter=value,...]"]),
        ("stylize", [" Output ", " Loss ", " Search ", " Network ", " Machine "]),
        ("stylize", ["content|noise|style|FILE", "[default: 512]", "auto|off|PIXELS", "auto|lbfgs|lbfgsb|adam|..."]),
        ("plan", ["Predict memory and time", " Machine ", "--plugin", "--debug"]),
        ("demo", ["Needs no network", "--size", "[default: nstgraph-demo]"]),
        ("terms", ["List the loss terms"]),
        ("weights", ["list", "info", "fetch", "convert", "doctor"]),
        ("weights list", ["in order"]),
        ("weights info", ["SHA-256"]),
        ("weights fetch", ["[default: vgg16]", "vgg16-frossard"]),
        ("weights convert", ["first7|all|LAYER+...", "--channels"]),
        ("weights doctor", ["in which order it has colours"]),
        ("bench", ["matrix-product", "--repeats"]),
    ],
)
def test_help(command, words):
    shown = plain(good(f"{command} --help".strip()).stdout)
    assert [word for word in words if word not in shown] == []


def plain(shown):
    return re.sub(r"\x1b\[[\d;]*m", "", shown)


@pytest.mark.parametrize("command", ["stylize", "plan"])
def test_help_lists_every_setting(command):
    settings = {field.name for field in dataclasses.fields(Config)}
    listed = set(re.findall(r"--([a-z][a-z-]*)", plain(good(f"{command} --help").stdout)))
    assert {name.replace("_", "-") for name in settings} <= listed


@pytest.mark.parametrize(
    ("command", "least"), [("stylize", "size"), ("plan", "size"), ("demo", "size"), ("bench", "loss")]
)
def test_defaults_are_those_of_config(command, least):
    default = {field.name: getattr(Config(), field.name) for field in dataclasses.fields(Config)}
    options = {option.name: option.default for option in typer.main.get_command(app).commands[command].params}
    if command in ("stylize", "plan"):
        assert set(default) <= set(options)
    shared = default.keys() & options.keys()
    if command == "bench":  # which measures several of these
        shared -= {"size", "precision", "tile", "steps"}
    assert least in shared
    fields = {field.name: setting_of(field).check for field in dataclasses.fields(Config)}
    read = {n: fields[n].parse(options[n]) if isinstance(options[n], str) else options[n] for n in shared}
    assert {n: tuple(v) if isinstance(v, list) else v for n, v in read.items()} == {n: default[n] for n in shared}


def test_version():
    assert good("--version").stdout == f"nstgraph {__version__}\n"


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image, dtype=float)


@pytest.mark.parametrize(
    ("options", "files"),
    [
        ("", []),
        ("--save-every 2 --steps 5", ["out-0002.png", "out-0004.png"]),
        ("--save-every 1 --steps 3 --scales 2", ["out-0001.png", "out-0002.png", "out-0003.png"]),
        ("--compare --log log.csv", ["log.csv", "out-compare.png"]),
        ("--plugin p.py -l 2*redness:unit=100", []),
    ],
)
def test_a_run_writes_what_was_asked_for_and_nothing_else(here, options, files):
    (here / "p.py").write_text(PLUGIN)
    before = contents(here)
    result = good(f"{RUN} {options}".strip())
    after = contents(here)
    assert sorted(set(after) - set(before)) == sorted(["out.png", *files])
    assert {name: after[name] for name in before} == before
    assert pixels("out.png").shape == (36, 48, 3) and np.abs(pixels("out.png") - pixels("c.png")).mean() > 1
    assert all(pixels(name).ndim == 3 for name in files if name.endswith(".png"))
    lines = result.stderr.splitlines()
    assert result.stdout == "" and lines[0].startswith("plan: 48x36, ")
    assert lines[1] == "weights: the embedded weights" and lines[2].startswith("loss: ")
    assert lines[3].startswith("step 1/")
    assert ("2*redness:unit=100" in lines[2], " redness " in lines[3]) == ("redness" in options,) * 2
    assert lines[-1].startswith("wrote out.png") and all(name in lines[-1] for name in files if "-0" not in name)


def test_the_plan_is_shown_and_nothing_is_written(here):
    before = contents(here)
    result = good(
        "plan c.png s.png --size 96 --scales 2 --steps 9 --tile 48 -l style:layers=conv1_1 --precision float16"
    )
    assert contents(here) == before and result.stderr == ""
    head, small, large, empty, line = result.stdout.splitlines()
    assert head.split() == ["size", "steps", "evaluated", "search", "memory", "time"] and empty == ""
    assert small.startswith("48 × 36 ") and large.startswith("96 × 72 ")
    for row, evaluated in ((small, "whole"), (large, "in tiles of 48 px")):
        assert re.search(rf"  {evaluated}  +lbfgsb?, 10 corrections  +\d+\.\d\d GB  +\d+ s$", row.rstrip())
    assert int(small.split()[3]) + int(large.split()[3]) == 9
    assert line.startswith("2 sizes up to 96x72 in tiles of 48 px, lbfgs") and " steps in float16: about " in line


def test_a_plan_takes_the_terms_of_plugins_and_more_styles(here):
    (here / "p.py").write_text(PLUGIN)
    result = good("plan c.png s.png s.png --size 48 --steps 3 -l redness --plugin p.py --tile off --memory 1000")
    assert result.stdout.splitlines()[-1].startswith("48x36, lbfgs") and " whole " in result.stdout


def test_the_run_is_what_the_plan_said(here):
    """Also where the machine and the size choose: how, and how many steps."""
    options = "--size 48 -l style:layers=conv1_1"
    planned = good(f"plan c.png s.png {options}").stdout.splitlines()[-1]
    lines = good(f"stylize c.png s.png -o out.png {options} --log log.json").stderr.splitlines()
    how, steps = re.match(r"(.*), (\d+) steps in ", planned).groups()
    assert lines[0].startswith(f"plan: {how}, {steps} steps in ")
    assert lines[3].startswith(f"step 1/{steps} ")
    log = json.loads((here / "log.json").read_text())
    assert log["settings"]["stages"] == [how] and f" of {steps} steps" in log["reason"]


def test_quiet(here):
    assert good(f"{RUN} --quiet --save-every 1 --compare").output == ""
    assert pixels("out-compare.png").shape == (36, 48 + 8 + 36 + 8 + 48, 3)


def test_overwrite(here):
    (here / "out.png").write_text("old")
    (here / "log.json").write_text("old")
    good(f"{RUN} --overwrite --log log.json -q")
    assert pixels("out.png").shape == (36, 48, 3) and json.loads((here / "log.json").read_text())["history"]


def test_logs(here):
    loss = "-l style:layers=image -l 0.5*tv -l 0.25*tv:power=2"
    line = f"stylize c.png s.png -o out.png --size 48 --steps 3 --precision float32 {loss} -q"
    good(f"{line} --log log.csv")
    good(f"{line} --log log.json --overwrite --seed 7")
    with (here / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    log = json.loads((here / "log.json").read_text())
    assert [int(row["step"]) for row in rows] == [row["step"] for row in log["history"]] == [1, 2, 3]
    for row in [*rows, *log["history"]]:
        numbers = {name: float(value) for name, value in row.items()}
        assert numbers["total"] == pytest.approx(numbers["style"] + numbers["tv"] + numbers["tv_1"])
        assert (numbers["width"], numbers["height"]) == (48, 36) and numbers["evaluations"] > numbers["step"]
    assert log["settings"]["loss"] == loss.replace("-l ", "") and log["settings"]["seed"] == 7
    assert log["evaluations"] == log["history"][-1]["evaluations"] and "3" in log["reason"]


def test_every_option_reaches_the_run(here):
    options = {"steps": 2, "size": 32, "style_scale": 1.5, "scales": 2, "init": "noise", "seed": 7, "history": 4}
    options |= {"pooling": "max", "padding": "zero", "optimizer": "lbfgsb", "precision": "float16", "tile": 32}
    options |= {"memory": 1000.0}
    line = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in options.items())
    shutil.copy(embedded(), "w.npz")
    result = good(f"{RUN} {line} --bounds --weights w.npz --log log.json")
    assert result.stderr.splitlines()[1] == "weights: w.npz"
    settings = json.loads((here / "log.json").read_text())["settings"]
    assert settings.items() >= (options | {"bounds": True, "weights": "w.npz", "loss": "style:layers=image"}).items()


def test_a_numbered_picture_that_cannot_be_written_does_not_end_the_run(here):
    (here / "p.py").write_text(PLUGIN.replace("    return", "    open('out-0002.png', 'x').close()\n    return"))
    result = good(f"{RUN} --save-every 1 --plugin p.py -l redness -q")
    assert result.stderr == "nstgraph: out-0002.png exists; choose another name or pass --overwrite\n"
    assert (here / "out-0002.png").read_bytes() == b""
    assert all(pixels(f"out{end}.png").ndim == 3 for end in ("", "-0001", "-0003"))


def test_two_styles_are_blended(save_picture):
    save_picture("t.png", 64, 36)
    good(f"stylize c.png s.png t.png -o first.png {SMALL},blend=1+0 -q --compare")
    good(f"stylize c.png s.png t.png -o second.png {SMALL},blend=0+3 -q")
    good(f"stylize c.png t.png -o alone.png {SMALL} -q")
    assert pixels("first-compare.png").shape[1] == 48 + 8 + 36 + 8 + 64 + 8 + 48
    assert np.abs(pixels("second.png") - pixels("alone.png")).max() <= 1
    assert np.abs(pixels("second.png") - pixels("first.png")).mean() > 1


@pytest.mark.parametrize(
    ("same", "other"),
    [
        (("--init noise --seed 1", "--init noise --seed 1"), "--init noise --seed 2"),
        (("--init style", "--init s.png"), "--init content"),
    ],
)
def test_start(here, same, other):
    for name, options in zip("abc", (*same, other), strict=True):
        good(f"stylize c.png s.png -o start-{name}.png {SMALL} -q {options}")
    a, b, c = (pixels(f"start-{name}.png") for name in "abc")
    assert np.abs(a - b).max() <= 1 and np.abs(a - c).mean() > 20


def test_alpha_is_kept(save_picture):
    save_picture("c.png", 48, 36, "RGBA")
    good(f"{RUN} -q")
    assert np.abs(load("out.png").alpha - load("c.png").alpha).max() < 1 / 255 and load("c.png").alpha.min() < 0.9


def test_other_commands(here, vgg16_npz, monkeypatch):
    published = FILES["vgg16-frossard"]._replace(size=vgg16_npz.stat().st_size, digest=f"sha256:{hash_of(vgg16_npz)}")
    monkeypatch.setitem(FILES, "vgg16", published)
    assert " style " in f" {good('terms').stdout} " and "unit" in good("terms tv").stdout
    assert "the embedded weights" in good("weights list").stdout and "conv3_3" in good("weights info").stdout
    assert good(f"weights fetch --folder {vgg16_npz.parent}").output == f"{vgg16_npz}\n"
    (here / "p.py").write_text(PLUGIN)
    assert "unit" in good("terms redness --plugin p.py").stdout


def test_a_terminal_that_only_knows_ascii_gets_its_tables():
    outcome = subprocess.run(
        [sys.executable, "-c", "from nstgraph.cli.app import main; main()", "weights", "info"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    assert b"conv3_3" in outcome.stdout and b"3 ? 3 ? 256 ? 256" in outcome.stdout


def test_a_picture_is_made_once_more_from_the_settings_of_another(here):
    good(f"{RUN} --seed 7 --init noise -q")
    good("stylize c.png s.png -o again.png --like out.png -q")
    assert contents(here)["again.png"] == contents(here)["out.png"]
    good("stylize c.png s.png -o other.png --like out.png -q --steps 2 --size 40")
    with Image.open("other.png") as other, Image.open("out.png") as first:
        changed, before = json.loads(other.text["nstgraph"]), json.loads(first.text["nstgraph"])
        assert other.size == (40, 30)
    different = {name for name in before if changed[name] != before[name]}
    assert different == {"size", "steps", "steps_taken", "stages"} and before["seed"] == 7
    assert "3 steps" in good("plan c.png s.png --like out.png").stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--like out.png", "no setting 'brush'; choose from balance, blending, bounds, "),
        ("--like c.png", "c.png carries no settings; PNG and TIFF do as nstgraph wrote them, or name another"),
        ("--like gone.png", "gone.png does not exist; "),
        ("--like s.png -o c.png --overwrite", "s.png carries no settings"),
    ],
)
def test_settings_that_cannot_be_taken_are_one_line(here, options, message):
    save(here / "out.png", np.zeros((1, 24, 24, 3)), metadata={"nstgraph": '{"brush": 3}'})
    before, result = contents(here), run(f"stylize c.png s.png {options}")
    assert result.exit_code == 2 and result.output.startswith(f"nstgraph: {message}") and result.output.count("\n") == 1
    assert contents(here) == before


def test_the_picture_whose_settings_are_taken_is_not_written_over(here):
    save(here / "out.png", np.zeros((1, 24, 24, 3)), metadata={"nstgraph": "{}"})
    result = run("stylize c.png s.png --like out.png -o out.png --overwrite")
    assert result.exit_code == 2 and "out.png is an input" in result.output
