from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from nstgraph.errors import OutputError
from nstgraph.files import check_folder, check_target, new_folder, unused, what_is_wrong_with, writing, writing_folder


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
    with writing(target, overwrite=True) as file:
        file.write(b"new")
        file.flush()
        assert target.read_text() == "old"
    assert target.read_text() == "new" and names(tmp_path) == ["out.png"]


@pytest.mark.parametrize("old", ["old", None])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_after_an_error_all_is_as_it_was(tmp_path: Path, old: str | None, error: type[BaseException]) -> None:
    target = tmp_path / "out.png"
    if old is not None:
        target.write_text(old)
    with pytest.raises(error), writing(target, overwrite=True) as file:
        file.write(b"half")
        raise error
    assert names(tmp_path) == ([] if old is None else ["out.png"])
    assert old is None or target.read_text() == old


def test_nothing_is_left_behind_when_the_file_cannot_be_moved_into_place(tmp_path: Path) -> None:
    target = tmp_path / "out.png"
    refused = pytest.raises(OutputError, match=r"^cannot write .*out\.png \(.+\); choose another folder$")
    with refused, writing(target, overwrite=True) as file:
        file.write(b"new")
        (target / "inside").mkdir(parents=True)  # in the meantime
    assert names(tmp_path) == ["out.png"] and names(target) == ["inside"]


def test_a_file_that_has_appeared_in_the_meantime_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "out.png"
    refused = pytest.raises(OutputError, match=r"out\.png exists; choose another name or pass --overwrite$")
    with refused, writing(target) as file:
        file.write(b"new")
        target.write_text("somebody else's")
    assert target.read_text() == "somebody else's" and names(tmp_path) == ["out.png"]


def test_where_there_are_no_links_a_file_is_moved_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*paths: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    with writing(tmp_path / "out.png") as file:
        file.write(b"new")
    assert (tmp_path / "out.png").read_text() == "new" and names(tmp_path) == ["out.png"]
    with pytest.raises(OutputError, match="exists"), writing(tmp_path / "other.png") as file:
        (tmp_path / "other.png").write_text("somebody else's")
    assert (tmp_path / "other.png").read_text() == "somebody else's"


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (folder := tmp_path / "folder").mkdir()
    (real := folder / "real.png").write_text("old")
    (link := tmp_path / "link.png").symlink_to(real)
    with writing(link, overwrite=True) as file:
        file.write(b"new")
    assert link.is_symlink() and real.read_text() == "new"
    assert (names(tmp_path), names(folder)) == (["folder", "link.png"], ["real.png"])


@pytest.mark.skipif(os.name == "nt", reason="Windows limits no file's size")
def test_a_full_disk_is_one_line_and_nothing_is_left(tmp_path: Path) -> None:
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        refused = pytest.raises(OutputError, match=r"\(File too large\); free some space or choose another folder$")
        with refused, writing(tmp_path / "out.png") as file:
            file.write(bytes(4000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert names(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path: Path, umask: int) -> None:
    with writing(tmp_path / "out.png") as file:
        file.write(b"new")
    assert stat.S_IMODE((tmp_path / "out.png").stat().st_mode) == 0o666 & ~umask
    assert os.umask(umask) == umask


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path: Path, umask: int) -> None:
    (target := tmp_path / "out.png").touch(0o600)
    target.chmod(0o640)
    with writing(target, overwrite=True) as file:
        file.write(b"new")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640 and os.umask(umask) == umask


@pytest.mark.parametrize("name", ["noext", ".hidden", "two.parts.png", "spaces in it.png", "überschrift.png"])
def test_names_of_all_sorts(tmp_path: Path, name: str) -> None:
    with writing(tmp_path / name) as file:
        file.write(b"new")
    assert names(tmp_path) == [name] and (tmp_path / name).read_text() == "new"


def test_an_unused_name_is_the_first_that_no_file_has(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    (tmp_path / "a-2.png").symlink_to(tmp_path / "nowhere")
    wanted = {"new.png": "new.png", "a.png": "a-3.png"}
    assert {name: unused(tmp_path / name, ".png").name for name in wanted} == wanted
    (tmp_path / "a.b").mkdir()
    assert unused(tmp_path / "a.b").name == "a.b-2"


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("none", "does not exist"),
        ("folder", "is a folder"),
        ("empty", "is empty (0 bytes)"),
        ("pipe", "is not a regular file"),
        ("link", "is a link to nowhere, which does not exist"),
        ("loop", "is a link to loop, which does not exist"),
        ("n" * 300, "cannot be read (File name too long)"),
        ("nul\0", "cannot be read (it cannot be the name of a file)"),
        ("file", ""),
    ],
)
def test_what_is_wrong_with_an_input(tmp_path: Path, name: str, fault: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").touch()
    (tmp_path / "file").write_text("something")
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    assert what_is_wrong_with(tmp_path / name) == fault


def test_a_folder_is_seen_when_it_is_whole(tmp_path: Path) -> None:
    with writing_folder(tmp_path / "out") as place:
        (place / "file").write_text("new")
        assert not (tmp_path / "out").exists()
    assert names(tmp_path) == ["out"] and names(tmp_path / "out") == ["file"]
    with pytest.raises(ValueError, match="halfway"), writing_folder(tmp_path / "half") as place:
        (place / "file").write_text("new")
        raise ValueError("halfway")
    refused = pytest.raises(OutputError, match=r"cannot write .*out \(.+\); choose another folder")
    with refused, writing_folder(tmp_path / "out") as place:
        (place / "file").write_text("newer")
    assert names(tmp_path) == ["out"] and (tmp_path / "out" / "file").read_text() == "new"


def refusal(target: Path, *, overwrite: bool = False, inputs: tuple[Path, ...] = ()) -> str:
    with pytest.raises(OutputError) as raised:
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
    with pytest.raises(OutputError, match="the name is too long; choose a shorter one"):
        check_target(tmp_path / ("n" * 250 + ".png"))
    check_target(tmp_path / ("n" * 230 + ".png"))
    with writing(tmp_path / ("n" * 230 + ".png")) as file:
        file.write(b"fits")
    assert (tmp_path / ("n" * 230 + ".png")).read_text() == "fits"


def folder_refusal(folder: Path) -> str:
    with pytest.raises(OutputError) as raised:
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


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_folder_that_tensorflow_cannot_name_is_refused(tmp_path: Path) -> None:
    check_folder(tmp_path / "größe\t")
    assert "TensorFlow needs a name in UTF-8" in folder_refusal(tmp_path / os.fsdecode(b"b\xff"))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def test_new_folder_never_takes_one_that_exists(here: Path) -> None:
    (here / "file").write_text("precious")
    (here / "file-2").mkdir()
    for wanted, made in [("a.b", "a.b"), ("a.b", "a.b-2"), ("a.b", "a.b-3"), ("file", "file-3"), ("./a.b/c", "a.b/c")]:
        assert new_folder(here / wanted) == here / made and names(here / made) == []
    assert (here / "file").read_text() == "precious"


@pytest.mark.parametrize(("wanted", "made"), [(".", "here-2"), ("../here", "here-2"), ("sub/..", "here-2")])
def test_new_folder_beside_a_folder_without_a_name(
    here: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, made: str
) -> None:
    (here / "sub").mkdir()
    assert new_folder(Path(wanted)).resolve() == here.parent / made
    assert names(here) == ["sub"] and names(here.parent / made) == []


@pytest.mark.parametrize("wanted", ["file/a", "nowhere/a", "a" * 300, "/"])
def test_new_folder_that_cannot_be_made(here: Path, wanted: str) -> None:
    (here / "file").write_text("precious")
    with pytest.raises(OutputError, match=r"cannot create the folder .* \(.+\); choose another with -o"):
        new_folder(here / wanted)
    assert names(here) == ["file"]
