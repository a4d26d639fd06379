"""Pictures of runs under addresses of their own."""

from __future__ import annotations

import pytest

from nstgraph.errors import ConfigError
from nstgraph.web.run_pictures import answer, picture_address


class _Studio:
    """One run, with a result and without a preview."""

    def picture(self, run):
        return self._of(run, b"PNG")

    def preview(self, run):
        return self._of(run, b"")

    def close(self):
        raise AssertionError("nobody may ask for that")

    def _of(self, run, data):
        if run != "abc":
            raise ConfigError("there is no such picture")
        return data


def test_a_result_is_saved_under_its_id():
    status, body, headers = answer(_Studio(), "abc", "picture.png")
    assert (status, body, headers["content-type"]) == (200, b"PNG", "image/png")
    assert headers["content-disposition"] == 'attachment; filename="nstgraph-abc.png"'


@pytest.mark.parametrize(
    ("run", "kind"),
    [("abc", "preview.jpg"), ("abc", "photo.jpg"), ("x", "picture.png"), ("abc", "close"), ("abc", ""), ("..", "x")],
)
def test_what_is_not_there_is_404(run, kind):
    assert answer(_Studio(), run, kind)[0] == 404


def test_previews_are_told_apart():
    assert picture_address("abc", "preview.jpg", 3) == "runs/abc/preview.jpg?3"
