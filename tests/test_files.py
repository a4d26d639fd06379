from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from nstgraph.errors import ConfigError
from nstgraph.files import beside, check_folder, check_target


@pytest.fixture(params=[0o022, 0o077, 0o002])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_nothing_is_seen_of_a_file_before_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "out.png"
    target.write_text("old")
    with beside(target) as path:
        assert path.parent == tmp_path and path.suffix == ".png" and path != target
        path.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new" and names(tmp_path) == ["out.png"]


@pytest.mark.parametrize("old", ["old", None])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_after_an_error_all_is_as_it_was(tmp_path: Path, old: str | None, error: type[BaseException]) -> None:
    target = tmp_path / "out.png"
    if old is not None:
        target.write_text(old)
    with pytest.raises(error), beside(target) as path:
        path.write_text("half")
        raise error
    assert names(tmp_path) == ([] if old is None else ["out.png"])
    assert old is None or target.read_text() == old


def test_nothing_is_left_behind_when_the_file_cannot_be_moved_into_place(tmp_path: Path) -> None:
    (tmp_path / "out.png" / "inside").mkdir(parents=True)
    with pytest.raises(OSError), beside(tmp_path / "out.png") as path:
        path.write_text("new")
    assert names(tmp_path) == ["out.png"] and names(tmp_path / "out.png") == ["inside"]


def test_a_block_that_removes_its_file_leaves_the_target_alone(tmp_path: Path) -> None:
    target = tmp_path / "out.png"
    target.write_text("old")
    with pytest.raises(FileNotFoundError), beside(target) as path:
        path.unlink()
    assert target.read_text() == "old" and names(tmp_path) == ["out.png"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
@pytest.mark.parametrize("exists", [True, False])
def test_permissions_follow_the_umask(tmp_path: Path, umask: int, exists: bool) -> None:
    target = tmp_path / "out.png"
    if exists:
        target.touch(0o600)
    with beside(target) as path:
        path.write_text("new")
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~umask
    assert os.umask(umask) == umask


@pytest.mark.parametrize("name", ["noext", ".hidden", "two.parts.png", "spaces in it.png", "überschrift.png"])
def test_names_of_all_sorts(tmp_path: Path, name: str) -> None:
    with beside(tmp_path / name) as path:
        assert path.name.endswith(Path(name).suffix)
        path.write_text("new")
    assert names(tmp_path) == [name] and (tmp_path / name).read_text() == "new"


def refusal(target: Path, *, overwrite: bool = False, inputs: tuple[Path, ...] = ()) -> str:
    with pytest.raises(ConfigError) as raised:
        check_target(target, overwrite=overwrite, inputs=inputs)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_new_file_is_allowed_and_the_check_writes_nothing(tmp_path: Path) -> None:
    check_target(tmp_path / "out.png", inputs=[tmp_path / "in.png", Path("content")])
    assert names(tmp_path) == []


def test_a_name_without_a_folder_is_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    check_target(Path("out.png"))
    Path("out.png").touch()
    assert refusal(Path("out.png")) == "out.png exists; choose another name or pass --overwrite"


def test_an_existing_file_needs_overwrite(tmp_path: Path) -> None:
    (target := tmp_path / "out.png").write_text("old")
    assert refusal(target) == f"{target} exists; choose another name or pass --overwrite"
    check_target(target, overwrite=True, inputs=[tmp_path / "in.png"])
    assert target.read_text() == "old"


@pytest.mark.parametrize("overwrite", [True, False])
def test_folders(tmp_path: Path, overwrite: bool) -> None:
    target = tmp_path / "none" / "out.png"
    missing = f"cannot write {target}: the folder {target.parent} does not exist; create it first"
    assert refusal(target, overwrite=overwrite) == missing
    target.parent.touch()
    assert refusal(target, overwrite=overwrite) == missing
    assert refusal(tmp_path, overwrite=overwrite) == f"cannot write {tmp_path}: it is a folder; name a file in it"


def test_a_folder_without_permission(tmp_path: Path) -> None:
    (folder := tmp_path / "closed").mkdir()
    folder.chmod(0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write everywhere")
    assert f"no permission to write in {folder}; choose another folder" in refusal(folder / "out.png", overwrite=True)


@pytest.mark.parametrize("link", ["itself", "another spelling", "symlink", "hard link", "symlinked folder"])
@pytest.mark.parametrize("overwrite", [True, False])
def test_an_input_is_never_written_over(tmp_path: Path, link: str, overwrite: bool) -> None:
    (folder := tmp_path / "folder").mkdir()
    (source := folder / "in.png").write_text("photo")
    target = {
        "itself": source,
        "another spelling": folder / ".." / "folder" / "in.png",
        "symlinked folder": tmp_path / "other" / "in.png",
    }.get(link, tmp_path / "out.png")
    try:
        if link == "symlink":
            target.symlink_to(source)
        elif link == "symlinked folder":
            target.parent.symlink_to(folder)
        elif link == "hard link":
            target.hardlink_to(source)
    except (OSError, NotImplementedError) as error:
        pytest.skip(f"no links here ({error})")
    message = refusal(target, overwrite=overwrite, inputs=(tmp_path / "none.png", source))
    assert message == f"{target} is an input and is never written over; choose another name"


def test_a_name_too_long_for_the_temporary_file_is_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the name is too long; choose a shorter one"):
        check_target(tmp_path / ("n" * 250 + ".png"))
    check_target(tmp_path / ("n" * 230 + ".png"))
    with beside(tmp_path / ("n" * 230 + ".png")) as temporary:
        temporary.write_text("fits")
    assert (tmp_path / ("n" * 230 + ".png")).read_text() == "fits"


def folder_refusal(folder: Path) -> str:
    with pytest.raises(ConfigError) as raised:
        check_folder(folder)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_folder_that_is_there_or_can_be_made_is_allowed_and_the_check_makes_nothing(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    for name in ("new", "full", "full/new", "full/..", "."):
        check_folder(tmp_path / name)
    assert names(tmp_path) == ["full"] and names(tmp_path / "full") == ["file"]


def test_a_folder_without_a_folder_is_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("new", ".", "..", "new/"):
        check_folder(Path(name))
    assert names(tmp_path) == []


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (file := tmp_path / "file").write_text("precious")
    assert folder_refusal(file) == f"{file} is a file; name a folder"
    missing = f"cannot make {file / 'new'}: the folder {file} does not exist; create it first"
    assert folder_refusal(file / "new") == missing
    assert file.read_text() == "precious"


def test_one_folder_may_be_made_but_not_two(tmp_path: Path) -> None:
    assert folder_refusal(tmp_path / "none" / "new") == (
        f"cannot make {tmp_path / 'none' / 'new'}: the folder {tmp_path / 'none'} does not exist; create it first"
    )


def test_links_to_folders_are_folders(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    try:
        (tmp_path / "link").symlink_to(tmp_path / "folder")
    except (OSError, NotImplementedError) as error:
        pytest.skip(f"no links here ({error})")
    check_folder(tmp_path / "link")
    check_folder(tmp_path / "link" / "new")


@pytest.mark.parametrize("name", [".", "new"])
def test_a_folder_that_may_not_be_written_to(tmp_path: Path, name: str) -> None:
    (folder := tmp_path / "closed").mkdir()
    folder.chmod(0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write everywhere")
    assert folder_refusal(folder / name) == f"no permission to write in {folder}; choose another folder"


def test_a_folder_s_name_may_not_be_too_long(tmp_path: Path) -> None:
    check_folder(tmp_path / ("n" * 200))
    assert "name is too long" in folder_refusal(tmp_path / ("n" * 300))
