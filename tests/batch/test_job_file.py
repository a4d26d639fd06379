"""Files that list the pictures of a batch."""

from __future__ import annotations

from pathlib import Path

import pytest

from nstgraph.batch.job_file import Row, read_job_file
from nstgraph.errors import ConfigError


def listed(folder, name, text):
    path = folder / name
    path.write_text(text)
    return read_job_file(path)


def test_a_table_has_any_setting_a_column(tmp_path):
    text = (
        "content,style,size,loss,keep-colors,mask,style_scale,output\n"
        'a.jpg,w.jpg|s.jpg,64,"content tv:power=2,form=sum",on,m.png|n.png,0.5+1,x.png\n'
        "b.jpg,w.jpg,,,,,,\n"
    )
    first, second = listed(tmp_path, "jobs.csv", text)
    assert first.content == Path("a.jpg") and first.styles == (Path("w.jpg"), Path("s.jpg"))
    assert first.output == Path("x.png")
    assert first.settings == {
        "size": 64,
        "loss": "content tv:power=2,form=sum",
        "keep_colors": True,
        "mask": ("m.png", "n.png"),
        "style_scale": (0.5, 1.0),
    }
    assert second == Row(Path("b.jpg"), (Path("w.jpg"),), None, {})


def test_toml_may_have_settings_for_all(tmp_path):
    text = 'size = 64\nseed = 3\n[[job]]\ncontent = "a"\nstyle = ["w", "s"]\n[[job]]\ncontent="b"\nstyle="w"\nsize=32\n'
    first, second = listed(tmp_path, "jobs.toml", text)
    assert first == Row(Path("a"), (Path("w"), Path("s")), None, {"size": 64, "seed": 3})
    assert second == Row(Path("b"), (Path("w"),), None, {"size": 32, "seed": 3})


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("jobs.csv", "content,style\n", "lists no jobs"),
        ("jobs.csv", "content,style\na.jpg,\n", "lacks a content or a style"),
        ("jobs.csv", "content,style,sise\na,b,3\n", "no setting 'sise' for row 1.*did you mean 'size'"),
        ("jobs.csv", "content,style,size\na,b,big\n", "size in row 1 of .* is 'big'"),
        ("jobs.csv", "content,style\na,b,c\n", "not as many fields"),
        ("jobs.csv", "content,style,plugin\na,b,c.py\n", "no setting 'plugin'"),
        ("jobs.toml", "job = 3\n", "no list of tables"),
        ("jobs.toml", "[[job]]\ncontent = 3\nstyle = 'a'\n", "lacks a content or a style"),
        ("jobs.toml", "[[job]]\ncontent = 'a'\nstyle = 'a'\nplugin = 'a'\n", "plugins are code"),
        ("jobs.txt", "", "ends in .csv or .toml"),
    ],
)
def test_what_cannot_be_used_is_said_with_its_place(tmp_path, name, text, said):
    with pytest.raises(ConfigError, match=said):
        listed(tmp_path, name, text)


def test_a_file_that_is_missing_or_no_text_is_said(tmp_path):
    with pytest.raises(ConfigError, match="does not exist"):
        read_job_file(tmp_path / "jobs.csv")
    (tmp_path / "jobs.csv").write_bytes(b"\xff\xfe\0")
    with pytest.raises(ConfigError, match="is no table of CSV"):
        read_job_file(tmp_path / "jobs.csv")
