"""Which pictures there are, and which photo goes with which paintings."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from pathlib import Path

from nstgraph.errors import ConfigError, PictureError
from nstgraph.pictures.folder import pictures_in
from nstgraph.pictures.load import check_file

__all__ = ["found", "paired"]


def found(names: Sequence[Path]) -> list[Path]:
    """The pictures that names stand for: files as they are, the pictures of folders, and what patterns match, sorted.

    A pattern is one of the shell's, such as ``photos/*.jpg``, ``**`` standing for folders of any depth; a name that
    exists is none.

    Raises:
        PictureError: a file does not exist, a folder has no pictures, or a pattern matches none.
    """
    pictures: list[Path] = []
    for name in names:
        if name.is_dir():
            pictures += pictures_in(name)
        elif not os.path.lexists(name) and glob.has_magic(str(name)):
            matching = [Path(path) for path in sorted(glob.glob(str(name), recursive=True)) if os.path.isfile(path)]
            if not matching:
                raise PictureError(f"no file matches {name}; check the pattern and the folder")
            pictures += matching
        else:
            check_file(name)
            pictures.append(name)
    return list(dict.fromkeys(pictures))


def paired(contents: Sequence[Path], styles: Sequence[Path], *, in_pairs: bool) -> list[tuple[Path, Path]]:
    """Each photo with each painting, those of one painting after the other; or the first with the first, and so on.

    Raises:
        ConfigError: pairs are asked for, and there are not as many of both.
    """
    if not in_pairs:
        return [(content, style) for style in styles for content in contents]
    if len(contents) != len(styles):
        raise ConfigError(f"{len(contents)} photos and {len(styles)} paintings make no pairs; leave --pairs out")
    return list(zip(contents, styles, strict=True))
