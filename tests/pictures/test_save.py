import io
import json
import os

import numpy as np
import pytest
from PIL import Image

from nstgraph import tf
from nstgraph.errors import OutputError
from nstgraph.pictures.load import load
from nstgraph.pictures.save import encode, save


def noise(height=24, width=32, channels=3):
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("name", ["a.png", "a.TIFF", "a.tif", "a.bmp", "a.jpg", "a.jpeg", "a.webp"])
def test_save_rounds_and_clips(tmp_path, name):
    image = np.full((1, 16, 24, 3), (-40.0, 99.6, 400.0), dtype=np.float32)
    assert save(tmp_path / name, image) == tmp_path / name
    tolerance = 3 if name in ("a.jpg", "a.jpeg", "a.webp") else 0
    assert np.abs(load(tmp_path / name).rgb - (0, 100, 255)).max() <= tolerance
    assert list(contents(tmp_path)) == [name]


def test_jpeg_keeps_its_colours_at_full_resolution(tmp_path):
    with Image.open(save(tmp_path / "a.jpg", load(noise()).rgb)) as image:
        assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3
        assert max(image.quantization[0]) <= 12


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.tif"])
def test_alpha_round_trip(tmp_path, name):
    alpha = np.linspace(0.2, 1, 24 * 32, dtype=np.float32).reshape(24, 32)
    picture = load(save(tmp_path / name, load(noise()).rgb, alpha=alpha))
    assert np.abs(picture.alpha - alpha).max() <= 0.5 / 255 + 1e-6


@pytest.mark.parametrize("name", ["a.jpg", "a.bmp"])
def test_alpha_becomes_white_where_there_is_none(tmp_path, name):
    image = np.full((1, 16, 32, 3), -40.0)
    image[:, :, 16:] = 100
    alpha = np.full((16, 32), 0.2)
    alpha[:, 16:] = 1.2
    picture = load(save(tmp_path / name, image, alpha=alpha))
    assert picture.alpha is None
    assert np.abs(picture.rgb[:, :, :16] - 204).max() <= 1 and np.abs(picture.rgb[:, :, 16:] - 100).max() <= 1


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.jpg", "a.webp", "a.bmp"])
def test_metadata(tmp_path, name):
    metadata = {"config": '{"size": 512}', "title": "Grüße, 世界"}
    with Image.open(save(tmp_path / name, load(noise()).rgb, metadata=metadata)) as image:
        if name == "a.png":
            assert image.text == metadata
        elif name == "a.tif":
            assert json.loads(image.tag_v2[270]) == metadata
        else:
            assert image.size == (32, 24)


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("old.gif", (16, 16), r"'\.gif' is not one of \.png, \.jpg"),
        ("old", (16, 16), "without extension"),
        ("old.jpg", (1, 65501), "65501 pixels on a side are too many for JPEG.*65500"),
        ("old.webp", (16384, 1), "too many for WEBP.*16383"),
        ("nowhere/old.png", (16, 16), "does not exist"),
    ],
)
def test_what_cannot_be_written_leaves_everything_as_it_was(tmp_path, name, shape, message):
    for old in ("old.gif", "old", "old.jpg", "old.webp"):
        (tmp_path / old).write_text("precious")
    before = contents(tmp_path)
    with pytest.raises(OutputError, match=message):
        save(tmp_path / name, np.zeros((1, *shape, 3)), overwrite=True)
    assert contents(tmp_path) == before


@pytest.mark.skipif(os.name == "nt", reason="Windows limits no file's size")
@pytest.mark.parametrize("name", ["old.png", "old.jpg", "old.webp", "old.tif", "old.bmp"])
def test_a_picture_for_which_there_is_no_room_is_not_cut_short(tmp_path, name):
    import resource

    (tmp_path / name).write_text("precious")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, limits[1]))
    try:
        with pytest.raises(OutputError, match=rf"cannot write .*{name} \(.*\); free some space"):
            save(tmp_path / name, load(noise(200, 200)).rgb, overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert contents(tmp_path) == {name: b"precious"}


def test_a_picture_is_a_png_in_memory_unless_another_format_is_given():
    with Image.open(io.BytesIO(encode(load(noise()).rgb))) as image:
        assert image.format == "PNG" and np.array_equal(np.asarray(image), noise())


def test_overwrite_is_asked_for(tmp_path):
    path = save(tmp_path / "a.png", np.zeros((1, 16, 16, 3)))
    with pytest.raises(OutputError, match="exists"):
        save(path, np.full((1, 16, 16, 3), 255.0))
    assert load(path).rgb.max() == 0
    assert load(save(path, np.full((1, 16, 16, 3), 255.0), overwrite=True)).rgb.min() == 255


def deep(data):
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(tf.io.decode_png(data, dtype=tf.uint16))


@pytest.mark.parametrize("alpha", [None, np.linspace(-0.1, 1.1, 24 * 32).reshape(24, 32)])
def test_16_bits_hold_more_than_8(tmp_path, alpha):
    image = np.linspace(-5, 260, 24 * 32 * 3).reshape(1, 24, 32, 3)
    metadata = {"config": '{"size": 512}', "title": "Grüße, 世界"}
    path = save(tmp_path / "a.png", image, alpha=alpha, metadata=metadata, depth=16)
    pixels = deep(path.read_bytes())
    assert np.array_equal(pixels[:, :, :3], np.rint(image[0].clip(0, 255) * 257))
    assert len(np.unique(pixels)) > 2000
    if alpha is not None:
        assert np.array_equal(pixels[:, :, 3], np.rint(alpha.clip(0, 1) * 65535))
    with Image.open(path) as opened:
        assert opened.text == metadata
    assert load(path).size == (24, 32)


@pytest.mark.parametrize("name", ["a.jpg", "a.webp"])
def test_a_lower_quality_is_a_smaller_file(tmp_path, name):
    sizes = [
        save(tmp_path / name, load(noise()).rgb, overwrite=True, quality=quality).stat().st_size
        for quality in (10, 60, 95, None)
    ]
    assert sizes[0] < sizes[1] < sizes[2] == sizes[3]


@pytest.mark.parametrize(
    ("name", "how", "message"),
    [
        ("a.jpg", {"depth": 16}, r"a\.jpg with 16 bits: JPEG is written with 8; choose \.png for 16"),
        ("a.tif", {"depth": 16}, r"TIFF is written with 8"),
        ("a.png", {"depth": 12}, r"depth is 12; choose 8 or 16"),
        ("a.png", {"depth": True}, r"depth is True; choose 8 or 16"),
        ("a.png", {"quality": 80}, r"a\.png in a quality: PNG loses nothing; leave it out, or choose \.jpg"),
        ("a.bmp", {"quality": 80}, r"BMP loses nothing"),
        ("a.jpg", {"quality": 0}, r"quality is 0; choose a whole number from 1 to 100"),
        ("a.jpg", {"quality": 101}, r"quality is 101"),
        ("a.jpg", {"quality": 80.0}, r"quality is 80\.0"),
    ],
)
def test_what_a_format_is_not_written_in_is_refused(tmp_path, name, how, message):
    with pytest.raises(OutputError, match=message):
        save(tmp_path / name, np.zeros((1, 16, 16, 3)), **how)
    assert contents(tmp_path) == {}
