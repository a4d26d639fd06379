"""What is read and written, by name."""

from __future__ import annotations

import pytest

from nstgraph.errors import OutputError
from nstgraph.pictures.formats import FORMATS, format_of, readable_formats


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
