"""What is read and written, by name."""

from __future__ import annotations

import pytest

from nstgraph.errors import OutputError
from nstgraph.pictures.formats import FORMATS, check_holds, format_of, readable_formats


def test_a_format_goes_by_the_extension():
    assert (format_of("a.JPG").name, format_of("b/c.tiff").name) == ("JPEG", "TIFF")
    with pytest.raises(
        OutputError, match=r"cannot write a\.svg: the extension '\.svg' is not one of .*\.bmp; rename it"
    ):
        format_of("a.svg")
    with pytest.raises(OutputError, match=r"cannot write a: a name without extension"):
        format_of("a")


def test_nothing_that_runs_programs_is_read():
    known = set(readable_formats("a.png"))
    assert {"PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "JPEG2000"} <= known <= {form.name for form in FORMATS}
    assert not known & {"EPS", "WMF", "PDF"}


def test_a_targa_is_one_by_name_only():
    assert "TGA" in readable_formats("x/a.TGA") and "TGA" not in readable_formats("a.png")


@pytest.mark.parametrize(
    ("name", "largest"),
    [("a.jpg", (65500, 1)), ("a.webp", (1, 16383)), ("a.tif", (32768, 32759)), ("a.bmp", (37800, 37800))],
)
def test_a_format_says_what_it_does_not_hold_and_which_one_does(name, largest):
    check_holds(name, largest)
    check_holds("a.png", (10**6, 10**6))
    more = max(largest) + 100
    with pytest.raises(OutputError, match=rf"cannot write {name}: .* too many for .*; choose \.png"):
        check_holds(name, (more, min(largest)))
    with pytest.raises(OutputError, match=r"too many for .*; choose \.png"):
        check_holds(name, (min(largest), more))
