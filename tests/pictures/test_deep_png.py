"""PNG files of 16 bits, as other programs read them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from nstgraph import tf
from nstgraph.pictures.deep_png import deep_png


def read(data):
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(tf.io.decode_png(data, dtype=tf.uint16))


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 200, 4), (64, 5, 3), (65, 7, 4), (200, 33, 3)])
def test_every_value_comes_back(shape):
    rough = np.random.default_rng(0).integers(0, 65536, shape, np.uint16)
    smooth = np.add.outer(np.arange(shape[0]) * 311, np.arange(shape[1]) * 17)[:, :, np.newaxis] + np.arange(shape[2])
    for pixels in (rough, smooth.astype(np.uint16)):
        assert np.array_equal(read(deep_png(pixels)), pixels)


def test_chunks_stand_before_the_pixels():
    data = deep_png(np.full((2, 3, 3), 65535, np.uint16), [(b"tEXt", b"who\0someone"), (b"tEXt", b"empty\0")])
    with Image.open(io.BytesIO(data)) as image:
        assert image.info["who"] == "someone" and image.info["empty"] == ""
        assert image.size == (3, 2) and image.getpixel((2, 1)) == (255, 255, 255)


def test_smooth_pictures_become_small():
    ramp = np.add.outer(np.arange(128) * 101, np.arange(96) * 77)[:, :, np.newaxis].repeat(3, axis=2)
    assert len(deep_png(ramp.astype(np.uint16))) < 0.05 * ramp.size * 2
