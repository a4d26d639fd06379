"""Files that requests name."""

from __future__ import annotations

import pytest

from nstgraph.web.named_files import is_inside, names_other_files


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "a b.png").write_bytes(b"picture")
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "own" / "link.png").symlink_to(tmp_path / "secret")
    return tmp_path / "own"


def test_a_file_of_the_folder_is_inside(folder):
    assert is_inside(str(folder / "a b.png"), folder)


@pytest.mark.parametrize("name", ["", ".", "..", "../secret", "link.png", "none.png", "a\0.png"])
def test_what_leads_elsewhere_is_not_inside(folder, name):
    assert not is_inside(f"{folder}/{name}", folder)


@pytest.mark.parametrize("path", ["a b.png", "/etc/passwd", "http://127.0.0.1/a.png", 7, None, ["/etc/passwd"]])
def test_only_whole_paths_as_text_are_inside(folder, path):
    assert not is_inside(path, folder)


def test_own_files_may_be_named_as_gradio_names_them(folder):
    path = str(folder / "a b.png")
    url = f"http://127.0.0.1:7860/gradio_api/file={path.replace(' ', '%20')}"
    assert not names_other_files({"data": [{"path": path, "url": url, "orig_name": "../x"}, 512, None]}, folder)


@pytest.mark.parametrize("named", ["/etc/passwd", "http://10.0.0.1/", "data:image/png;base64,AA", 3, {"path": "x"}])
@pytest.mark.parametrize("key", ["path", "url"])
def test_others_are_found_however_deep(folder, key, named):
    assert names_other_files({"data": [512, [{"image": {key: named}}]]}, folder)
