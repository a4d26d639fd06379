"""Where a search begins: the photo, the painting, seeded noise, or a picture of its own; and where a finer one does."""

from __future__ import annotations

import numpy as np

from nstgraph.arrays import Array
from nstgraph.config import Config
from nstgraph.pictures.picture import PictureSet, Size
from nstgraph.pictures.resize import resize

__all__ = ["enlarged", "starting_image"]

#: Share of the content's detail that an enlarged image gets: half of it saves about three steps, as does all of it, but
#: lowers the loss from the first steps on.
_DETAIL = 0.5

#: Mean and standard deviation of the noise, in grey levels: mid-grey, with the contrast of a photograph.
_NOISE = 127.5, 58.0


def starting_image(config: Config, pictures: PictureSet, size: Size) -> Array:
    """The image that ``config.init`` stands for, [1, height, width, 3], 0..255."""
    if config.init == "noise":
        random = np.random.default_rng(config.seed)
        return random.normal(*_NOISE, (1, *size, 3)).clip(0, 255).astype(np.float32)
    named = {"content": pictures.content, "style": pictures.styles[0]}
    picture = pictures.start or named[str(config.init)]
    return resize(picture.rgb, *size)


def enlarged(image: Array, content: Array, size: Size) -> Array:
    """An image at a larger size, with some of the content's detail, which enlarging cannot bring.

    Args:
        image: what a coarser search gave, [1, height, width, 3].
        content: the photo, [1, height, width, 3].
        size: height and width of the result.
    """
    photo = resize(content, *size)
    blurred = resize(resize(photo, *image.shape[1:3]), *size)
    return resize(image, *size) + np.float32(_DETAIL) * (photo - blurred)
