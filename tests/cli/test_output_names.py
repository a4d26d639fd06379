import re
import sys
from pathlib import Path

import numpy as np
import pytest

from nstgraph.cli.output_names import OutputNames
from nstgraph.cli.output_options import STDOUT, Outputs
from nstgraph.errors import OutputError
from nstgraph.pictures.picture import Picture, PictureSet


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a.gif", {}, r"'\.gif' is not one of"),
        ("a", {"overwrite": True}, "without extension"),
        ("old.png", {}, "old.png exists"),
        ("sub.png", {"overwrite": True}, "is a folder"),
        ("nowhere/a.png", {"overwrite": True}, "nowhere does not exist"),
        ("a.png", {"compare": True}, "a-compare.png exists"),
        ("a.png", {"save_every": 2}, "a-0004.png exists"),
        ("a.png", {"save_every": 4}, "a-0004.png exists"),
        ("a.png", {"log": "old.csv"}, "old.csv exists"),
        ("a.png", {"log": "a.log", "overwrite": True}, "end its name in .csv or .json"),
        ("a.png", {"log": "nowhere/a.csv"}, "nowhere does not exist"),
        ("a.png", {"trace": "old.json"}, "old.json exists"),
        ("a.png", {"trace": "old.pb"}, "old.pb exists"),
        ("a.png", {"trace": "a.txt", "overwrite": True}, "end its name in .json or .pb"),
        ("a.png", {"trace": "json"}, "end its name in .json or .pb"),
        ("a.png", {"trace": "nowhere/a.pb"}, "nowhere does not exist"),
        (
            "a.png",
            {"trace": "a.json", "log": "a.json", "overwrite": True},
            "a.json is given for both --log and --trace",
        ),
        ("a.png", {"latest": "a.png"}, "a.png is given for both the result and --latest"),
        ("a.png", {"latest": "sub.png/../a.png"}, "a.png is given for both the result and --latest"),
        ("b.png", {"latest": "b-compare.png", "compare": True}, "is given for both the comparison and --latest"),
        ("a.png", {"latest": "old.png"}, "old.png exists"),
        ("a.png", {"latest": "a.gif"}, r"'\.gif' is not one of"),
        ("a.png", {"latest": STDOUT}, "without extension"),
        (
            "b.png",
            {"latest": "b-0002.png", "save_every": 2},
            "b-0002.png is given for --latest and is the name of a pic",
        ),
        ("a.jpg", {"depth": 16}, r"a\.jpg with 16 bits: JPEG is written with 8; choose \.png for 16"),
        ("a.png", {"quality": 80}, "a.png in a quality: PNG loses nothing"),
        ("a.png", {"animation": "a.mp4"}, r"cannot write an animation as .*a\.mp4; end its name in \.gif or \.webp"),
        ("a.png", {"animation": "a.png"}, "a.png is given for both the result and --animation"),
        ("a.png", {"animation": "old.png"}, "old.png exists"),
        ("a.png", {"curves": "a.jpg"}, r"cannot write curves as .*a\.jpg; end its name in \.png or \.svg or \.pdf"),
        ("a.png", {"curves": "nowhere/c.png"}, "nowhere does not exist"),
        ("a.png", {"curves": "b.png", "latest": "b.png"}, "b.png is given for both --latest and --curves"),
        ("a.png", {"summaries": "old.csv", "overwrite": True}, "old.csv is a file; name a folder"),
        ("a.png", {"summaries": "nowhere/a"}, "nowhere does not exist"),
    ],
)
def test_check_refuses(wanted, contents, folder, name, options, message):
    before = contents(folder)
    with pytest.raises(OutputError, match=message):
        OutputNames(wanted(folder, name, **options), []).check([])
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("name", "options", "source"),
    [
        ("old.png", {}, "old.png"),
        ("old.png", {}, "sub.png/../old.png"),
        ("a.png", {"compare": True}, "a-compare.png"),
        ("a.png", {"save_every": 2}, "a-0004.png"),
        ("a.png", {"log": "old.csv"}, "old.csv"),
        ("a.png", {"trace": "old.pb"}, "old.pb"),
    ],
)
def test_an_input_is_refused_even_with_overwrite(wanted, folder, name, options, source):
    chosen = OutputNames(wanted(folder, name, overwrite=True, **options), [])
    chosen.check([folder / "other.png"])
    with pytest.raises(OutputError, match="is an input and is never written over"):
        chosen.check([folder / "other.png", folder / source])


@pytest.mark.parametrize(
    "options",
    [
        {"save_every": 3}, {"save_every": 0}, {"save_every": 6}, {"log": "a.JSON"}, {},
        {"trace": "a.JSON"}, {"trace": "a.pb"}, {"trace": "b.json", "log": "a.json"},
        {"summaries": "a"}, {"summaries": "sub.png"}, {"summaries": "."}, {"depth": 16, "compare": False},
        {"animation": "a.GIF", "curves": "a.svg"}, {"animation": "b.png", "curves": "a.pdf"},
    ],
)  # fmt: skip
def test_check_lets_pass_what_is_in_nobodys_way(wanted, contents, folder, options):
    before = contents(folder)
    OutputNames(wanted(folder, "a.png", **options), []).check([folder / "old.png", Path("content")])
    assert contents(folder) == before


def test_without_a_name_the_picture_is_called_after_what_it_is_made_of(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sources = [Path("some/photo.jpg"), Path("The Scream (1893).tif"), Path("another.png")]
    names = []
    for _ in range(3):
        chosen = OutputNames(Outputs(), sources)
        chosen.check(sources)
        chosen.picture.touch()
        names.append(chosen.picture.name)
    assert names == [f"photo-The-Scream-1893{number}.png" for number in ("", "-2", "-3")]
    long = OutputNames(Outputs(), [STDOUT, Path("画" * 60)])
    assert long.picture.name == f"picture-{'画' * 26}.png"
    long.check([])


def test_two_runs_do_not_write_to_the_same_file(empty_folder):
    def chosen(**given):
        return OutputNames(Outputs(**given), [Path("photo.jpg"), Path("painting.jpg")])

    one, other, unchosen, next_one = (
        chosen(output=Path("a.png")),
        chosen(output=Path("sub/../a.png")),
        chosen(),
        chosen(),
    )
    assert unchosen.picture == next_one.picture == Path("photo-painting.png")
    Path("sub").mkdir()
    with one.claimed(), unchosen.claimed(), next_one.claimed():
        assert (unchosen.picture.name, next_one.picture.name) == ("photo-painting.png", "photo-painting-2.png")
        with pytest.raises(OutputError, match=r"another run is writing .*a\.png"), other.claimed():
            pass
    with other.claimed(), chosen().claimed():
        pass


def test_pictures_that_the_run_does_not_reach_are_in_nobodys_way(wanted, folder):
    chosen = OutputNames(wanted(folder, "a.png", save_every=2), [])
    chosen.check([], steps=3)
    with pytest.raises(OutputError, match=r"a-0004\.png exists"):
        chosen.check([], steps=4)


def test_a_standard_output_that_is_closed_is_refused_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "__stdout__", None)
    with pytest.raises(OutputError, match="standard output is closed; name a file with -o"):
        OutputNames(Outputs(STDOUT), [Path("photo.jpg")]).check([])


@pytest.mark.parametrize("further", [{"compare": True}, {"save_every": 2}])
def test_what_is_named_after_the_picture_needs_its_name(further):
    with pytest.raises(OutputError, match="name their files after the result; name a file with -o"):
        OutputNames(Outputs(STDOUT, **further), []).check([])


@pytest.mark.parametrize(
    ("options", "source"),
    [
        ({}, "a.png"),
        ({"log": "old.csv"}, "old.csv"),
        ({"save_every": 2}, "a-0004.png"),
        ({"compare": True}, "a-compare.png"),
    ],
)
def test_what_a_run_turns_out_to_read_is_not_written_over(wanted, folder, options, source):
    """Though its files may be there by then, without leave to replace what exists, as it has begun to write them."""
    chosen = OutputNames(wanted(folder, "a.png", **options), [])
    (folder / "a.png").touch()
    chosen.check_inputs([folder / "other.png"])
    with pytest.raises(OutputError, match=rf"{source} is an input and is never written over"):
        chosen.check_inputs([folder / "sub.png" / ".." / source])


@pytest.mark.parametrize(
    ("name", "options", "size", "message"),
    [
        ("a.webp", {}, (100, 16384), "16384 pixels on a side are too many for WEBP, which has at most 16383; choose"),
        ("a.jpg", {}, (65501, 100), "65501 pixels on a side are too many for JPEG"),
        ("a.bmp", {}, (40000, 40000), "40000 x 40000 pixels are too many for BMP"),
        ("a.webp", {"compare": True}, (4000, 6500), "a-compare.webp: 17016 "),  # of 6500, 4000 and 6500, and two gaps
        ("a.png", {"latest": "now.webp"}, (100, 16384), "now.webp: 16384 pixels on a side"),
    ],
)  # fmt: skip
def test_more_pixels_than_a_format_holds_are_refused(wanted, folder, name, options, size, message):
    photo, square = (Picture(np.zeros((1, height, 30, 3), np.float32), None, "p") for height in (20, 30))
    pictures = PictureSet(photo, (square,))
    with pytest.raises(OutputError, match=re.escape(message)):
        OutputNames(wanted(folder, name, **options), []).check_holds(pictures, size)
    within = (100, 4000)
    OutputNames(wanted(folder, name, **options), []).check_holds(pictures, within)
    OutputNames(wanted(folder, "a.png", compare=True), []).check_holds(pictures, (30000, 30000))
    OutputNames(Outputs(STDOUT), []).check_holds(pictures, (70000, 10))


def test_the_row_of_a_texture_has_no_photo(wanted, folder):
    painting = Picture(np.zeros((1, 30, 30, 3), np.float32), None, "p")
    names = OutputNames(wanted(folder, "b.webp", compare=True), [])
    with pytest.raises(OutputError, match="are too many for WEBP"):
        names.check_holds(PictureSet(painting, (painting,)), (6000, 6000))
    names.check_holds(PictureSet(painting, (painting,)), (6000, 6000), photo=False)
