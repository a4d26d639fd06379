"""Names of files by pattern."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nstgraph.cli.name_patterns import FIELDS, expanded, fields_of
from nstgraph.cli.output_options import OFF, STDOUT, Outputs
from nstgraph.config import Config
from nstgraph.errors import OutputError

PICTURES = [Path("x/My photo (2).jpg"), Path("The Scream.tif"), Path("b.png")]
KNOWN = {field: f"<{field}>" for field in FIELDS}


def test_fields_are_those_of_the_run():
    fields = fields_of(Config(size=256, steps=7, seed=3), PICTURES, "gatys")
    assert re.fullmatch(r"20\d{6}-\d{6}", fields.pop("time")) and re.fullmatch(r"20\d{6}", fields.pop("date"))
    assert fields == {
        "content": "My-photo-2", "style": "The-Scream-b", "size": "256", "steps": "7", "seed": "3", "preset": "gatys",
    }  # fmt: skip
    automatic = fields_of(Config(size=0), [STDOUT, Path("画" * 60 + ".png")])
    assert (automatic["size"], automatic["steps"]) == ("own", "auto")
    assert (automatic["content"], automatic["style"]) == ("picture", "画" * 26)


def test_every_field_stands_for_something():
    assert set(fields_of(Config(), PICTURES, "gatys")) == set(FIELDS)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("{content}-{style}.png", "<content>-<style>.png"),
        ("out/{size}/{seed}{seed}.jpg", "out/<size>/<seed><seed>.jpg"),
        ("a{{content}}.png", "a{content}.png"),
        ("{{{content}}}.png", "{<content>}.png"),
        ("}}{{.png", "}{.png"),
        ("plain 100%.png", "plain 100%.png"),
        ("-", "-"),
    ],
)
def test_a_pattern_becomes_a_name(tmp_path, monkeypatch, pattern, name):
    monkeypatch.chdir(tmp_path)
    assert expanded(Path(pattern), KNOWN) == Path(name)


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("{contnet}.png", "no field {contnet} in {contnet}.png; use {content} {style} {date} {time} {size} {steps} "
                          "{seed} {preset}, or {{ and }} for braces"),
        ("{}.png", "no field {} in"),
        ("{0}.png", "no field {0} in"),
        ("{size:04d}.png", "no field {size:04d} in"),
        ("{content.parent}.png", "no field {content.parent} in"),
        ("{content!r}.png", "no field {content!r} in"),
        ("{ content }.png", "no field { content } in"),
        ("a{content.png", "a brace in a{content.png has no other; use {content}"),
        ("a}.png", "a brace in a}.png has no other"),
        ("{content}}.png", "a brace in {content}}.png has no other"),
    ],
)  # fmt: skip
def test_what_is_no_pattern_is_one_line_that_lists_the_fields(pattern, fault):
    with pytest.raises(OutputError) as caught:
        expanded(Path(pattern), KNOWN)
    assert str(caught.value).startswith(fault) and "\n" not in str(caught.value)


def test_a_preset_that_is_none_has_no_name():
    with pytest.raises(OutputError, match=r"\{preset\} in \{preset\}\.png stands for nothing without --preset"):
        expanded(Path("{preset}.png"), fields_of(Config(), PICTURES))


def test_a_file_whose_name_is_the_pattern_is_not_passed_over(tmp_path):
    (tmp_path / "{content}.png").write_text("precious")
    with pytest.raises(OutputError, match=r"\{content\}\.png exists, braces and all; write \{\{ and \}\} if it is"):
        expanded(tmp_path / "{content}.png", KNOWN)
    assert expanded(tmp_path / "{{content}}.png", KNOWN) == tmp_path / "{content}.png"


def test_all_files_of_a_run_are_named_by_patterns_and_kept_as_names(tmp_path):
    names = ("output", "latest", "animation", "curves", "log", "summaries", "trace", "checkpoint")
    outputs = Outputs(**{name: tmp_path / f"{{content}}-{name}" for name in names}, save_every=3)
    named = outputs.named({"content": "photo{"})
    assert all(getattr(named, name) == tmp_path / f"photo{{-{name}" for name in names) and named.save_every == 3
    kept = Outputs().resumed(named.recorded(named.output))
    assert kept.output == tmp_path / "photo{-output" and kept.log == tmp_path / "photo{-log"
    assert Outputs(checkpoint=OFF).named({}) == Outputs(checkpoint=OFF)


def test_how_a_result_is_written_is_kept(tmp_path):
    given = Outputs(tmp_path / "a.jpg", quality=70, frames=9, compare=True)
    kept = Outputs().resumed(given.recorded(given.output))
    assert (kept.depth, kept.quality, kept.frames, kept.compare) == (8, 70, 9, True)
    assert Outputs(quality=50).resumed(given.recorded(given.output)).quality == 50
