"""The file with the page's password."""

from __future__ import annotations

import os

import pytest

from nstgraph.errors import ConfigError
from nstgraph.web.password import read_password


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "password"
    path.write_text("brush strokes\n")
    path.chmod(0o600)
    return path


def test_the_password_is_the_only_line(file):
    assert read_password(file) == "brush strokes"


@pytest.mark.parametrize("data", [b"", b"\n", b"  \n", b"one\ntwo\n", b"\xff\xfe", b"x" * 2000])
def test_anything_but_one_line_is_refused(file, data):
    file.write_bytes(data)
    with pytest.raises(ConfigError, match=r"as one line|does not hold one line"):
        read_password(file)


@pytest.mark.skipif(os.name != "posix", reason="files have other rights there")
@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_file_that_others_may_read_is_refused(file, mode):
    file.chmod(mode)
    with pytest.raises(ConfigError, match=r"others may read .*chmod 600"):
        read_password(file)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="none cannot be read"):
        read_password(tmp_path / "none")
