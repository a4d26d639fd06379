"""Files of pictures that a setting names, such as a loss term's mask, put where they are found."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from nstgraph.errors import ConfigError
from nstgraph.file_records import FileRecord
from nstgraph.losses.loss import Loss

__all__ = ["in_their_places"]


def in_their_places(value: Any, records: Any, beside: Path) -> Any:
    """A setting, or a part of one, in which paths of pictures that are recorded by name and hash lead to those.

    Args:
        value: a setting; of a loss, the parameters of its terms.
        records: what a result's settings say of the pictures of terms.
        beside: a folder in which they may be.

    Raises:
        ConfigError: a picture is not found, or is another now.
    """
    if isinstance(value, Loss):
        terms = (
            dataclasses.replace(
                one, parameters={name: in_their_places(part, records, beside) for name, part in one.parameters.items()}
            )
            for one in value.terms
        )
        return Loss(tuple(terms))
    if isinstance(value, tuple):
        return tuple(in_their_places(item, records, beside) for item in value)
    if not isinstance(value, str | Path) or not isinstance(records, list):
        return value
    alike = [own for own in records if isinstance(own, dict) and own.get("name") == Path(value).name]
    if not alike:
        return value
    hashes = [str(own.get("sha256")) for own in alike]
    found = [FileRecord(str(value), sha256).find(beside) for sha256 in hashes]
    place = next((path for path in found if path is not None), None)
    if place is None:
        raise ConfigError(f"{FileRecord(str(value), hashes[0])} is not found, or is another now; put it where it was")
    return type(value)(place) if isinstance(value, str) else place
