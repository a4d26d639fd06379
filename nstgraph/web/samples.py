"""Pictures drawn by code, so that the first click on the page works without files."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from nstgraph.demo.landscape import landscape
from nstgraph.demo.painting import painting
from nstgraph.pictures.save import encode
from nstgraph.web.upload import Upload

__all__ = ["Sample", "samples"]


#: Width and height in pixels: enough for the size that is chosen unasked.
_SIZE = 576, 432


@dataclass(frozen=True)
class Sample:
    """A photo and a painting that go together."""

    name: str
    photo: Upload
    style: Upload


@functools.cache
def samples() -> tuple[Sample, ...]:
    """The samples; drawing them takes some seconds, once in a process."""
    photo, swirls = Upload("mountain lake.png", encode(landscape(*_SIZE))), painting(*_SIZE)
    paintings = {"starry swirls": swirls, "sunset swirls": swirls[..., ::-1]}  # red for blue
    return tuple(Sample(name, photo, Upload(f"{name}.png", encode(drawn))) for name, drawn in paintings.items())
