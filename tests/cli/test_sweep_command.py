"""Sweeps from the command line."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest
from foreground import NSTGRAPH
from typer.testing import CliRunner

from nstgraph.cli.app import app
from nstgraph.cli.sweep import parse_vary
from nstgraph.errors import ConfigError, LossError
from nstgraph.losses.registry import registry
from nstgraph.pictures.load import load
from nstgraph.pictures.metadata import read_settings

SMALL = ["--size", "48", "--steps", "2", "--scales", "1", "--precision", "float32"]


def nstgraph(*words):
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.stderr


@pytest.mark.parametrize(
    ("texts", "vary"),
    [
        (["style_scale=0.5,1,2"], {"style_scale": [0.5, 1.0, 2.0]}),
        (["style-scale=1e-1", "steps=50,200"], {"style_scale": [0.1], "steps": [50, 200]}),
        (
            ["style_scale=1+0.5,2", "style_weights=30+70,1+1"],
            {"style_scale": [(1.0, 0.5), 2.0], "style_weights": [(30.0, 70.0), (1.0, 1.0)]},
        ),
        (["keep_colors=on,False", "tile=off,64,auto"], {"keep_colors": [True, False], "tile": ["off", 64, "auto"]}),
        (["init=noise,'my, file.png'"], {"init": ["noise", "my, file.png"]}),
        (
            ["loss='tv:power=2,form=sum','content style',moments:layers=a+b"],
            {"loss": ["tv:power=2,form=sum", "content style", "moments:layers=a+b"]},
        ),
        (["loss=\"masked:mask='it''s, so',x=1\",default"], {"loss": ["masked:mask='it''s, so',x=1", "default"]}),
        (["loss=masked:mask='a, b'"], {"loss": ["masked:mask='a, b'"]}),
        (["optimizer='adam:beta1=0.5,beta2=0.9',lbfgs"], {"optimizer": ["adam:beta1=0.5,beta2=0.9", "lbfgs"]}),
        (["steps=3.5,many", "bounds=perhaps"], {"steps": ["3.5", "many"], "bounds": ["perhaps"]}),
    ],
)  # fmt: skip
def test_values_are_read_as_their_setting_takes_them(texts, vary):
    assert parse_vary(texts) == vary


@pytest.mark.parametrize(
    ("texts", "error", "said"),
    [
        (["steps"], ConfigError, "cannot read 'steps'; write a setting and its values, such as style_scale=0.5,1,2"),
        (["stlye_scale=1"], ConfigError, "no setting 'stlye_scale'; did you mean 'style_scale'?"),
        (["steps=1", "steps=2"], ConfigError, "steps is given twice; write all of its values after one --vary"),
        (["loss='tv,content"], LossError, "is not closed"),
        (["loss='tv'x"], LossError, "follows a closing quote"),
    ],
)
def test_what_cannot_be_read_is_said(texts, error, said):
    with pytest.raises(error, match=said):
        parse_vary(texts)


def test_a_sweep_of_two_settings(picture_folder):
    code, shown = nstgraph(
        *("sweep", "c.png", "s.png", "-o", "out", "--vary", "style_scale=1,1.5", *SMALL),
        *("--vary", "loss='tv:power=2,form=squared',style:layers=conv1_1", "--seed", "5"),
    )
    assert code == 0, shown
    assert "1 of 4: style_scale=1.0, loss=tv:power=2,form=squared\n" in shown and "wrote out/sheet.png" in shown
    names = sorted(path.name for path in (picture_folder / "out").iterdir())
    assert len(names) == 5 and "sheet.png" in names and "style_scale-1.5-loss-style-layers-conv1_1.png" in names
    settings = read_settings("out/style_scale-1.5-loss-style-layers-conv1_1.png")
    assert (settings["style_scale"], settings["loss"], settings["seed"]) == (1.5, "style:layers=conv1_1", 5)
    height, width = load("out/sheet.png").size
    assert height > 2 * 42 and width > 2 * 54
    code, shown = nstgraph("sweep", "c.png", "s.png", "-o", "out", "--vary", "steps=1", *SMALL, "-l", "tv", "-q")
    assert (code, shown) == (0, "")
    assert sorted(path.name for path in (picture_folder / "out-2").iterdir()) == ["sheet.png", "steps-1.png"]


def test_what_fails_is_named_and_the_rest_goes_on(picture_folder):
    code, shown = nstgraph(*("sweep", "c.png", "s.png", "--vary", "memory=0.001,0", *SMALL, "-l", "tv", "-q"))
    first, last = shown.splitlines()
    assert code == 2 and first.startswith("nstgraph: memory=0.001: ") and last == "nstgraph: 1 of 2 failed; see above"
    assert sorted(path.name for path in (picture_folder / "nstgraph-sweep").iterdir()) == [
        "memory-0.0.png",
        "sheet.png",
    ]


def test_where_all_fails_no_folder_is_left(picture_folder):
    code, shown = nstgraph(*("sweep", "c.png", "s.png", "--vary", "memory=0.001", *SMALL, "-l", "tv", "-q"))
    assert code == 2 and "1 of 1 failed" in shown and not (picture_folder / "nstgraph-sweep").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--vary", "steps=3,many"], "steps is 'many'; choose a whole number from 0"),
        (["--vary", "keep_colors=perhaps"], "keep_colors is 'perhaps'; choose True or False"),
        (["--vary", "stpes=3"], "no setting 'stpes'; did you mean 'steps'?"),
        (["--vary", "steps=3,3"], "steps has the value 3 twice"),
        (["--vary", "steps=3", "--vary", "size=48", "--vary", "seed=1"], "varies one or two settings, and not 3"),
        (["--vary", "loss=tvv"], "no loss term 'tvv'"),
        (["--vary", "size=48,16"], "would shrink to"),
        (["--vary", "steps=3", "-o", "nowhere/out"], "cannot create the folder nowhere/out"),
    ],
)
def test_what_is_wrong_is_one_line_before_any_work(picture_folder, words, said):
    before = sorted(picture_folder.rglob("*"))
    code, shown = nstgraph("sweep", "c.png", "s.png", *words)
    assert code == 2 and said in shown and shown.count("\n") == 1
    assert sorted(picture_folder.rglob("*")) == before


def test_standard_input_can_be_read_once_only(picture_folder):
    assert "save standard input as a file" in nstgraph("sweep", "-", "s.png", "--vary", "steps=1")[1]


def test_plugins_and_presets_are_taken(picture_folder):
    code = "from nstgraph import loss_term\n@loss_term\ndef redness(g):\n    return g.mean(g.generated.image) ** 2\n"
    (picture_folder / "p.py").write_text(code)
    words = ("--vary", "loss=redness,2*redness", "--plugin", "p.py", "--preset", "thushv")
    code, shown = nstgraph("sweep", "c.png", "s.png", "-o", "out", *words, *SMALL, "-q")
    assert (code, shown) == (0, "") and "redness" in registry.names()
    assert read_settings("out/loss-2-redness.png")["pooling"] == "average"


def test_an_interrupted_sweep_keeps_what_is_done_and_lays_the_sheet_of_it(picture_folder, interrupting_plugin):
    (picture_folder / "p.py").write_text(interrupting_plugin("out/steps-1.png"))
    words = ["c.png", "s.png", "-o", "out", "--vary", "steps=1,400", "--size", "48", "--scales", "1"]
    code, shown = nstgraph("sweep", *words, "-l", "interrupts", "--plugin", "p.py")
    assert code == 130 and "wrote out/sheet.png" in shown and "Traceback" not in shown
    names = sorted(path.name for path in (picture_folder / "out").iterdir())
    assert names == ["sheet.png", "steps-1.png", "steps-400.png"]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_ctrl_c_keeps_what_is_done_and_lays_the_sheet_of_it(picture_folder):
    words = ["c.png", "s.png", "-o", "out", "--vary", "steps=1,1000000", "--size", "48", "--scales", "1", "-l", "tv"]
    command = [*NSTGRAPH, "sweep", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        for shown in process.stderr:
            if shown.startswith("step 1/1000000"):
                process.send_signal(signal.SIGINT)
                break
        rest = process.stderr.read()
    assert process.returncode == 130 and "wrote out/sheet.png" in rest and "Traceback" not in rest
    names = sorted(path.name for path in (picture_folder / "out").iterdir())
    assert names == ["sheet.png", "steps-1.png", "steps-1000000.png"]
