"""Whose colours a run's pictures have: those of what is searched with, and of what is shown."""

from __future__ import annotations

import dataclasses
import functools

from nstgraph.arrays import Array
from nstgraph.config import Config
from nstgraph.pictures.color_spaces import COLOR_SPACES
from nstgraph.pictures.picture import Picture, PictureSet
from nstgraph.pictures.recolor import grey, matched, moments, with_chroma
from nstgraph.pictures.resize import resize
from nstgraph.pictures.wrapping import wraps_of

__all__ = ["Colors"]


class Colors:
    """The colours of one run's pictures, as the settings want them (Gatys et al. 2016, "Preserving Color").

    Args:
        config: says whose they are, and by which way.
        given: the pictures as they were read.
    """

    def __init__(self, config: Config, given: PictureSet) -> None:
        self._given = given
        self._by = config.colors_by if config.keep_colors else ""
        self._wraps = wraps_of(config.padding)
        self._space = COLOR_SPACES.get(config.chosen_space)

    @functools.cached_property
    def searched(self) -> PictureSet:
        """The pictures that a search is made with."""
        given, space = self._given, self._space
        if space is None:
            return given
        wanted = moments(given.content, space)
        if self._by == "matching":
            return dataclasses.replace(
                given,
                styles=tuple(_with(one, matched(one.rgb, space, moments(one, space), wanted)) for one in given.styles),
            )
        return dataclasses.replace(
            given,
            content=_with(given.content, grey(given.content.rgb, space)),
            styles=tuple(_with(one, grey(one.rgb, space, moments(one, space), wanted)) for one in given.styles),
            starts=tuple(_with(one, grey(one.rgb, space)) for one in given.starts),
        )

    def shown(self, image: Array) -> Array:
        """What an image of the search, [1, height, width, 3], looks like: with the photo's chroma, if that is kept so.

        Returns:
            [1, height, width, 3], float32, 0..255, but for an image that is shown as it is, which is given back.
        """
        if self._space is None or self._by != "luminance":
            return image
        return with_chroma(image, resize(self._given.content.rgb, *image.shape[1:3], wraps=self._wraps), self._space)


def _with(picture: Picture, rgb: Array) -> Picture:
    return dataclasses.replace(picture, rgb=rgb)
