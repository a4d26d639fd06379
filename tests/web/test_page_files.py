"""Pictures on their way between the page and the server."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from nstgraph.errors import PictureError
from nstgraph.web.page_files import as_address, from_address, given, given_all, kept, kept_bytes
from nstgraph.web.upload import Upload


def _payload(path, name="lake.png"):
    return {"path": str(path), "orig_name": name, "meta": {"_type": "gradio.FileData"}}


def test_what_is_kept_is_given_back(photo, tmp_path):
    path = kept(photo, tmp_path)
    assert given(_payload(path), tmp_path, "the photo") == photo
    assert given_all([{"image": _payload(path), "caption": None}] * 2, tmp_path, "the painting") == (photo, photo)


@pytest.mark.parametrize("payload", [None, "", [], 7, {}])
def test_an_empty_control_holds_nothing(payload, tmp_path):
    if payload == {}:
        with pytest.raises(PictureError, match="choose it again"):
            given(payload, tmp_path, "the photo")
    else:
        assert given(payload, tmp_path, "the photo") is None and given_all(payload, tmp_path, "the photo") == ()


def test_a_file_of_another_folder_is_not_read(photo, tmp_path):
    (tmp_path / "page").mkdir()
    path = kept(photo, tmp_path)
    with pytest.raises(PictureError, match="the photo is no longer here"):
        given(_payload(path), tmp_path / "page", "the photo")


@pytest.mark.parametrize("name", ["../../a.png", "a/b.png", ".hidden", "..", "", "\0.png", "x" * 500, "C:\\a.png"])
def test_no_name_leads_out_of_the_folder(name, tmp_path):
    path = Path(kept_bytes(b"data", name, tmp_path))
    assert path.read_bytes() == b"data" and path.parents[1] == tmp_path and len(path.name) <= 100


def test_addresses_contain_the_picture_small_or_whole(photo):
    assert from_address(as_address(photo), photo.name) == photo
    with Image.open(io.BytesIO(from_address(as_address(photo, 12), "a").data)) as image:
        assert max(image.size) == 12
    assert as_address(None) == "" and from_address("", "the mask") is None


@pytest.mark.parametrize("address", ["/etc/passwd", "data:text/html,x", "data:image/png;base64,%", 7])
def test_other_addresses_are_refused(address):
    with pytest.raises(PictureError, match="the mask cannot be read; draw it again"):
        from_address(address, "the mask")


def test_what_an_address_contains_is_checked():
    with pytest.raises(PictureError, match="the mask is not a picture"):
        from_address(as_address(Upload("a.png", b"text")), "the mask")
