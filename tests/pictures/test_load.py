import errno
import io
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow
from PIL import GifImagePlugin, Image, TiffImagePlugin, features

from nstgraph import tf
from nstgraph.errors import PictureError
from nstgraph.pictures.formats import memory_to_read
from nstgraph.pictures.load import load


def noise(height=24, width=32, channels=3):
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


UPRIGHT = noise(3, 5)
AS_STORED = (
    lambda a: a,
    np.fliplr,
    lambda a: np.rot90(a, 2),
    np.flipud,
    lambda a: a.swapaxes(0, 1),
    lambda a: np.rot90(a, 1),
    lambda a: np.rot90(a, 2).swapaxes(0, 1),
    lambda a: np.rot90(a, -1),
)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    stored = np.ascontiguousarray(AS_STORED[orientation - 1](UPRIGHT))
    Image.fromarray(stored).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(load(tmp_path / "a.png").rgb[0], UPRIGHT)


def test_exif_that_cannot_be_parsed_is_ignored(tmp_path):
    Image.fromarray(UPRIGHT).save(tmp_path / "a.png", exif=b"Exif\0\0nonsense")
    assert np.array_equal(load(tmp_path / "a.png").rgb[0], UPRIGHT)


FILES = ["a.jpg", "a.png", "a.webp", "a.tif", "a.bmp", "a.gif", "a.ppm", "a.tga", "a.jp2"]
FILES += ["a.avif"] if features.check("avif") else []


@pytest.mark.parametrize("name", FILES)
def test_every_format_is_read(tmp_path, name):
    Image.new("RGB", (30, 20), (200, 100, 51)).save(tmp_path / name)
    picture = load(str(tmp_path / name))
    assert (picture.size, picture.name, picture.alpha) == ((20, 30), name, None)
    assert picture.rgb.shape == (1, 20, 30, 3) and picture.rgb.dtype == np.float32
    assert np.abs(picture.rgb - (200, 100, 51)).max() <= 3


@pytest.mark.parametrize(
    ("mode", "colour", "expected", "alpha"),
    [
        ("1", 1, (255, 255, 255), None),
        ("L", 70, (70, 70, 70), None),
        ("LA", (70, 51), (70, 70, 70), 0.2),
        ("RGBA", (10, 20, 30, 51), (10, 20, 30), 0.2),
        ("RGBA", (10, 20, 30, 255), (10, 20, 30), None),
        ("RGBa", (10, 20, 30, 51), (50, 100, 150), 0.2),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0), None),
        ("I", 257 * 70, (70, 70, 70), None),
        ("F", 70.25, (70.25, 70.25, 70.25), None),
    ],
)
def test_modes(mode, colour, expected, alpha):
    picture = load(Image.new(mode, (4, 3), colour))
    assert np.array_equal(picture.rgb, np.broadcast_to(np.float32(expected), (1, 3, 4, 3)))
    assert picture.alpha is None if alpha is None else np.allclose(picture.alpha, alpha)
    assert picture.name == "image"


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_16_bit_grey_keeps_its_precision(tmp_path, name):
    values = np.linspace(0, 65535, 600).astype(np.uint16).reshape(20, 30)
    Image.fromarray(values).save(tmp_path / name)
    assert np.allclose(load(tmp_path / name).rgb[0], values[:, :, None] / 257, atol=1e-4)


def test_16_bit_grey_with_a_transparent_value(tmp_path):
    Image.fromarray(np.array([[1000, 25700]], dtype=np.uint16)).save(tmp_path / "a.png", transparency=1000)
    picture = load(tmp_path / "a.png")
    assert picture.alpha.tolist() == [[0, 1]] and np.allclose(picture.rgb, 100)


def test_palette_with_transparency(tmp_path):
    image = Image.fromarray(np.array([[0, 1, 2]], dtype=np.uint8)).convert("P")
    image.putpalette([9, 9, 9, 200, 100, 50, 100, 0, 150])
    image.save(tmp_path / "a.png", transparency=b"\x00\x33\xff")
    picture = load(tmp_path / "a.png")
    assert np.allclose(picture.alpha, [[0, 0.2, 1]])
    # The first one cannot be seen and takes the mean of the two others.
    assert np.array_equal(picture.rgb[0, 0], [[150, 50, 100], [200, 100, 50], [100, 0, 150]])


def test_gif_gives_its_first_frame(tmp_path):
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert np.array_equal(load(tmp_path / "a.gif").rgb[0, 0, 0], [255, 0, 0])


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_icc_profile_is_converted_to_srgb(tmp_path, icc_profiles, mode):
    image = Image.new(mode, (4, 4), (255, 55, 0, 51)[: len(mode)])
    image.save(tmp_path / "a.png", icc_profile=icc_profiles["swapped linear RGB"])
    picture = load(tmp_path / "a.png")
    # 55 / 255 of linear light is 128 in sRGB.
    assert np.abs(picture.rgb - (128, 255, 0)).max() <= 2
    assert picture.alpha is None if mode == "RGB" else np.allclose(picture.alpha, 0.2)


@pytest.mark.parametrize("values", [np.full((4, 4), 55, np.uint8), np.full((4, 4), 55 * 257, np.uint16)])
def test_icc_profile_of_grey(tmp_path, icc_profiles, values):
    Image.fromarray(values).save(tmp_path / "a.png", icc_profile=icc_profiles["linear grey"])
    assert np.abs(load(tmp_path / "a.png").rgb - 128).max() <= 1


def test_icc_profile_of_cmyk(tmp_path, icc_profiles):
    image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    image.save(tmp_path / "a.jpg", quality=100, icc_profile=icc_profiles["cyan-only CMYK"])
    assert load(tmp_path / "a.jpg").rgb.min() >= 250


@pytest.mark.parametrize("icc", ["nonsense", "cut short", "cyan-only CMYK"])
def test_unusable_icc_profile_is_ignored(tmp_path, icc_profiles, icc):
    Image.fromarray(noise()).save(tmp_path / "a.png", icc_profile=icc_profiles[icc])
    assert np.array_equal(load(tmp_path / "a.png").rgb[0], noise())


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float16, np.float32, np.float64])
def test_arrays(dtype):
    values = noise(4, 5, 4).astype(dtype)
    assert np.array_equal(load(values[:, :, :3]).rgb[0], values[:, :, :3])
    assert np.array_equal(load(values[None, :, :, :3]).rgb, values[None, :, :, :3])
    assert np.array_equal(load(values[:, :, 0]).rgb[0, :, :, 2], values[:, :, 0])
    picture = load(values)
    assert np.allclose(picture.alpha, noise(4, 5, 4)[:, :, 3] / 255) and picture.name == "array"


def test_array_is_copied_and_slight_overshoot_clipped():
    values = np.full((4, 4, 3), 270, dtype=np.float32)
    picture = load(values)
    assert picture.rgb.max() == 255 and values.min() == 270


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(3), r"\[3\] of float64; expected .*\[height, width, 3 or 4\]"),
        (np.zeros((2, 4, 4, 3)), "expected numbers 0..255 of shape"),
        (np.zeros((4, 4, 2)), "expected numbers 0..255 of shape"),
        (np.zeros((0, 4, 3)), "expected numbers 0..255 of shape"),
        (np.zeros((4, 4), dtype=bool), "of bool; expected numbers"),
        (np.array([[1.0, np.nan]]), "expected finite numbers 0..255"),
        (np.array([[1.0, np.inf]]), "expected finite numbers 0..255"),
        (np.array([[0, 65535]]), "values 0..65535; expected finite numbers 0..255"),
        (np.array([[-100, 0]]), "values -100..0; expected finite numbers 0..255"),
        (np.zeros((4, 4, 4)), "entirely transparent"),
    ],
)
def test_bad_arrays(array, message):
    with pytest.raises(PictureError, match=message):
        load(array)


def bad_file(path, kind):
    if kind == "folder":
        path.mkdir()
    elif kind == "transparent":
        Image.new("RGBA", (20, 20)).save(path, "PNG")
    elif kind == "bytes of noise":
        path.write_bytes(noise().tobytes())
    elif kind == "empty":
        path.touch()
    elif kind != "missing":
        Image.fromarray(noise()).save(path, kind)
        path.write_bytes(path.read_bytes()[:-300])


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", "does not exist; did you mean 'picture1.png'"),
        ("folder", "is a folder; name a picture"),
        ("empty", "is empty"),
        ("bytes of noise", "is not a picture .*; convert it to one of PNG, JPEG"),
        ("ICO", "is not a picture .*; convert it"),
        ("transparent", "is entirely transparent"),
        *[(form, "if it is damaged, copy it") for form in ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")],
    ],
)
def test_bad_files(tmp_path, kind, message):
    (tmp_path / "picture1.png").write_text("another")
    path = tmp_path / "picture.png"
    bad_file(path, kind)
    before = contents(tmp_path)
    with pytest.raises(PictureError, match=f"{re.escape(str(path))}.*{message}") as caught:
        load(path)
    assert "\n" not in str(caught.value) and contents(tmp_path) == before


def test_what_is_not_a_regular_file():
    with pytest.raises(PictureError, match=f"{re.escape(os.devnull)} is not a regular file"):
        load(os.devnull)


def test_no_permission_to_read(tmp_path, monkeypatch):
    Image.fromarray(noise()).save(tmp_path / "a.png")

    def refuse(*_args, **_options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Image, "open", refuse)
    with pytest.raises(PictureError, match=r"no permission to read .*a\.png; change"):
        load(tmp_path / "a.png")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_large_pictures(tmp_path, monkeypatch):
    Image.fromarray(noise(30, 40)).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    assert load(tmp_path / "a.png").size == (30, 40)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)
    with pytest.raises(PictureError, match=r"a\.png has more than .* million pixels; shrink it"):
        load(tmp_path / "a.png")


def test_a_stream_of_bytes_is_read_like_a_file(tmp_path):
    Image.fromarray(noise()).save(tmp_path / "a.png")
    picture = load(io.BytesIO((tmp_path / "a.png").read_bytes()))
    assert np.array_equal(picture.rgb[0], noise())
    with pytest.raises(PictureError, match=r"^the picture is not a picture that can be read"):
        load(io.BytesIO(b"no picture"))


def test_floats_up_to_1_are_refused_in_an_array_and_taken_from_a_file(tmp_path):
    values = np.linspace(0, 1, 600, dtype=np.float32).reshape(20, 30)
    with pytest.raises(PictureError, match=r"has values 0..1; expected 0..255: multiply it by 255"):
        load(values)
    assert load(np.zeros((20, 30))).rgb.max() == 0
    Image.fromarray(values).save(tmp_path / "a.tif")
    assert np.allclose(load(tmp_path / "a.tif").rgb[0, :, :, 0], 255 * values, atol=1e-3)


class Tensor:
    """As other libraries' have it: of a value, or of none that can be had here."""

    def __init__(self, value):
        self.value = value

    def __array__(self, dtype=None, copy=None):
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


def test_tensors_are_taken():
    for tensor in (tensorflow.constant(noise()), tensorflow.Variable(noise().astype(np.float32)), Tensor(noise())):
        picture = load(tensor)
        assert np.array_equal(picture.rgb[0], noise()) and picture.name == "array"
    with pytest.raises(PictureError, match=r"^the array has values 0..1; expected 0..255: multiply it by 255$"):
        load(tensorflow.constant(noise() / 255))
    with pytest.raises(PictureError, match=r"^the array is \[3, 24, 32\] of float32; expected numbers 0\.\.255"):
        load(Tensor(np.zeros((3, 24, 32), np.float32)))


def test_tensors_without_a_value_are_refused():
    with pytest.raises(PictureError, match=r"^a Tensor has no values here \(no, it is elsewhere\); give its value as"):
        load(Tensor(TypeError("no, it is\nelsewhere. Really.")))
    with tf.Graph().as_default(), pytest.raises(PictureError, match=r"^a Symbolic\w+ has no values here \(Cannot conv"):
        load(tf.placeholder(tf.float32, [24, 32, 3]))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (noise().tolist(), "a list is no picture; give a path, a PIL image or an array, such as numpy.array of the"),
        (["a.png", "b.png"], "a list is no picture; "),
        (("a.png",), "a tuple is no picture; "),
        (b"\x89PNG", "a bytes is no picture; give a path, a PIL image or an array, or io.BytesIO of a file's bytes"),
        (None, "a NoneType is no picture; "),
        (3, "an int is no picture; give a path, a PIL image or an array, or a file opened in mode 'rb'"),
        ({"a": 1}, "a dict is no picture; "),
        (io.StringIO("text"), "cannot read the picture"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(source, message):
    with pytest.raises(PictureError) as raised:
        load(source)
    assert str(raised.value).startswith(message) and "\n" not in str(raised.value)


def test_twelve_bits_in_sixteen_are_pointed_out(tmp_path):
    for top, noted in ((4095, True), (65535, False)):
        Image.fromarray(np.linspace(0, top, 600).astype(np.uint16).reshape(20, 30)).save(tmp_path / "a.tif")
        note = load(tmp_path / "a.tif").note
        assert (f"a.tif reaches only {top} of 65535, nearly black; if that is 12-bit data" in note) is noted


def test_an_animation_is_pointed_out(tmp_path):
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert load(tmp_path / "a.gif").note.endswith("a.gif has several frames, of which the first is used")
    frames[0].save(tmp_path / "b.gif")
    assert load(tmp_path / "b.gif").note == ""


def test_a_fourth_byte_that_a_bitmap_does_not_use_is_no_transparency(tmp_path):
    pixels = np.dstack([noise(), np.zeros((24, 32), np.uint8)])
    header = struct.pack("<2sIHHI", b"BM", 122 + pixels.size, 0, 0, 122)
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    header += struct.pack("<IiiHHIIiiII", 108, 32, -24, 1, 32, 3, pixels.size, 0, 0, 0, 0) + masks + bytes(52)
    (tmp_path / "a.bmp").write_bytes(header + pixels[:, :, [2, 1, 0, 3]].tobytes())
    picture = load(tmp_path / "a.bmp")
    assert picture.alpha is None and np.array_equal(picture.rgb[0], noise())


def test_a_picture_that_takes_too_much_memory_is_refused_before_it_is_read(tmp_path):
    Image.new("L", (3000, 2000)).save(tmp_path / "a.png")
    with pytest.raises(
        PictureError, match=r"a\.png has 6 million pixels, which take 0\.19 GB to read, and only 0\.10 GB is"
    ):
        load(tmp_path / "a.png", memory=1e8)
    assert load(tmp_path / "a.png", memory=1e9).size == (2000, 3000)


@pytest.mark.parametrize("address", ["https://example.org/a.jpg", "http:/example.org/a.jpg"])
def test_an_address_is_to_be_downloaded_first(address):
    with pytest.raises(PictureError, match=r"^https?://example\.org/a\.jpg is a web address; download the picture"):
        load(Path(address))


def test_a_link_that_leads_nowhere_is_told_as_one(tmp_path):
    (tmp_path / "a.png").symlink_to(tmp_path / "gone.png")
    with pytest.raises(PictureError, match=r"a\.png is a link to .*gone\.png, which does not exist; copy"):
        load(tmp_path / "a.png")


def test_a_name_that_is_too_long_is_one_line(tmp_path):
    with pytest.raises(PictureError, match=r"cannot be read \(File name too long\)"):
        load(tmp_path / f"{'a' * 300}.png")


def tiff(side, tile):
    """A compressed grey TIFF in tiles, of which there is no more than the header."""
    tags = {256: side, 257: side, 258: 8, 259: 8, 262: 1, 277: 1, 322: tile, 323: tile, 324: 200, 325: 9}
    table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return (b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + table + bytes(4)).ljust(200) + bytes(9)


def test_memory_is_counted_for_tiles_that_are_larger_than_the_picture(tmp_path):
    (tmp_path / "a.tif").write_bytes(tiff(40, 10_000))
    with pytest.raises(
        PictureError, match=r"a\.tif has 100 million pixels, which take 3\.20 GB to read, and only 0\.20"
    ):
        load(tmp_path / "a.tif", memory=2e8)


def test_decoders_that_hold_more_are_counted_for_more(tmp_path):
    for name, need in (("a.png", "0.06"), ("a.webp", "0.10")):
        Image.new("L", (2000, 1000)).save(tmp_path / name)
        with pytest.raises(PictureError, match=rf"2 million pixels, which take {need} GB"):
            load(tmp_path / name, memory=1e6)


def test_a_jpeg_of_thousands_of_scans_is_refused(tmp_path):
    Image.fromarray(noise()).save(tmp_path / "a.jpg", progressive=True)
    data = (tmp_path / "a.jpg").read_bytes()
    scan, end = data.rindex(b"\xff\xda"), data.rindex(b"\xff\xd9")
    assert load(tmp_path / "a.jpg").size == (24, 32)
    (tmp_path / "a.jpg").write_bytes(data[:end] + data[scan:end] * 100 + data[end:])
    with pytest.raises(PictureError, match=r"a\.jpg \(it has 1\d\d scans, more than 100\); if it is damaged"):
        load(tmp_path / "a.jpg")


def test_frames_beyond_the_second_are_not_looked_at(tmp_path, monkeypatch):
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue", "green", "white")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:])
    for name, plugin in (("a.gif", GifImagePlugin.GifImageFile), ("a.tif", TiffImagePlugin.TiffImageFile)):
        seen, seek = [], plugin._seek

        def counted(image, frame, *more, seen=seen, seek=seek):
            seen.append(frame)
            return seek(image, frame, *more)

        monkeypatch.setattr(plugin, "_seek", counted)
        assert "several frames" in load(tmp_path / name).note and max(seen) <= 1


MEMORY_TAKEN = """
import sys
from nstgraph.memory import peak_memory
from nstgraph.pictures.formats import memory_to_read
from nstgraph.pictures.load import load
load(sys.argv[1])
base = peak_memory()
picture = load(sys.argv[2])
print((peak_memory() - base) / (picture.size[0] * picture.size[1]))
"""


@pytest.mark.parametrize(
    ("name", "mode", "options"),
    [
        ("a.png", "RGBA", {"exif": True}),
        ("a.png", "I;16", {"icc_profile": "linear grey"}),
        ("a.jpg", "CMYK", {"progressive": True, "icc_profile": "cyan-only CMYK", "exif": True}),
        ("a.webp", "RGBA", {"lossless": True, "method": 0, "quality": 0}),
        ("a.jp2", "RGBA", {"quality_mode": "rates", "quality_layers": [50]}),
    ],
)
def test_what_a_pixel_takes_is_no_more_than_what_is_counted_for_it(tmp_path, icc_profiles, name, mode, options):
    how, exif = dict(options), Image.Exif()
    exif[274] = 6
    if "icc_profile" in how:
        how["icc_profile"] = icc_profiles[how["icc_profile"]]
    if "exif" in how:
        how["exif"] = exif
    for file, size in (("small", (60, 40)), ("large", (1500, 1000))):
        grey = Image.linear_gradient("L").resize(size)
        image = Image.merge("RGBA", [grey, grey, grey, grey])
        if mode == "I;16":
            image = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
        (image.convert("RGB").convert(mode) if mode == "CMYK" else image).save(tmp_path / f"{file}{name}", **how)
    command = [sys.executable, "-c", MEMORY_TAKEN, tmp_path / f"small{name}", tmp_path / f"large{name}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert 12 < float(done.stdout) <= memory_to_read("WEBP" if name == "a.webp" else "PNG", 1)
