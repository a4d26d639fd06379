"""From pictures to a picture, in Python."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import shutil

import numpy as np
import pytest
from drawn_pictures import landscape, painting
from PIL import Image

from nstgraph import Config, Evaluator, Interrupted, Objective, StyleGraph, Stylizer, parse_loss, stylize, tf
from nstgraph.errors import ConfigError, PictureError, WeightsError
from nstgraph.inspect.export import export
from nstgraph.networks.weights_file import WeightsFile, embedded
from nstgraph.pictures import load as load_module
from nstgraph.pictures.load import load
from nstgraph.pictures.resize import resize
from nstgraph.pictures.save import save
from nstgraph.planning.speed import native_precision
from nstgraph.run.versions import versions

# Few layers, since TensorFlow takes its time over each, and none where the network does not matter.
SMALL = Config(size=64, steps=6, loss="style:layers=image", precision="float32")
NETWORK = SMALL.replace(loss="style:layers=conv1_1")


@pytest.fixture(scope="module")
def content():
    return landscape(96, 72)


@pytest.fixture(scope="module")
def style():
    return painting(80, 80)


def test_arrays_paths_and_images_give_the_same_picture(tmp_path, content, style):
    paths = [save(tmp_path / name, picture) for name, picture in (("c.png", content), ("s.png", style))]
    arrays = [load(path).rgb for path in paths]
    results = [
        stylize(*sources, SMALL).image for sources in (arrays, paths, [Image.open(path) for path in map(str, paths)])
    ]
    assert results[0].shape == (1, 48, 64, 3)
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


def test_the_loss_falls_and_the_result_tells_how(content, style):
    seen = []
    result = stylize(content, style, NETWORK, callback=lambda step, image: seen.append((step, image.shape)))
    assert result.history == tuple(step for step, _ in seen)
    assert [step.step for step in result.history] == [1, 2, 3, 4, 5, 6]
    assert result.history[-1].total < result.history[0].total
    assert result.history[-1].done == pytest.approx(1)
    assert result.evaluations >= result.history[-1].evaluations >= 6
    assert result.reason == "finished after 6 of 6 steps"
    assert 0 <= result.image.min() < result.image.max() <= 255
    assert all(a.seconds <= b.seconds for a, b in zip(result.history, result.history[1:], strict=False))


def test_coarse_levels_come_first_and_share_the_graph(content, style):
    shapes = []
    result = stylize(content, style, SMALL, size=256, callback=lambda step, image: shapes.append(image.shape[1:3]))
    assert shapes[0] == (96, 128)
    assert shapes[-1] == (192, 256)
    assert result.image.shape == (1, 192, 256, 3)
    assert sorted(shapes) == shapes


def test_one_stylizer_serves_many_pictures(content, style):
    with Stylizer(NETWORK) as stylizer:
        operations = len(stylizer.graph.graph.get_operations())
        first = stylizer(content, [style])
        other = stylizer(content[:, :, ::-1].transpose(0, 2, 1, 3).copy(), [content])
        again = stylizer(content, [style])
        assert len(stylizer.graph.graph.get_operations()) == operations
    assert other.image.shape == (1, 64, 48, 3)
    np.testing.assert_array_equal(first.image, again.image)


def test_plans_are_kept_to(content, style):
    with Stylizer(NETWORK.replace(size=192, memory=1000.0)) as stylizer:
        plan = stylizer.plan(load(content), [load(style)])
        assert stylizer.cost.process < plan.memory < 1000e9
        shapes = []
        result = stylizer(content, [style], callback=lambda step, image: shapes.append(image.shape[1:3]))
        assert result.settings["stages"] == [str(stage) for stage in plan.stages]
        assert shapes == [(stage.height, stage.width) for stage in plan.stages for _ in range(stage.steps)]
        half = dataclasses.replace(plan, stages=plan.stages[:1])
        assert stylizer(content, [style], plan=half).image.shape == (1, 72, 96, 3)


def test_a_run_that_does_not_fit_is_refused_before_its_first_step(content, style):
    with Stylizer(SMALL.replace(memory=0.01, loss="tv")) as stylizer:
        for refused in (
            lambda: stylizer.plan(load(content), [load(style)]),
            lambda: stylizer(content, [style], callback=lambda step, image: pytest.fail("a step was taken")),
        ):
            with pytest.raises(
                ConfigError, match=r"^64 px needs \d+\.\d\d GB of memory, and only 0\.00 GB is available"
            ):
                refused()


def test_the_precision_is_the_machine_s_unless_it_is_chosen():
    chosen = SMALL.replace(loss="content:layer=image")
    with Stylizer(chosen.replace(precision="auto")) as stylizer:
        assert stylizer.precision == native_precision() == stylizer.settings["precision"]
    with Stylizer(chosen.replace(precision="float16"), styles=2) as stylizer:
        assert stylizer.precision == stylizer.graph.network.dtype.name == "float16"
        exact = stylizer.exact
        assert exact.precision == exact.graph.network.dtype.name == "float32"
        assert exact is stylizer.exact and exact.config == stylizer.config.replace(precision="float32")
        assert len(exact.graph.styles) == 2
        assert (
            stylizer.evaluators.tiled is stylizer.evaluators.tiled
            and stylizer.evaluators.tiled.objective is stylizer.objective
        )
    image = np.zeros((1, 32, 32, 3), np.float32)
    for closed in (stylizer, exact):
        with pytest.raises((RuntimeError, tf.errors.CancelledError), match="closed"):
            closed.evaluator.bind(image, [image, image])


def test_a_style_image_has_its_own_size(content, style):
    sizes = []
    with Stylizer(SMALL.replace(style_scale=0.5)) as stylizer:
        bind = stylizer.evaluator.bind
        stylizer.evaluator.bind = lambda c, s: (sizes.append((c.shape, s[0].shape)), bind(c, s))[1]
        stylizer(content, [style])
    assert sizes == [((1, 48, 64, 3), (1, 32, 32, 3))]


@pytest.mark.parametrize("init", ["content", pytest.param("style", marks=pytest.mark.slow), "noise"])
def test_starting_images(content, style, init):
    first = []
    with Stylizer(SMALL.replace(init=init)) as stylizer:
        result = stylizer(content, [style], callback=lambda step, image: first.append(image))
        start = {"content": content, "style": style}.get(init)
    assert result.settings["init"] == init
    if start is None:
        assert 30 < first[0].std() < 80
    else:
        # One step moves a picture by a few grey levels only.
        assert np.abs(first[0] - resize(start, 48, 64)).mean() < 30


def test_noise_depends_on_the_seed(content, style):
    a, b, c = (stylize(content, style, SMALL, init="noise", seed=seed, steps=1).image for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert np.abs(a - c).mean() > 5


def test_colours_keep_their_channels():
    """A red photo under a loss that only keeps content stays red."""
    red = np.zeros((1, 32, 32, 3), np.float32)
    red[..., 0] = np.linspace(80, 250, 32)
    result = stylize(red, red, SMALL, init="noise", loss="content:layer=conv1_1", size=32, steps=40)
    means = result.image.mean((0, 1, 2))
    assert means[0] > 100 > 40 > max(means[1:])


def test_alpha_comes_back_at_the_result_s_size(style):
    rgba = np.random.default_rng(0).integers(0, 255, (72, 96, 4), dtype=np.uint8)
    result = stylize(rgba, style, SMALL, steps=1)
    assert result.alpha is not None
    assert result.alpha.shape == (48, 64)


def test_interruption_carries_the_best_picture(content, style):
    def stop(step, image):
        if step.step == 4:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        stylize(content, style, SMALL, callback=stop)
    result = caught.value.result
    assert result.reason == "interrupted after 4 of 6 steps"
    assert result.image.shape == (1, 48, 64, 3)
    assert len(result.history) == 4


def test_an_interruption_before_the_first_step_has_nothing_to_carry(content, style):
    with Stylizer(SMALL) as stylizer:

        def interrupted(*_):
            raise KeyboardInterrupt

        stylizer.evaluator.bind = interrupted
        with pytest.raises(KeyboardInterrupt) as caught:
            stylizer(content, [style])
    assert not isinstance(caught.value, Interrupted)


def test_the_callback_can_stop_at_any_level(content, style):
    def stop(step, image):
        if step.step == 2:
            raise StopIteration

    result = stylize(content, style, SMALL, size=256, callback=stop)
    assert result.reason == "stopped by the callback after 2 of 6 steps"
    assert result.image.shape == (1, 192, 256, 3)


def test_bad_input(content, style, tmp_path):
    with pytest.raises(ConfigError, match="at least one"):
        stylize(content, [])
    with (
        Stylizer(NETWORK) as stylizer,
        pytest.raises(ConfigError, match=r"2 style images given, and .* for 1"),
    ):
        stylizer(content, [style, style])
    with pytest.raises(ConfigError, match="did you mean 'steps'"):
        stylize(content, style, step=3)
    with pytest.raises(PictureError, match="does not exist"):
        stylize(tmp_path / "missing.jpg", style)
    with pytest.raises(PictureError, match="at least 20 x 20"):
        stylize(content[:, :1, :1], style)
    with pytest.raises(PictureError, match="raise the size"):
        stylize(np.zeros((20, 2000, 3), np.uint8), style, NETWORK)
    with pytest.raises(WeightsError, match="lacks conv4_1"):
        stylize(content, style, NETWORK, loss="content:layer=conv4_1")


def test_a_single_style_need_not_be_in_a_list(tmp_path, content, style):
    painting_file = save(tmp_path / "painting.png", style)
    with Stylizer(SMALL) as stylizer:
        results = [
            stylizer(content, given).image
            for given in (str(painting_file), painting_file, Image.open(painting_file), [painting_file])
        ]
        plans = [stylizer.plan(content, given) for given in (str(painting_file), [painting_file])]
    assert all(np.array_equal(results[-1], image) for image in results[:-1]) and plans[0] == plans[1]


def test_sizes_are_refused_before_anything_is_built(monkeypatch, content, style):
    monkeypatch.setattr("nstgraph.run.stylizer.graph_of", lambda *_: pytest.fail("the graph was built"))
    for settings in ({"size": 24, "style_scale": 0.05}, {"size": 16}):
        with pytest.raises(PictureError, match="raise"):
            stylize(content, style, NETWORK, **settings)


def test_every_picture_is_decoded_once(monkeypatch, tmp_path, content, style):
    named = {"c": content, "s": style, "i": content}
    paths = [save(tmp_path / f"{name}.png", picture) for name, picture in named.items()]
    decoded = []
    original = load_module.decode

    def counting(source, *arguments, **options):
        decoded.append(source)
        return original(source, *arguments, **options)

    monkeypatch.setattr(load_module, "decode", counting)
    stylize(paths[0], paths[1], SMALL, steps=2, scales=2, init=paths[2])
    assert len(decoded) == 3


def test_what_a_result_says_of_its_making_is_settled_before_the_search(monkeypatch, tmp_path, content, style):
    """The weights may be removed meanwhile, and TensorFlow may be installed under another name."""
    weights = shutil.copy(embedded(), tmp_path / "weights.npz")

    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    result = stylize(
        content, style, SMALL, weights=weights, callback=lambda step, image: weights.unlink(missing_ok=True)
    )
    assert result.reason == "finished after 6 of 6 steps"
    assert result.settings["weights_sha256"] == hashlib.sha256(embedded().read_bytes()).hexdigest()
    assert result.settings["tensorflow"] == tf.__version__ and result.settings["scipy"]


def test_deeper_layers_come_from_the_downloaded_file(content, style, vgg16_npz):
    result = stylize(
        content, style, SMALL, loss="content:layer=conv1_1 style:layers=conv4_1", weights=vgg16_npz, steps=2
    )
    assert result.settings["weights"] == "vgg16_weights.npz"
    assert result.history[-1].total < result.history[0].total * 1.0001


def test_settings_are_complete(content, style):
    result = stylize(content, style, SMALL, steps=1)
    assert result.settings["weights_sha256"].startswith("21685cf3")
    settings = {field.name for field in dataclasses.fields(Config)}
    recorded = {"weights_sha256", "pictures", "plugins", "content", "styles", "starts", "masks"}
    recorded |= {"changed_weights", "steps_taken", "resumed", "stages", *versions()}
    assert set(result.settings) == settings | recorded


TINY = Config(size=48, steps=4, loss="style:layers=conv1_2", precision="float32")


def traced_sizes(result):
    """Height and width of the generated image's feature maps in a trace."""
    nodes = [node for device in result.trace.step_stats.dev_stats for node in device.node_stats]
    maps = [node for node in nodes if node.node_name == "features/generated/conv1_2"]
    return {tuple(axis.size for axis in node.output[0].tensor_description.shape.dim[1:3]) for node in maps}


def test_a_trace_is_of_an_evaluation_at_the_last_size(content, style):
    with Stylizer(TINY.replace(size=96, scales=2)) as stylizer:
        result = stylizer(content, [style], trace=True)
        assert traced_sizes(result) == {(72, 96)}
        again = stylizer(content, [style])
    assert again.trace is None
    np.testing.assert_array_equal(again.image, result.image)
    assert again.evaluations == result.evaluations


@pytest.mark.slow
def test_beside_tiles_the_last_size_that_is_computed_whole_is_traced(content, style):
    with Stylizer(TINY.replace(size=96, scales=2, tile=48)) as stylizer:
        result = stylizer(content, [style], trace=True)
    assert [" in tiles of " in stage for stage in result.settings["stages"]] == [False, True]
    assert traced_sizes(result) == {(36, 48)}


def test_where_all_is_computed_in_tiles_nothing_can_be_traced(content, style):
    with Stylizer(TINY.replace(scales=1, tile=32)) as stylizer:
        with pytest.raises(ConfigError, match=r"^no evaluation is computed whole, .*; leave --trace or --tile out$"):
            stylizer(content, [style], trace=True, callback=lambda step, image: pytest.fail("a step was taken"))
        assert stylizer(content, [style]).trace is None


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """The embedded convolutions with other pools and padding, as a network in a frozen file."""
    folder = tmp_path_factory.mktemp("network")
    graph = StyleGraph(WeightsFile(embedded()), pooling="max", padding="zero")
    with Evaluator(Objective(graph, parse_loss("content:layer=conv2_1"))) as evaluator:
        export(evaluator.objective, evaluator.session, folder / "net", ["frozen"])
    return folder / "net" / "frozen.pb"


DEEPER = TINY.replace(loss="style:layers=conv2_1")


def test_a_network_from_a_file_takes_the_place_of_the_embedded_one(content, style, network):
    ours = stylize(content, style, DEEPER)
    theirs = stylize(content, style, DEEPER, network=network, input="content")
    same = stylize(content, style, DEEPER, pooling="max", padding="zero")
    assert np.abs(theirs.image - ours.image).mean() > 0.5
    assert np.abs(theirs.image - same.image).max() < 0.1
    assert [step.total for step in theirs.history] == pytest.approx([step.total for step in same.history], rel=1e-4)


def test_settings_record_the_network_from_a_file(content, style, network):
    config = DEEPER.replace(network=network, input="content:0", input_values="rgb", precision="auto", steps=1)
    with Stylizer(config) as stylizer:
        assert stylizer.graph.network.source == f"{network}, input content"
        assert stylizer.precision == "float32"
        settings = stylizer(content, [style]).settings
    assert (settings["network"], settings["weights"]) == ("frozen.pb", None)
    assert settings["weights_sha256"] == hashlib.sha256(network.read_bytes()).hexdigest()
    assert (settings["input"], settings["input_values"]) == ("content:0", "rgb")
    assert settings["precision"] == "float32"
    plain = stylize(content, style, TINY, steps=1).settings
    assert (plain["network"], plain["input"], plain["input_values"]) == (None, None, None)


@pytest.mark.slow
def test_a_network_from_a_file_is_computed_in_tiles_too(content, style, network):
    config = DEEPER.replace(network=network, input="content", scales=1, size=64)
    whole, tiled = (stylize(content, style, config, tile=tile) for tile in ("off", 32))
    assert " in tiles of 32 px" in tiled.settings["stages"][0]
    assert np.abs(tiled.image - whole.image).max() < 0.1


def test_what_a_network_from_a_file_lacks_is_told(content, style, network, tmp_path):
    with pytest.raises(WeightsError, match=r"none\.pb does not exist; check --network$"):
        stylize(content, style, DEEPER, network=tmp_path / "none.pb")
    with pytest.raises(ConfigError, match=r"has 2 placeholders; name the input with --input$"):
        stylize(content, style, DEEPER, network=network)
    with pytest.raises(ConfigError, match="has its own pooling"):
        stylize(content, style, DEEPER, network=network, pooling="max")
