"""Results that explain themselves, and are made again: what is shown of them, and what a stranger's may not do."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from nstgraph.cli.app import app
from nstgraph.config import Config, TextureConfig
from nstgraph.hashes import hash_of
from nstgraph.losses.loss_text import as_loss
from nstgraph.losses.registry import registry
from nstgraph.networks.weights_file import embedded
from nstgraph.pictures.metadata import read_settings
from nstgraph.pictures.save import save

PLUGIN = """
from nstgraph import loss_term, Source
@loss_term
def redness(g, mask: Source = None, unit: float = 255.0):
    share = 1 if mask is None else g.picture(mask, beside=g.generated).image / 255
    return g.mean(share * g.generated.image / unit)
"""

SMALL = ["--size", "40", "-l", "style:layers=image"]


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def good(*words: object) -> str:
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*words: object) -> str:
    """The line by which a command is refused."""
    result = run(*words)
    assert result.exit_code == 2 and result.stderr.startswith("nstgraph: "), result.output
    assert result.stderr.count("\n") == 1 and "\x1b" not in result.stderr and result.stdout == ""
    return result.stderr.removeprefix("nstgraph: ").rstrip("\n")


@pytest.fixture
def here(picture_folder: Path, monkeypatch: pytest.MonkeyPatch, save_picture: Any) -> Path:
    monkeypatch.setenv("COLUMNS", "150")
    (picture_folder / "p.py").write_text(PLUGIN)
    save_picture(picture_folder / "i.png", 44, 30)
    return picture_folder


@pytest.mark.parametrize(
    "how",
    [
        pytest.param("--precision float32 --init i.png", marks=pytest.mark.slow),
        "--precision bfloat16 --balance --init blend:i.png=3,noise=1 --depth 16",
    ],
)
def test_a_result_is_made_again_to_the_byte(here: Path, how: str) -> None:
    options = f"-l style:layers=conv1_1 -l 1..0.1*tv -l 0.1*redness:mask=c.png --plugin p.py --size 64 --steps 6 {how}"
    good("stylize", "c.png", "s.png", "i.png", "-o", "o.png", "-q", "--scales", "2", *options.split())
    assert len(read_settings("o.png")["changed_weights"]) == (3 if "balance" in how else 2)
    good("rerun", "o.png", "--plugin", "p.py", "-q")
    assert (here / "c-s.png").read_bytes() == (here / "o.png").read_bytes()
    # From elsewhere, with pictures beside it, of which one has another name and is given.
    other = here / "other"
    other.mkdir()
    for name in ("c.png", "s.png", "p.py", "o.png"):
        (here / name).rename(other / name)
    registry.remove("redness")  # which would now come from two files
    (here / "i.png").rename(other / "moved.png")
    line = refused("rerun", "other/o.png", "--plugin", "other/p.py")
    sha256 = hash_of(other / "moved.png")[:12]
    assert line == f"style i.png (SHA-256 {sha256}...) is not found, or is another now; give that file as --style FILE"
    moved = ["--style", other / "moved.png", "--init", other / "moved.png"]
    good("rerun", "other/o.png", "--plugin", "other/p.py", "-o", "again.png", "-q", *moved)
    assert (here / "again.png").read_bytes() == (other / "o.png").read_bytes()


def test_what_would_make_it_another_is_said(here: Path) -> None:
    good("stylize", "c.png", "s.png", "-o", "o.png", "-q", "--steps", "2", *SMALL)
    settings = {**read_settings("o.png"), "tensorflow": "2.16.1", "resumed": True}
    save(here / "n.png", np.zeros((1, 24, 24, 3)), metadata={"nstgraph": json.dumps(settings)})
    shown = run("rerun", "n.png", "-o", "again.png", "--tile", "32").stderr
    for note in (
        "made with tensorflow 2.16.1, here ",
        "gone on with from a checkpoint",
        "computed otherwise than it was",
    ):
        assert note in shown
    assert shown.count("so it may differ") == 3 and read_settings("again.png")["tile"] == 32


def test_pictures_that_are_others_now_are_refused(here: Path, save_picture: Any) -> None:
    good("stylize", "c.png", "s.png", "-o", "o.png", "-q", "--steps", "2", *SMALL)
    assert "i.png is not the file with the SHA-256 21685cf3eae2..." in refused("rerun", "o.png", "--weights", "i.png")
    save_picture(here / "c.png", 50, 30)
    assert "content c.png (SHA-256 " in refused("rerun", "o.png")
    line = refused("rerun", "o.png", "--content", "i.png")
    assert line.startswith("i.png is not the picture that it was made from as content, which is c.png (SHA-256 ")
    assert not (here / "c-s.png").exists()


def test_the_inputs_of_a_result_are_not_written_over(here: Path) -> None:
    good("stylize", "c.png", "s.png", "-o", "o.png", "-q", "--steps", "2", *SMALL)
    for target in ("o.png", "c.png", "s.png"):
        assert refused("rerun", "o.png", "-o", target, "--overwrite").startswith(f"{target} is an input")


def test_plugins_have_to_be_named_and_to_be_the_same(here: Path) -> None:
    good("stylize", "c.png", "s.png", "-o", "o.png", "-q", "--steps", "2", *SMALL, "-l", "redness", "--plugin", "p.py")
    sha256 = hash_of("p.py")[:12]
    registry.remove("redness")
    needed = f"it needs the plugin p.py (SHA-256 {sha256}...), which is code: look at it, then give it as --plugin FILE"
    assert refused("rerun", "o.png") == needed and "redness" not in registry.names()
    (here / "p.py").write_text(PLUGIN + "# changed\n")
    changed = refused("rerun", "o.png", "--plugin", "p.py")
    assert changed.startswith(f"p.py is another file now than the plugin p.py (SHA-256 {sha256}...)")
    assert "redness" not in registry.names()
    assert "gone.py does not exist" in refused("rerun", "o.png", "--plugin", "gone.py")


def test_show_tells_all_and_its_command_and_toml_make_the_same(here: Path) -> None:
    words = ["--steps", "3", "--init", "noise:mean=vgg", "--seed", "7", "--keep-colors", "-l", "0.1*redness:unit=3"]
    (here / "c.png").rename("a photo's.png")
    good("stylize", "a photo's.png", "s.png", "-o", "o.png", "-q", "--plugin", "p.py", *SMALL, *words)
    shown = good("show", "o.png")
    first, pictures, defaults, made, _ = shown.split("\n\n")
    assert "style:layers=image" in first and "seed" in first and "noise:mean=vgg" in first
    for name in ("a photo's.png", "s.png", "p.py", "compact_vgg.npz", hash_of("s.png")[:12]):
        assert name in pictures
    assert (
        re.search(r"padding +reflect", defaults)
        and "style_weights" not in first
        and "tensorflow" in made
        and "again: nstgraph rerun o.png" in shown
    )
    assert json.loads(good("show", "o.png", "--json")) == read_settings("o.png")
    line = good("show", "o.png", "--command").replace("\\\n", " ")
    assert shlex.split(line)[:2] == ["nstgraph", "stylize"] and "--plugin" in line
    good(*shlex.split(line)[1:], "-o", "again.png", "-q")
    assert (here / "again.png").read_bytes() == (here / "o.png").read_bytes()
    text = good("show", "o.png", "--toml")
    (here / "a.toml").write_text(text)
    assert Config.from_toml("a.toml").loss == ("style:layers=image", "0.1*redness:unit=3", "photo_colors")
    again = text.partition("\n")[0].removeprefix("# nstgraph ").replace("FILE.toml", "a.toml")
    good(*shlex.split(again), "-o", "third.png", "-q")
    assert (here / "third.png").read_bytes() == (here / "o.png").read_bytes()
    assert "choose one of them" in refused("show", "o.png", "--toml", "--json")


def test_a_texture_is_shown_and_made_again(here: Path) -> None:
    small = ["-l", "moments:layers=image", "--steps", "2", "--aspect", "2:1", "--size", "64"]
    good("texture", "s.png", "-o", "o.png", "-q", *small)
    good("rerun", "o.png", "-q")
    assert (here / "s-texture.png").read_bytes() == (here / "o.png").read_bytes()
    line = good("show", "o.png", "--command").replace("\\\n", " ")
    assert "-l" in shlex.split(line) and "--padding" not in line
    usual = {**read_settings("o.png"), "loss": str(as_loss(TextureConfig().loss))}
    save(here / "usual.png", np.zeros((1, 24, 24, 3)), metadata={"nstgraph": json.dumps(usual)})
    assert "-l" not in shlex.split(good("show", "usual.png", "--command").replace("\\\n", " "))
    good(*shlex.split(line)[1:], "-o", "again.png", "-q")
    assert (here / "again.png").read_bytes() == (here / "o.png").read_bytes()
    assert "content" not in good("show", "o.png").partition("SHA-256")[2].partition("\n\n")[0]


def test_masks_are_looked_for_beside_the_result_and_known_by_their_hashes(here: Path) -> None:
    Image.linear_gradient("L").resize((48, 36)).save(here / "m.png")
    Image.linear_gradient("L").resize((40, 40)).save(here / "n.png")
    masks = ["--mask", "m.png", "--style-mask", "n.png", "--feather", "3", "--steps", "2"]
    good("stylize", "c.png", "s.png", "-o", "o.png", "-q", *SMALL, *masks)
    other = here / "other"
    other.mkdir()
    for path in here.glob("*.png"):
        path.rename(other / path.name)
    good("rerun", "other/o.png", "-o", "again.png", "-q")
    assert (here / "again.png").read_bytes() == (other / "o.png").read_bytes()
    Image.radial_gradient("L").resize((48, 36)).save(other / "m.png")
    assert "mask m.png (SHA-256" in refused("rerun", "other/o.png", "-q") and not (here / "c-s.png").exists()


def test_masks_of_one_name_are_told_apart_and_are_in_the_command(here: Path) -> None:
    for number, folder in enumerate((here, here / "x")):
        folder.mkdir(exist_ok=True)
        Image.linear_gradient("L").rotate(180 * number).resize((48, 36)).save(folder / "m.png")
    masks = ["--mask", "m.png", "--mask", "x/m.png", "--content-strength", "x/m.png", "--steps", "2"]
    good("stylize", "c.png", "s.png", "-o", "o.png", "-q", *SMALL, "-l", "content:layer=image", *masks)
    good("rerun", "o.png", "-o", "{content}-again.png", "-q")
    assert (here / "c-again.png").read_bytes() == (here / "o.png").read_bytes()
    line = good("show", "o.png", "--command").replace("\\\n", " ")
    good(*shlex.split(line)[1:], "-o", "third.png", "-q")
    assert (here / "third.png").read_bytes() == (here / "o.png").read_bytes()
    # Another file of that name is not taken for it, neither here nor by --like.
    (here / "x" / "m.png").rename(here / "moved.png")
    Image.new("L", (48, 36), 200).save(here / "x" / "m.png")
    assert "is not found here; give mask itself" in refused("stylize", "c.png", "s.png", "--like", "o.png")
    assert "give that file as --mask FILE" in refused("rerun", "o.png")
    good("rerun", "o.png", "--mask", "moved.png", "-o", "fourth.png", "-q")
    assert (here / "fourth.png").read_bytes() == (here / "o.png").read_bytes()


@pytest.mark.parametrize("mask", ["/dev/zero", "//host/share/m.png", "fifo", 5])
def test_a_stranger_s_masks_are_not_looked_at(here: Path, mask: Any) -> None:
    os.mkfifo(here / "fifo")
    picture = carrying(here, mask=[mask], content_strength=mask)
    assert "masks has 0 pictures, and the settings name others" in refused("rerun", picture.name)
    picture = carrying(here, mask=[mask], masks=[{"path": str(mask), "sha256": HASH}])
    assert "is not found" in refused("rerun", picture.name)


HASH = "0" * 64


def carrying(folder: Path, **settings: Any) -> Path:
    """A stranger's picture."""
    known = {
        "content": {"path": "c.png", "sha256": hash_of(folder / "c.png")},
        "styles": [{"path": "s.png", "sha256": hash_of(folder / "s.png")}],
        "weights": "compact_vgg.npz", "weights_sha256": hash_of(embedded()), "loss": "tv", "size": 40, "steps": 1,
    }  # fmt: skip
    text = json.dumps({**known, **settings})
    return save(folder / "x.png", np.zeros((1, 24, 24, 3)), metadata={"nstgraph": text}, overwrite=True)


DEEP: Any = json.loads("[" * 500 + "]" * 500)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"plugins": [{"path": "evil.py", "sha256": HASH}]}, "it needs the plugin evil.py (SHA-256 0000"),
        ({"plugins": [{"path": "\x1b[31m", "sha256": HASH}]}, "it needs the plugin \\x1b[31m (SHA-256 0000"),
        ({"plugins": "evil.py"}, "plugins is 'evil.py', which is no list"),
        ({"plugin": "evil.py"}, "no setting 'plugin'"),
        (
            {"content": {"path": "/dev/zero", "sha256": HASH}},
            "content /dev/zero (SHA-256 000000000000...) is not found",
        ),
        ({"content": {"path": "fifo", "sha256": HASH}}, "content fifo (SHA-256 000000000000...) is not found"),
        ({"content": {"path": "//evil/share/a.png", "sha256": HASH}}, "content //evil/share/a.png (SHA-256"),
        ({"content": {"path": "a\0b", "sha256": HASH}}, "content a\\x00b (SHA-256 000000000000...) is not found"),
        ({"content": {"path": "c.png", "sha256": "0"}}, "the record of the content is damaged: '0' is no SHA-256"),
        ({"content": {"path": 3, "sha256": HASH}}, "the record of the content is damaged: 3 is no file's path"),
        ({"content": "c.png"}, "the record of the content is 'c.png'; it has a path and a sha256"),
        ({"content": {"path": None, "sha256": HASH}}, "content what was no file (SHA-256 0000"),
        ({"styles": []}, "the settings name no style"),
        ({"styles": DEEP}, "the record of a style is [["),
        ({"starts": [{"path": "/etc/hostname", "sha256": HASH}]}, "init /etc/hostname (SHA-256 0000"),
        ({"init": "/etc/hostname"}, "init names 1 pictures, and starts 0"),
        ({"init": "blend:c.png=1,x=nan"}, "the share of 'x' in init is 'nan'"),
        ({"output": "/tmp/evil.png"}, "no setting 'output'"),
        ({"log": "evil.csv"}, "no setting 'log'"),
        ({"size": 10**30}, "size is 1000000000000000000000000000000; choose"),
        ({"steps_taken": -1}, "steps_taken is -1"),
        ({"steps_taken": 1e400}, "steps_taken is inf"),
        ({"changed_weights": [[1, {"tv": "x"}]]}, "a change of weights is [1, {'tv': 'x'}]"),
        ({"changed_weights": [3]}, "a change of weights is 3"),
        ({"loss": "evil"}, "no loss term 'evil'"),
        ({"loss": "\x1b]0;evil\x07"}, "no loss term '\\x1b]0;evil\\x07'"),
        ({"weights": "../w.npz"}, "weights is '../w.npz', which is no file's name"),
        ({"network": "/dev/zero", "weights": None}, "network is '/dev/zero', which is no file's name"),
    ],
)
def test_a_stranger_s_result_loads_and_writes_nothing(here: Path, settings: dict[str, Any], message: str) -> None:
    (here / "evil.py").write_text("open('loaded', 'w')")
    os.mkfifo(here / "fifo")
    picture = carrying(here, **settings)
    before = {path.name for path in here.iterdir()}
    assert refused("rerun", picture.name).startswith(message)
    assert {path.name for path in here.iterdir()} == before
    # It can be looked at, though.
    for options in ([], ["--json"], ["--command"], ["--toml"]):
        shown = run("show", picture.name, *options)
        assert shown.exit_code == 0 and "\x1b" not in shown.output and "\x07" not in shown.output
    assert {path.name for path in here.iterdir()} == before


def test_a_stranger_s_mask_is_known_by_its_hash(here: Path) -> None:
    own = {"name": "i.png", "beside": "generated", "sha256": HASH}
    plugins = [{"path": "p.py", "sha256": hash_of("p.py")}]
    picture = carrying(here, loss="redness:mask=i.png", plugins=plugins, pictures=[own])
    assert refused("rerun", picture.name, "--plugin", "p.py").startswith("i.png (SHA-256 000000000000...) is not found")
    picture = carrying(here, loss="redness:mask=fifo", plugins=plugins)
    os.mkfifo(here / "fifo")
    result = run("rerun", picture.name, "--plugin", "p.py")
    assert result.exit_code == 2 and "fifo is not a regular file" in result.stderr


def test_a_path_that_looks_like_an_option_is_none_in_the_command_that_is_shown(here: Path) -> None:
    picture = carrying(here, content={"path": "--plugin=evil.py", "sha256": HASH}, init="--plugin")
    line = good("show", picture.name, "--command")
    assert line.startswith("nstgraph stylize ./--plugin=evil.py s.png ")


def test_pictures_that_carry_no_pictures(here: Path) -> None:
    save(here / "old.png", np.zeros((1, 24, 24, 3)), metadata={"nstgraph": json.dumps({"size": 40})})
    assert refused("rerun", "old.png") == (
        "the settings do not say from which content it was made; take them by --like instead"
    )
    assert "carries no settings" in refused("rerun", "c.png") and "carries no settings" in refused("show", "c.png")
    assert "size  40" in good("show", "old.png")
