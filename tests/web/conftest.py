"""Small uploads, and requests of cheap losses."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nstgraph.losses.registry import registry
from nstgraph.web.request import PaintRequest
from nstgraph.web.upload import Upload, checked

#: What is quick to build and to evaluate.
CHEAP = ("content:layer=conv1_1", "tv")


def png(width: int, height: int, seed: int = 0) -> bytes:
    """A smooth picture."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def photo() -> Upload:
    """A photo of 48 x 32 pixels."""
    return checked("lake.png", png(48, 32))


@pytest.fixture
def painting() -> Upload:
    """A painting of 40 x 40 pixels."""
    return checked("waves.png", png(40, 40, seed=1))


@pytest.fixture
def request_of(photo: Upload, painting: Upload) -> Callable[..., PaintRequest]:
    """Function of settings that gives a request of a picture of 32 x 21 pixels, and cheap unless they say otherwise."""

    def request(mask: Upload | None = None, preset: str | None = None, **settings: Any) -> PaintRequest:
        given = {"size": 32, "steps": 4, "scales": 1, "loss": CHEAP, **settings}
        return PaintRequest(photo, (painting,), mask, given, preset)

    return request


@pytest.fixture
def registered() -> Iterator[Callable[[Callable[..., Any]], None]]:
    """Function that registers a term for the test alone."""
    names: list[str] = []

    def register(function: Callable[..., Any]) -> None:
        names.append(registry.add(function).name)

    yield register
    for name in names:
        registry.remove(name)
