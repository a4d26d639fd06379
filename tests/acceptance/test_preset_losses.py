"""Each preset's loss against what its source computes, written in numpy's float64 from the source's own formulas."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from nstgraph import Evaluator, Objective, StyleGraph
from nstgraph.config import Config
from nstgraph.losses.loss_text import as_loss
from nstgraph.networks.weights_file import WeightsFile
from nstgraph.presets import PRESETS

Floats = npt.NDArray[np.float64]

#: Feature maps [height, width, channels] of one picture by layer; "image" is the picture.
Maps = dict[str, Floats]

HEIGHT, WIDTH = 32, 48
CONVOLUTIONS = {"VGG16": (2, 2, 3, 3, 3), "VGG19": (2, 2, 4, 4, 4)}
CHANNELS = (64, 128, 256, 512, 512)
FIRST = [f"conv{block}_1" for block in range(1, 6)]


def G(features: Floats) -> Floats:
    flat = features.reshape(-1, features.shape[-1])
    return flat.T @ flat


def N(features: Floats) -> int:
    return features.shape[-1]


def M(features: Floats) -> int:
    return features.shape[0] * features.shape[1]


def sse(one: Floats, other: Floats) -> float:
    return float(((one - other) ** 2).sum())


def mse(one: Floats, other: Floats) -> float:
    return float(((one - other) ** 2).mean())


def steps(maps: Maps) -> tuple[Floats, Floats]:
    """Differences of neighbours along x and along y."""
    image = maps["image"]
    return image[:, 1:] - image[:, :-1], image[1:] - image[:-1]


def thushv(x: Maps, photo: Maps, painting: Maps) -> dict[str, float]:
    layers = ["conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3"]
    return {
        "content": 1e3 * float((0.5 * (x["conv3_3"] - photo["conv3_3"]) ** 2).mean()),
        "style": 1e-3 * sum(mse(G(x[layer]), G(painting[layer])) for layer in layers) / 7,
    }


def geeksforgeeks(x: Maps, photo: Maps, painting: Maps) -> dict[str, float]:
    grams = ((G(x[layer]) / M(x[layer]), G(painting[layer]) / M(x[layer])) for layer in FIRST)
    return {
        "content": 1e3 * mse(x["conv5_2"], photo["conv5_2"]),
        "style": 1e-2 * sum(mse(one, other) for one, other in grams),
    }


def analyticsvidhya(x: Maps, photo: Maps, painting: Maps) -> dict[str, float]:
    along_x, along_y = steps(x)
    return {
        **geeksforgeeks(x, photo, painting),
        "tv": 30 * float((along_x**2).mean() + (along_y**2).mean()),
    }


def keras_style(x: Maps, painting: Maps, layers: list[str]) -> float:
    pixels = HEIGHT * WIDTH
    return sum(sse(G(x[layer]), G(painting[layer])) / (4 * 3**2 * pixels**2) for layer in layers) / 5


def keras_tv(x: Maps) -> float:
    along_x, along_y = steps(x)
    return float(((along_x[:-1] ** 2 + along_y[:, :-1] ** 2) ** 1.25).sum())


def gsurma(x: Maps, photo: Maps, painting: Maps) -> dict[str, float]:
    layers = ["conv1_2", "conv2_2", "conv3_3", "conv4_3", "conv5_3"]
    return {
        "content": 0.02 * sse(x["conv2_2"], photo["conv2_2"]),
        "style": 4.5 * keras_style(x, painting, layers),
        "tv": 0.995 * keras_tv(x),
    }


def keras(x: Maps, photo: Maps, painting: Maps) -> dict[str, float]:
    return {
        "content": 0.025 * sse(x["conv5_2"], photo["conv5_2"]),
        "style": keras_style(x, painting, FIRST),
        "tv": 8.5e-5 * keras_tv(x),
    }


def paper_style(x: Maps, painting: Maps) -> list[float]:
    squares = ((sse(G(x[layer]), G(painting[layer])), x[layer]) for layer in FIRST)
    return [square / (4 * N(features) ** 2 * M(features) ** 2) for square, features in squares]


def gatys(x: Maps, photo: Maps, painting: Maps) -> dict[str, float]:
    return {
        "content": 1e-3 * 0.5 * sse(x["conv4_2"], photo["conv4_2"]),
        "style": sum(paper_style(x, painting)) / 5,
    }


def cysmith(x: Maps, photo: Maps, painting: Maps) -> dict[str, float]:
    along_x, along_y = steps(x)
    features = x["conv4_2"]
    return {
        "content": 5 * sse(features, photo["conv4_2"]) / (2 * N(features) ** 0.5 * M(features) ** 0.5),
        "style": 1e4 * sum(0.2 * value for value in paper_style(x, painting)) / 5,
        "tv": 1e-3 * float(abs(along_x).sum() + abs(along_y).sum()),
    }


def johnson_style(x: Maps, painting: Maps) -> float:
    sizes = [(x[layer], painting[layer], N(x[layer]) * M(x[layer])) for layer in FIRST]
    return sum(mse(G(one) / size, G(other) / size) for one, other, size in sizes)


def johnson(x: Maps, photo: Maps, painting: Maps) -> dict[str, float]:
    along_x, along_y = steps(x)
    return {
        "content": 5 * mse(x["conv4_2"], photo["conv4_2"]),
        "style": 100 * johnson_style(x, painting),
        # The source has no value for it; the gradient is tested below.
        "tv": 1e-3 * 0.5 * float((along_x[:-1] ** 2 + along_y[:, :-1] ** 2).sum()),
    }


def anishathalye(x: Maps, photo: Maps, painting: Maps) -> dict[str, float]:
    along_x, along_y = steps(x)
    return {
        "content": 5 * mse(x["conv4_2"], photo["conv4_2"]),
        "style": 500 * johnson_style(x, painting) / 5,
        "tv": 100 * float((along_x**2).sum() / along_x.size + (along_y**2).sum() / along_y.size),
    }


#: The network, the pooling, and the loss.
Row = tuple[str, str, Callable[[Maps, Maps, Maps], dict[str, float]]]

TABLE: dict[str, Row] = {
    "thushv": ("VGG16", "average", thushv),
    "analyticsvidhya": ("VGG19", "max", analyticsvidhya),
    "geeksforgeeks": ("VGG19", "max", geeksforgeeks),
    "gsurma": ("VGG16", "max", gsurma),
    "gatys": ("VGG19", "average", gatys),
    "johnson": ("VGG19", "max", johnson),
    "cysmith": ("VGG19", "average", cysmith),
    "anishathalye": ("VGG19", "max", anishathalye),
    "keras": ("VGG16", "max", keras),
}


def arrays_of(network: str) -> Iterator[tuple[str, npt.NDArray[np.float32], npt.NDArray[np.float32]]]:
    """Layer, kernel and bias, the same each time: random, and scaled so that activations neither grow nor fade."""
    random, below = np.random.default_rng(19), 3
    for block, (count, channels) in enumerate(zip(CONVOLUTIONS[network], CHANNELS, strict=True), 1):
        for number in range(1, count + 1):
            kernel = random.standard_normal((3, 3, below, channels), np.float32) * np.float32((2 / (9 * below)) ** 0.5)
            yield f"conv{block}_{number}", kernel, random.standard_normal(channels, np.float32)
            below = channels


def convolved(maps: Floats, kernel: Floats, bias: npt.NDArray[np.float32]) -> Floats:
    """A convolution that sees zeros beyond the edge, and ReLU."""
    padded = np.pad(maps, [(1, 1), (1, 1), (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (0, 1))
    return np.maximum(np.tensordot(windows, kernel, ([2, 3, 4], [2, 0, 1])) + bias, 0)


def pooled(maps: Floats, pooling: str) -> Floats:
    height, width, channels = maps.shape
    squares = maps.reshape(height // 2, 2, width // 2, 2, channels)
    return squares.mean((1, 3)) if pooling == "average" else squares.max((1, 3))


def picture(seed: int) -> npt.NDArray[np.float32]:
    random = np.random.default_rng(seed)
    coarse = random.uniform(0, 255, (1, HEIGHT // 8, WIDTH // 8, 3)).repeat(8, 1).repeat(8, 2)
    return (0.8 * coarse + random.uniform(0, 51, coarse.shape)).astype(np.float32)


PHOTO, PAINTING, IMAGE = picture(1), picture(2), picture(3)


@functools.cache
def maps_of(network: str) -> dict[str, list[Maps]]:
    """The maps of image, photo and painting by pooling."""
    images = [image[0].astype(np.float64) for image in (IMAGE, PHOTO, PAINTING)]
    found: dict[str, list[Maps]] = {pooling: [{"image": image} for image in images] for pooling in ("average", "max")}
    currents = {pooling: [image - [123.68, 116.779, 103.939] for image in images] for pooling in found}
    for layer, kernel, bias in arrays_of(network):
        exact = kernel.astype(np.float64)
        for pooling, maps in found.items():
            if layer.endswith("_1") and layer != "conv1_1":
                currents[pooling] = [pooled(current, pooling) for current in currents[pooling]]
            currents[pooling] = [convolved(current, exact, bias) for current in currents[pooling]]
            for one, current in zip(maps, currents[pooling], strict=True):
                one[layer] = current
    return found


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """Weights files by network."""
    folder, paths = tmp_path_factory.mktemp("vgg"), {}
    for network in CONVOLUTIONS:
        paths[network] = folder / f"{network}.npz"
        arrays = {f"{name}_{kind}": a for name, *pair in arrays_of(network) for kind, a in zip("Wb", pair, strict=True)}
        np.savez(paths[network], **arrays)
    yield paths
    for path in paths.values():
        path.unlink()  # pytest keeps the folders of its last three runs


def test_every_preset_has_its_row() -> None:
    assert list(TABLE) == list(PRESETS)
    assert {name: (row[0], row[1]) for name, row in TABLE.items()} == {
        name: (preset.network, preset.settings["pooling"]) for name, preset in PRESETS.items()
    }


def values_of(configs: dict[str, Config], weights: Path) -> dict[str, list[float]]:
    """The values of each preset's terms, of presets that share a network and so a graph, which takes its time."""
    (how,) = {(config.pooling, config.padding) for config in configs.values()}
    losses = {name: as_loss(config.loss) for name, config in configs.items()}
    graph = StyleGraph(WeightsFile(weights), pooling=how[0], padding=how[1])
    with Evaluator(Objective(graph, functools.reduce(operator.add, losses.values()))) as evaluate:
        values = iter(evaluate.bind(PHOTO, [PAINTING])(IMAGE).terms.values())
    return {name: list(itertools.islice(values, len(loss.labelled()))) for name, loss in losses.items()}


@pytest.fixture(scope="module")
def found(files: dict[str, Path]) -> Callable[[str], list[float]]:
    """Function of a preset's name that gives the values of its terms."""
    groups: dict[tuple[str, str, str], dict[str, Config]] = {}
    for name, (network, _, _) in TABLE.items():
        config = Config.preset(name, optimizer="auto")
        groups.setdefault((network, config.pooling, config.padding), {})[name] = config
    made: dict[str, list[float]] = {}

    def values(name: str) -> list[float]:
        if name not in made:
            ((network, configs),) = [(key[0], configs) for key, configs in groups.items() if name in configs]
            made.update(values_of(configs, files[network]))
        return made[name]

    return values


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] if row[0] == "VGG19" else []) for name, row in TABLE.items()],
)
def test_a_presets_loss_is_its_sources(name: str, found: Callable[[str], list[float]]) -> None:
    network, pooling, loss = TABLE[name]
    expected = loss(*maps_of(network)[pooling])
    labels = as_loss(Config.preset(name, optimizer="auto").loss).labelled()
    assert dict(zip(labels, found(name), strict=True)) == pytest.approx(expected, rel=1e-4)


def test_the_total_variation_of_johnson_has_the_gradient_that_the_source_adds() -> None:
    term = PRESETS["johnson"].settings["loss"][2]
    with Evaluator(Objective(StyleGraph(), as_loss(term))) as evaluate:
        values = evaluate.bind(PHOTO, [PAINTING])(IMAGE)
    image = IMAGE[0].astype(np.float64)
    along_x = image[:-1, :-1] - image[:-1, 1:]
    along_y = image[:-1, :-1] - image[1:, :-1]
    gradient = np.zeros_like(image)
    gradient[:-1, :-1] += along_x + along_y
    gradient[:-1, 1:] -= along_x
    gradient[1:, :-1] -= along_y
    np.testing.assert_allclose(values.gradient[0], 1e-3 * gradient, rtol=1e-3, atol=1e-5)
