"""Requests: what a page may ask for, and that nothing in them names a file of the server's."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from nstgraph.errors import NstgraphError
from nstgraph.web.request import OFFERED, PaintRequest
from nstgraph.web.upload import Upload, checked


def test_settings_are_those_of_a_run(request_of: Callable[..., PaintRequest]) -> None:
    request = request_of(style_scale=0.75, keep_colors=True)
    config = request.config()
    assert (config.size, config.style_scale, config.keep_colors) == (32, 0.75, True)
    assert request.title == "lake × waves"
    assert request.pictures().content.size == (32, 48)


@pytest.mark.parametrize("name", ["weights", "network", "style_mask", "content_strength", "memory", "tile"])
def test_what_names_a_file_or_a_limit_is_not_taken(request_of: Callable[..., PaintRequest], name: str) -> None:
    assert name not in OFFERED
    with pytest.raises(NstgraphError, match=f"^{name} cannot be set from a page"):
        request_of(**{name: "/etc/passwd"})


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"init": "/etc/passwd"}, "a page cannot name files to start from"),
        ({"init": "blend:content=1,/etc/passwd=1"}, "a page cannot name files to start from"),
        ({"loss": ["temporal:warped=/etc/passwd"]}, "temporal:warped cannot be set from a page"),
        ({"loss": ["strangers:note=/etc/passwd"]}, "strangers:note cannot be set from a page"),
        ({"loss": ["nothing"]}, "no loss term 'nothing'"),
        ({"size": 1}, "size is 1"),
        ({"size": [512]}, "size is "),
    ],
)
def test_nor_is_what_names_one_in_another_way(
    request_of: Callable[..., PaintRequest],
    registered: Callable[..., None],
    settings: dict[str, Any],
    fault: str,
) -> None:
    def strangers(g: Any, note: str = "", power: float = 2.0) -> Any:
        return g.mean(g.generated.image**power)

    registered(strangers)
    with pytest.raises(NstgraphError) as caught:
        request_of(**settings)
    assert str(caught.value).startswith(fault)


def test_numbers_of_a_strangers_term_are_taken(
    request_of: Callable[..., PaintRequest], registered: Callable[..., None]
) -> None:
    def strangers(g: Any, note: str = "", power: float = 2.0) -> Any:
        return g.mean(g.generated.image**power)

    registered(strangers)
    assert request_of(loss=["strangers:power=3"]).config().loss == ("strangers:power=3",)


def test_it_takes_one_painting_or_a_few(photo: Upload, painting: Upload) -> None:
    for styles in ((), (painting,) * 9):
        with pytest.raises(NstgraphError, match="choose from one to 8"):
            PaintRequest(photo, styles)


def test_a_mask_is_a_picture_and_feather_goes_with_it(request_of: Callable[..., PaintRequest]) -> None:
    buffer = io.BytesIO()
    Image.new("L", (48, 32), 255).save(buffer, "PNG")
    mask = checked("mask.png", buffer.getvalue())
    with_mask = request_of(mask, feather=2.0).config()
    assert [one.name for one in with_mask.mask] == ["mask.png"]
    assert with_mask == request_of(mask, feather=2.0).config(), "so that one graph does for both"
    assert request_of(feather=2.0).config().feather == 0


def test_a_presets_settings_are_beside_those_given(request_of: Callable[..., PaintRequest]) -> None:
    config = request_of(preset="thushv", loss=("content:layer=conv1_1",)).config()
    assert (config.optimizer, config.size) == ("adam:learning_rate=5", 32)


def test_no_path_of_the_server_is_read(request_of: Callable[..., PaintRequest], tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    Image.new("RGB", (32, 32)).save(secret)
    with pytest.raises(NstgraphError, match="not a picture"):
        checked(str(secret), b"words")
