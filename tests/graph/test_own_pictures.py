"""Pictures of terms' own: fed in the size of the picture beside them, whole and in tiles."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from PIL import Image

from nstgraph import Config, Evaluator, Objective, StyleGraph, Stylizer, tf
from nstgraph.errors import ConfigError, LossError, PictureError
from nstgraph.losses.loss import LossTerm
from nstgraph.networks.weights_file import WeightsFile, embedded
from nstgraph.pictures.load import load
from nstgraph.tiles.tiled_evaluator import TiledEvaluator

LAYERS = ("conv1_1", "conv2_1")


@pytest.fixture
def mask(tmp_path):
    """A file with a soft disc, of no picture's size."""
    y, x = np.mgrid[:60, :80]
    disc = 255 / (1 + np.exp((np.hypot(y - 30, x - 35) - 20) / 3))
    Image.fromarray(disc.astype(np.uint8)).save(tmp_path / "my mask, v1+2.png")
    return tmp_path / "my mask, v1+2.png"


def masked_gram(g, view, layer, mask):
    share = g.picture(mask, beside=view).shrunk(layer)[..., :1] / 255
    return g.gram(view[layer] * tf.sqrt(share)) / g.sum(share)


def masked_style(photo_mask, *style_masks, layers=LAYERS):
    """Takes, within a mask, the style of a part of each painting; outside it, of nothing."""

    def term(g):
        total = 0
        for layer in layers:
            targets = [masked_gram(g, view, layer, mask) for view, mask in zip(g.styles, style_masks, strict=True)]
            target = tf.add_n(targets) / len(targets)
            gram = masked_gram(g, g.generated, layer, photo_mask)
            total += tf.reduce_sum(tf.square(gram - target)) / tf.reduce_sum(tf.square(target))
        return total

    return LossTerm("masked_style", term, "here")()


def graph(styles=1):
    return StyleGraph(WeightsFile(embedded()), styles=styles)


def test_a_masked_style_in_tiles_is_that_of_the_whole(mask, smooth_picture):
    """Two styles, each with a mask of its own: a file, and an array."""
    half = np.zeros((50, 40), np.uint8)
    half[:, :17] = 255
    g = graph(styles=2)
    content, image = smooth_picture(75, 101, 1), smooth_picture(75, 101, 2)
    styles = [smooth_picture(64, 53, 3), smooth_picture(30, 90, 4)]
    with Evaluator(Objective(g, masked_style(mask, half, mask))) as evaluator:
        whole = evaluator.bind(content, styles)(image)
        tiled = TiledEvaluator(evaluator)
        for side in (32, 48):
            values = tiled.bind(content, styles, side=side)(image)
            assert values.total == pytest.approx(whole.total, rel=1e-5) and whole.total > 0
            error = np.abs(values.gradient - whole.gradient).max()
            assert error < 1e-5 * np.abs(whole.gradient).max()


def test_what_is_outside_a_mask_moves_nothing(smooth_picture):
    half = np.zeros((64, 96), np.uint8)
    half[:, :40] = 255
    painted = np.full((8, 8), 255, np.uint8)
    with Evaluator(Objective(graph(), masked_style(half, painted))) as evaluator:
        evaluator.bind(smooth_picture(64, 96, 1), [smooth_picture(48, 48, 2)])
        gradient = np.abs(evaluator(smooth_picture(64, 96, 3)).gradient).max(axis=(0, 1, 3))
    assert gradient[:40].min() > 0 and gradient[40 + 24 :].max() == 0  # a field of 24 pixels around each position


def test_it_is_fed_at_each_size_that_is_bound(mask, smooth_picture):
    g = graph()
    view = g.picture(mask, beside=g.generated)
    term = LossTerm("masked", lambda g: g.mean(g.generated.image * view.image / 255), "here")
    with Evaluator(Objective(g, term())) as evaluator:
        for height, width in ((30, 40), (33, 25)):
            white = np.full((1, height, width, 3), 255, np.float32)
            share = evaluator.bind(white, [smooth_picture(20, 20, 1)])(white).total / 255
            values = np.asarray(Image.open(mask).convert("F").resize((width, height), Image.Resampling.LANCZOS))
            assert share == pytest.approx(values.clip(0, 255).mean() / 255, rel=1e-5)


def test_the_same_picture_beside_the_same_view_is_one(mask):
    g = graph()
    array = np.zeros((30, 30, 3), np.uint8)
    first = g.picture(mask, beside=g.generated)
    assert g.picture(str(mask), beside=g.generated) is first
    assert g.picture(mask, beside=first) is first  # which is beside the generated image
    assert g.picture(array, beside=g.style) is g.picture(array, beside=g.style)
    assert g.picture(mask, beside=g.style) is not first
    assert [view.name for view in g.views[3:]] == ["picture_1", "picture_2", "picture_3"]
    assert [view.image.name for view in g.views[3:]] == ["picture_1:0", "picture_2:0", "picture_3:0"]
    assert g.pictures.files == [mask, mask]


@pytest.mark.parametrize("layer", ["image", "conv1_2", "conv2_2", "conv3_3", "pool3"])
def test_a_shrunk_picture_has_the_size_of_a_layer(layer, smooth_picture):
    g = graph()
    own = g.picture(np.full((20, 20), 200, np.uint8), beside=g.content)
    shrunk, maps, photo = own.shrunk(layer), g.content[layer], g.content.shrunk(layer)
    with tf.Session(graph=g.graph) as session:
        g.network.load(session)
        picture = smooth_picture(37, 51, 1)
        grey = np.full(picture.shape, 200, np.float32)
        values = session.run([shrunk, maps, photo], {g.content.image: picture, own.image: grey})
    assert values[0].shape[:3] == values[1].shape[:3] == values[2].shape[:3]
    assert np.abs(values[0] - 200).max() < 1e-3  # no pool takes the edge for black
    assert values[2].mean() == pytest.approx(picture.mean(), rel=0.05)


def test_a_picture_that_shrinks_for_itself_alone_builds_no_features():
    g = graph()
    own = g.picture(np.zeros((20, 20), np.uint8), beside=g.generated)
    own.shrunk("conv3_3")
    assert set(own.maps) == {"image"} and not own.features


def test_what_cannot_be(tmp_path, smooth_picture):
    g = graph()
    with pytest.raises(PictureError, match="does not exist"):
        g.picture(tmp_path / "nothing.png", beside=g.generated)
    with pytest.raises(LossError, match=r"beside is no view of this graph; give g\.generated"):
        g.picture(np.zeros((20, 20), np.uint8), beside=graph().generated)
    with pytest.raises(LossError, match="no layer 'conv9_1'"):
        g.content.shrunk("conv9_1")
    assert not len(g.pictures)


def test_where_the_graph_computes_the_content_the_size_is_not_known(smooth_picture):
    with tf.Graph().as_default():
        photo = tf.constant(smooth_picture(32, 40, 1))
        g = StyleGraph(WeightsFile(embedded()), content=photo)
        own = g.picture(np.full((32, 40), 255, np.uint8), beside=g.generated)
        term = LossTerm("masked", lambda g: g.mean(tf.square(g.generated.image - own.image)), "here")
        with Evaluator(Objective(g, term())) as evaluator:
            with pytest.raises(ConfigError, match=r"the size of generated is not known, .* feed 'picture_1:0'"):
                evaluator.bind()
            evaluator.bind(feed_dict={"picture_1:0": np.full((1, 32, 40, 3), 9, np.float32)})
            assert evaluator(np.full((1, 32, 40, 3), 10, np.float32)).total == pytest.approx(1)


def test_a_run_goes_through_all_sizes_and_records_the_picture(mask, smooth_picture):
    whole = np.full((20, 20), 255, np.uint8)
    loss = masked_style(mask, whole, layers=LAYERS[:1])
    with Stylizer(Config(size=96, scales=2, steps=6, loss=loss, precision="float32", tile=64)) as stylizer:
        result = stylizer(smooth_picture(72, 96, 1).clip(0, 255), [smooth_picture(48, 48, 2).clip(0, 255)])
    assert {step.height for step in result.history} == {36, 72}
    assert result.history[-1].total < result.history[3].total
    assert result.settings["pictures"] == [
        {
            "name": "array",
            "beside": "style",
            "sha256": hashlib.sha256(np.full((1, 20, 20, 3), 255, np.float32).tobytes()).hexdigest(),
        },
        {"name": mask.name, "beside": "generated", "sha256": hashlib.sha256(mask.read_bytes()).hexdigest()},
    ]


def test_a_mask_is_cut_as_its_photo_is():
    """Of which the left half is masked, and so is that of its middle square."""
    wide = np.zeros((24, 72), np.uint8)
    wide[:, :36] = 255
    config = Config(size=24, scales=1, steps=1, precision="float32")
    term = LossTerm(
        "masked",
        lambda g: g.mean(tf.square(g.picture(wide, beside=g.generated).image / 255 * g.generated.image)),
        "here",
    )
    photo = np.broadcast_to(wide[:, :, np.newaxis] // 2, (24, 72, 3))
    wanted = {(24, 24): {"fit": "crop"}, (24, 72): {"size": 72}, (24, 48): {"crop": "2:1", "size": 48}}
    for size, settings in wanted.items():
        with Stylizer(config.replace(loss=term, **settings)) as stylizer:
            own = next(iter(stylizer.graph.pictures))
            assert own.picture.size == size
            assert own.picture.rgb[..., :12, :].min() == 255 and own.picture.rgb.mean() == pytest.approx(127.5)
            assert len(stylizer(photo, [photo[:, 24:48]]).history) == 1


def test_what_lies_beside_a_painting_is_cut_as_that_is():
    mask = np.zeros((24, 72), np.uint8)
    term = LossTerm(
        "masked",
        lambda g: g.mean(g.generated.image) + g.mean(g.picture(mask, beside=g.style).image),
        "here",
    )
    for settings, size in (({"crop": "2:1"}, (24, 72)), ({"crop": "2:1", "fit": "crop"}, (24, 24))):
        with Stylizer(Config(size=24, loss=term, precision="float32", **settings)) as stylizer:
            assert next(iter(stylizer.graph.pictures)).picture.size == size


def near(source):
    return LossTerm("near", lambda g: g.mean(tf.square(g.generated.image - g.picture(source, g.content).image)), "x")()


def test_a_stylizer_is_given_other_pictures_of_terms_for_one_picture(smooth_picture):
    """Without a new graph; the record says which they were, and they are its own again afterwards."""
    first, other = (load(smooth_picture(40, 48, seed).clip(0, 255)) for seed in (1, 2))
    content, style = smooth_picture(40, 48, 3).clip(0, 255), smooth_picture(30, 30, 4).clip(0, 255)
    with Stylizer(Config(size=48, steps=2, loss=near(first), scales=1)) as stylizer:
        own = stylizer(content, style)
        replaced = stylizer(content, style, own={first: other})
        again = stylizer(content, style)
        with pytest.raises(ConfigError, match=r"^no term of the loss has named .*; its pictures are array$"):
            stylizer(content, style, own={"nowhere.png": other})
    error = {"own": own.history[0].total, "other": replaced.history[0].total}
    with Stylizer(Config(size=48, steps=2, loss=near(other), scales=1)) as alone:
        assert alone(content, style).history[0].total == pytest.approx(error["other"], rel=1e-5) != error["own"]
    assert again.history[0].total == own.history[0].total
    hashes = [result.settings["pictures"][0]["sha256"] for result in (own, replaced, again)]
    assert hashes == [first.sha256, other.sha256, first.sha256]
