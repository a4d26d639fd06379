"""Where a picture is painted with which styles, and where its content is kept: masks, as a style graph takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nstgraph.errors import CheckpointError, ConfigError
from nstgraph.file_records import FileRecord
from nstgraph.pictures.load import Source
from nstgraph.pictures.picture import Picture

__all__ = ["Masks", "Region"]


@dataclass(frozen=True)
class Region:
    """A part of the generated image, and the styles that it is painted with.

    Attributes:
        mask: a grey picture of any size beside the generated image: white inside, black outside, greys in between;
            None is all of it.
        styles: by number of a style image, from 0, the mask of what of it is taken, or None for all of it; without an
            entry, the region takes all of all styles.
    """

    mask: Source | None = None
    styles: Mapping[int, Source | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Masks:
    """The masks of a style graph.

    Attributes:
        regions: parts of the generated image, which may overlap; what is in none of them takes no style. Without
            regions, all of it takes all styles.
        content_strength: a grey picture beside the content image: the content counts where it is white, and does not
            where it is black; None if it counts everywhere.
        records: what a result says of the pictures that these were made from, if anything.
    """

    regions: tuple[Region, ...] = ()
    content_strength: Source | None = None
    records: tuple[FileRecord, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Which picture is which mask, as numbers of pictures, but not the pictures."""
        known: list[Source] = []

        def number(mask: Source | None) -> int | None:
            if mask is None:
                return None
            if all(mask is not other for other in known):
                known.append(mask)
            return next(number for number, other in enumerate(known) if other is mask)

        regions = [
            {"mask": number(region.mask), "styles": [[style, number(mask)] for style, mask in region.styles.items()]}
            for region in self.regions
        ]
        records = [record.as_json() for record in self.records]
        return {"regions": regions, "content_strength": number(self.content_strength), "records": records}

    @classmethod
    def from_json(cls, given: Any) -> Masks:
        """What `as_json` gave, with empty pictures in place of the masks, which a graph then takes from elsewhere.

        Raises:
            CheckpointError: it is something else.
        """
        known: dict[int, Picture] = {}

        def picture(number: Any) -> Picture | None:
            if number is not None and type(number) is not int:
                raise TypeError("a mask has no number")
            empty = Picture(np.zeros((1, 1, 1, 3), np.float32), None, "mask")
            return None if number is None else known.setdefault(number, empty)

        try:
            regions = tuple(
                Region(picture(one["mask"]), {int(style): picture(mask) for style, mask in one["styles"]})
                for one in given["regions"]
            )
            records = tuple(FileRecord.read(record, "a mask") for record in given["records"])
            return cls(regions, picture(given["content_strength"]), records)
        except (ConfigError, KeyError, TypeError, ValueError) as error:
            raise CheckpointError("the masks of the checkpoint are damaged; begin anew") from error

    def __bool__(self) -> bool:
        return bool(self.regions) or self.content_strength is not None
