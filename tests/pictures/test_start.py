"""What a search begins with, as text."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from nstgraph.errors import ConfigError
from nstgraph.pictures.noise import Noise
from nstgraph.pictures.start import renamed, start_of

NOISE = Noise("normal", 127.5, 58.0)


@pytest.mark.parametrize(
    ("init", "parts", "files"),
    [
        ("content", [("content", 1)], ()),
        ("noise", [(NOISE, 1)], ()),
        ("a/b.png", [("a/b.png", 1)], ("a/b.png",)),
        (Path("content"), [(Path("content"), 1)], (Path("content"),)),
        ("blend:content=0.6,noise=0.4", [("content", 0.6), (NOISE, 0.4)], ()),
        ("blend:style=1,noise=3,mean=0,deviation=9", [("style", 0.25), (Noise("normal", 0.0, 9.0), 0.75)], ()),
        (
            "blend:form=uniform,mean=vgg,deviation=1,noise=2,x=y.png=2",
            [(Noise("uniform", "vgg", 1.0), 0.5), ("x=y.png", 0.5)],
            ("x=y.png",),
        ),
        ("blend:b.png=1,content=2,a.png=1", [("b.png", 0.25), ("content", 0.5), ("a.png", 0.25)], ("b.png", "a.png")),
        ("blend:content=1,style=0", [("content", 1), ("style", 0)], ()),
    ],
)
def test_starts_are_read(init: Any, parts: list[Any], files: tuple[Any, ...]) -> None:
    start = start_of(init)
    assert [part for part, _ in start.parts] == [part for part, _ in parts]
    assert [share for _, share in start.parts] == pytest.approx([share for _, share in parts])
    assert start.files == files


HOW = "write each part once, with its share, as in blend:content=0.6,noise=0.4"


@pytest.mark.parametrize(
    ("init", "message"),
    [
        ("blend:", f"cannot read '' in init; {HOW}"),
        ("blend:content", f"cannot read 'content' in init; {HOW}"),
        ("blend:=1,content=1", f"cannot read '=1' in init; {HOW}"),
        ("blend:content=1,content=2", f"cannot read 'content=2' in init; {HOW}"),
        ("blend:noise=0.5", f"init is 'blend:noise=0.5', which blends nothing; {HOW}"),
        ("blend:content=0,noise=0", f"init is 'blend:content=0,noise=0', which blends nothing; {HOW}"),
        ("blend:content=x,noise=1", "the share of 'content' in init is 'x'; choose a number from 0 to 1000000"),
        ("blend:content=-1,noise=1", "the share of 'content' in init is '-1'; choose a number from 0 to 1000000"),
        ("blend:content=nan,noise=1", "the share of 'content' in init is 'nan'; choose a number from 0 to 1000000"),
        ("blend:content=1,style=1,mean=3", "init has 'mean=3', but no noise; add noise=SHARE to the blend"),
        ("blend:content=1,noise=1,mean=300", "noise:mean is '300'; choose vgg or a number from 0 to 255"),
        (
            "blend:content=1,noise=1,mean=3,mean=4",
            "cannot read 'mean=4' in init; write each once, as in noise:form=uniform,mean=128",
        ),
    ],
)
def test_starts_that_cannot_be_read(init: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        start_of(init)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("init", "expected"),
    [
        ("noise:mean=vgg", "noise:mean=vgg"),
        ("style", "style"),
        (Path("a/b.png"), "b.png"),
        ("blend:a/b.png=1,noise=2,mean=3,c/d=e.png=4", "blend:b.png=1,noise=2,mean=3,d=e.png=4"),
    ],
)
def test_files_get_other_names(init: Any, expected: str) -> None:
    assert renamed(init, os.path.basename) == expected
    start_of(expected)
