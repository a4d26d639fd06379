"""Where a search begins: the photo, the painting, seeded noise, other pictures or a blend; where a finer one does."""

from __future__ import annotations

import numpy as np

from nstgraph.arrays import Array
from nstgraph.config import Config
from nstgraph.networks.input_values import MEAN_RGB
from nstgraph.pictures.fit import Size
from nstgraph.pictures.noise import VGG, Noise
from nstgraph.pictures.picture import PictureSet
from nstgraph.pictures.resize import resize
from nstgraph.pictures.start import Part, start_of
from nstgraph.pictures.wrapping import NOWHERE, Wraps, wraps_of

__all__ = ["enlarged", "starting_image"]

#: Share of the content's detail that an enlarged image gets: half of it saves about three steps, as does all of it, but
#: lowers the loss from the first steps on.
_DETAIL = 0.5


def starting_image(config: Config, pictures: PictureSet, size: Size) -> Array:
    """The image that ``config.init`` stands for, [1, height, width, 3], 0..255."""
    named = {"content": pictures.content, "style": pictures.styles[0]}
    files = iter(pictures.starts)

    def image(part: Part) -> Array:
        if isinstance(part, Noise):
            return _drawn(part, config.seed, size)
        picture = named[part] if isinstance(part, str) and part in named else next(files)
        return resize(picture.rgb, *size, wraps=wraps_of(config.padding))

    parts = start_of(config.init).parts
    if len(parts) == 1:
        return image(parts[0][0])
    blend = np.zeros((1, *size, 3), np.float32)
    for part, share in parts:
        blend += np.float32(share) * image(part)
    return blend


def _drawn(noise: Noise, seed: int, size: Size) -> Array:
    random, shape = np.random.default_rng(seed), (1, *size, 3)
    unit = random.normal(size=shape) if noise.form == "normal" else random.uniform(-(3**0.5), 3**0.5, shape)
    mean = np.array(MEAN_RGB if noise.mean == VGG else noise.mean, np.float64)
    return (mean + noise.deviation * unit).clip(0, 255).astype(np.float32)


def enlarged(image: Array, content: Array, size: Size, wraps: Wraps = NOWHERE) -> Array:
    """An image at a larger size, with some of the content's detail, which enlarging cannot bring.

    Args:
        image: what a coarser search gave, [1, height, width, 3].
        content: the photo, [1, height, width, 3].
        size: height and width of the result.
        wraps: where both go on with their other side.
    """
    photo = resize(content, *size, wraps=wraps)
    blurred = resize(resize(photo, *image.shape[1:3], wraps=wraps), *size, wraps=wraps)
    return resize(image, *size, wraps=wraps) + np.float32(_DETAIL) * (photo - blurred)
