"""A photo's colour profile: away on reading, back on writing."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from nstgraph import tf
from nstgraph.pictures.formats import FORMATS
from nstgraph.pictures.load import load
from nstgraph.pictures.profile import from_srgb, srgb_profile
from nstgraph.pictures.save import encode

FORM = {form.name: form for form in FORMATS}
#: Colours that sRGB has, too, as the photo of the wide gamut says them.
MILD = np.random.default_rng(0).integers(100, 150, (24, 32, 3), np.uint8)


def photo(path, profile, mode="RGB", suffix=".png"):
    image = Image.fromarray(MILD).convert(mode)
    image.save(path / f"photo{suffix}", icc_profile=profile)
    return load(path / f"photo{suffix}")


def opened(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("name", ["PNG", "TIFF", "JPEG", "WEBP"])
def test_a_result_is_in_the_photo_s_colours_and_carries_its_profile(tmp_path, icc_profiles, name):
    profile = icc_profiles["wide gamut RGB"]
    picture = photo(tmp_path, profile)
    assert picture.profile == profile and np.abs(picture.rgb[0] - MILD).max() > 10
    image = opened(encode(picture.rgb, FORM[name], profile=picture.profile))
    assert image.info["icc_profile"] == profile
    if not FORM[name].lossy:
        assert np.abs(np.asarray(image).astype(int) - MILD).max() <= 2
    # And so it is seen as the result was.
    assert np.abs(load(io.BytesIO(encode(picture.rgb, profile=profile))).rgb - picture.rgb).max() <= 2


def test_transparency_is_none_of_a_profile_s_business(icc_profiles):
    alpha = np.linspace(0.1, 1, 24 * 32, dtype=np.float32).reshape(24, 32)
    rgb = MILD[np.newaxis].astype(np.float32)
    image = opened(encode(rgb, alpha=alpha, profile=icc_profiles["wide gamut RGB"]))
    assert image.mode == "RGBA" and np.array_equal(np.asarray(image)[:, :, 3], np.rint(255 * alpha))
    plain = opened(encode(rgb, profile=icc_profiles["wide gamut RGB"]))
    assert np.array_equal(np.asarray(image)[:, :, :3], np.asarray(plain))


@pytest.mark.parametrize(
    ("mode", "suffix", "name"),
    [
        ("RGB", ".png", "nonsense"),
        ("RGB", ".png", "cut short"),
        ("RGB", ".png", "cyan-only CMYK"),
        ("CMYK", ".jpg", "cyan-only CMYK"),
        ("L", ".png", "linear grey"),
        ("I;16", ".png", "linear grey"),
    ],
)
def test_where_it_cannot_be_kept_the_result_says_that_it_is_srgb(tmp_path, icc_profiles, mode, suffix, name):
    if mode == "I;16":
        grey = Image.fromarray(np.full((24, 32), 30000, np.uint16))
        grey.save(tmp_path / "photo.png", icc_profile=icc_profiles[name])
        picture = load(tmp_path / "photo.png")
    else:
        picture = photo(tmp_path, icc_profiles[name], mode, suffix)
    assert picture.profile == srgb_profile()
    image = opened(encode(picture.rgb, profile=picture.profile))
    assert image.info["icc_profile"] == srgb_profile()
    assert np.array_equal(np.asarray(image), np.rint(picture.rgb[0]))


@pytest.mark.parametrize("profile", [b"nonsense", b"", "cyan-only CMYK", "linear grey", "cut short"])
def test_a_profile_into_which_nothing_can_be_converted_leaves_srgb(icc_profiles, profile):
    image = Image.fromarray(MILD)
    same, carried = from_srgb(image, icc_profiles.get(profile, profile))
    assert same is image and carried == srgb_profile()


def test_a_profile_without_end_is_not_kept(tmp_path, icc_profiles):
    long = icc_profiles["wide gamut RGB"] + bytes(2 << 20)
    long = len(long).to_bytes(4, "big") + long[4:]
    assert photo(tmp_path, long, suffix=".jpg").profile == srgb_profile()


def test_16_bits_are_srgb_and_say_so(icc_profiles):
    rgb = MILD[np.newaxis] + np.float32(0.3)
    data = encode(rgb, profile=icc_profiles["wide gamut RGB"], depth=16)
    assert opened(data).info["icc_profile"] == srgb_profile()
    with tf.Graph().as_default(), tf.Session() as session:
        deep = session.run(tf.io.decode_png(data, dtype=tf.uint16))
    assert np.array_equal(deep, np.rint(rgb[0] * 257)) and len(set((deep % 257).ravel())) == 1


def test_bmp_has_none():
    plain, profiled = (encode(MILD[np.newaxis], FORM["BMP"], profile=profile) for profile in (None, srgb_profile()))
    assert plain == profiled


@pytest.mark.parametrize("name", ["PNG", "TIFF", "JPEG", "WEBP", "BMP"])
def test_without_a_profile_there_is_none(tmp_path, name):
    picture = photo(tmp_path, None)
    assert picture.profile is None
    image = opened(encode(picture.rgb, FORM[name], profile=picture.profile))
    assert "icc_profile" not in image.info


def test_the_profile_of_srgb_is_the_same_in_every_process():
    code = "from nstgraph.pictures.profile import srgb_profile\nprint(srgb_profile().hex())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert bytes.fromhex(done.stdout) == srgb_profile()
