"""The pictures of loss terms: masks, maps and further images, each beside one of the graph's pictures."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from nstgraph.arrays import Array
from nstgraph.errors import ConfigError, LossError
from nstgraph.graph.view import View
from nstgraph.pictures.crop import WHOLE, Crop
from nstgraph.pictures.load import Source, load
from nstgraph.pictures.picture import Picture
from nstgraph.pictures.resize import resize
from nstgraph.pictures.wrapping import NOWHERE, Wraps

__all__ = ["KeptPicture", "Named", "OwnPicture", "OwnPictures"]

#: What a term's picture is known by: its path, or the picture itself.
Named: TypeAlias = str | os.PathLike[str] | Picture


class KeptPicture(NamedTuple):
    """A picture of a term as it was when a run began, as it was read and cut, and the SHA-256 of what it came from."""

    picture: Picture
    sha256: str


@dataclass(frozen=True)
class OwnPicture:
    """A picture that a loss term has asked for.

    Attributes:
        source: what the term gave.
        picture: the picture, as it was read.
        sha256: of the file, or of an array's numbers: 64 hexadecimal digits.
        view: how the graph sees it.
        beside: the view whose size and tiles it shares: generated, content, or a style.
    """

    source: Source
    picture: Picture
    sha256: str
    view: View
    beside: View

    @property
    def record(self) -> dict[str, str]:
        """What the settings say of it."""
        return {"name": self.picture.name, "beside": self.beside.name, "sha256": self.sha256}


class OwnPictures:
    """The pictures that terms have asked for, in that order.

    Args:
        given: the views of the graph's other pictures.
        make: gives the view of a new picture, by its number, from 1, and the view beside it.
        crop: how they are cut, as the pictures beside them are.
        kept: pictures that are taken, in the order in which they are asked for, in place of what terms name.
        wraps: where the first of the given views, and what is beside it, goes on with its other side.
    """

    def __init__(
        self,
        given: Sequence[View],
        make: Callable[[int, View], View],
        *,
        crop: Crop = WHOLE,
        kept: Sequence[KeptPicture] = (),
        wraps: Wraps = NOWHERE,
    ) -> None:
        self._given = given
        self._make = make
        self._crop = crop
        self._kept = list(kept)
        self._wraps = wraps
        self._pictures: list[OwnPicture] = []
        self._replaced: dict[int, KeptPicture] = {}

    def __iter__(self) -> Iterator[OwnPicture]:
        return iter(self._pictures)

    def __len__(self) -> int:
        return len(self._pictures)

    @property
    def views(self) -> list[View]:
        """How the graph sees them."""
        return [own.view for own in self._pictures]

    @property
    def files(self) -> list[Path]:
        """Those that were read from files."""
        return [Path(own.source) for own in self._pictures if isinstance(own.source, str | os.PathLike)]

    @property
    def kept(self) -> list[KeptPicture]:
        """What another process needs to ask for the same ones."""
        return [KeptPicture(own.picture, own.sha256) for own in self._pictures]

    @property
    def records(self) -> list[dict[str, str]]:
        """What the settings say of them, of those that are replaced as they are now."""
        return [own.record for own in self._now()]

    def replace(self, others: Mapping[Named, Source]) -> None:
        """Feed other pictures in place of some, from now on; all that are not given are their own again.

        Args:
            others: pictures, which are cut as those were, by what the terms have named: a path, or a `Picture`.

        Raises:
            ConfigError: no term has named such a picture.
            PictureError: a picture cannot be read.
        """
        replaced: dict[int, KeptPicture] = {}
        for source, other in others.items():
            numbers = [number for number, own in enumerate(self._pictures) if _same(own.source, source)]
            if not numbers:
                named = ", ".join(own.picture.name for own in self._pictures) or "none"
                raise ConfigError(f"no term of the loss has named {source}; its pictures are {named}")
            replaced |= {number: self._read(other, self._pictures[number].beside) for number in numbers}
        self._replaced = replaced

    def _now(self) -> list[OwnPicture]:
        """The pictures, with others in the places of those that are replaced."""
        return [
            own if number not in self._replaced else dataclasses.replace(own, **self._replaced[number]._asdict())
            for number, own in enumerate(self._pictures)
        ]

    def view(self, source: Source, beside: View) -> View:
        """The view of a picture, which is read when it is first asked for beside that view; see `StyleGraph.picture`.

        Raises:
            PictureError: it cannot be read.
            LossError: ``beside`` is no view of this graph.
        """
        if all(beside is not view for view in (*self._given, *self.views)):
            raise LossError("beside is no view of this graph; give g.generated, g.content or g.style")
        beside = next((own.beside for own in self._pictures if own.view is beside), beside)
        for own in self._pictures:
            if own.beside is beside and _same(own.source, source):
                return own.view
        picture, sha256 = self._kept.pop(0) if self._kept else self._read(source, beside)
        view = self._make(len(self._pictures) + 1, beside)
        self._pictures.append(OwnPicture(source, picture, sha256, view, beside))
        return view

    def _read(self, source: Source, beside: View) -> KeptPicture:
        picture = load(source)
        # The generated image comes first, and shares its interior with the content alone.
        of_photo = beside.interior is self._given[0].interior
        cut = self._crop.photo(picture) if of_photo else self._crop.painting(picture)
        return KeptPicture(cut, picture.record.sha256)

    def feeds(self, feeds: Mapping[Any, Any], needed: Callable[[Any], bool] = lambda image: True) -> dict[Any, Array]:
        """What they are fed, by tensor: each stretched to the size that the picture beside it is fed in.

        Args:
            feeds: of the graph's pictures, and of terms' pictures that a caller feeds by himself.
            needed: whether an image is to be fed at all.

        Raises:
            ConfigError: the picture beside one is not fed, so that its size is not known.
        """
        own: dict[Any, Array] = {}
        for one in self._now():
            if one.view.image in feeds or not needed(one.view.image):
                continue
            # The generated image is not fed beforehand; it shares size and interior with the content.
            alike = [view.image for view in self._given if view.interior is one.view.interior and view.image in feeds]
            if not alike:
                raise ConfigError(
                    f"the size of {one.beside.name} is not known, so {one.picture.name} cannot be fitted to it; feed "
                    f"{one.view.image.name!r} by feed_dict"
                )
            # Resizing goes a little beyond, and the root of a mask below 0 is not a number.
            wraps = self._wraps if one.view.interior is self._given[0].interior else NOWHERE
            own[one.view.image] = resize(one.picture.rgb, *np.shape(feeds[alike[0]])[1:3], wraps=wraps).clip(0, 255)
        return own


def _same(one: Source, other: Source) -> bool:
    if isinstance(one, str | os.PathLike) and isinstance(other, str | os.PathLike):
        return os.fspath(one) == os.fspath(other)
    return one is other
