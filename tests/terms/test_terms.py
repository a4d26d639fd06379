"""Every registered term, checked alike; and the built-in ones against their formulas."""

from __future__ import annotations

import numpy as np
import pytest
import scipy

from nstgraph import Evaluator, Objective, StyleGraph, parse_loss
from nstgraph.errors import LossError
from nstgraph.losses.registry import registry
from nstgraph.networks.weights_file import WeightsFile, embedded
from nstgraph.testing import check_term

ANNOUNCED = [
    "coherence", "content", "histogram", "laplacian", "luminance", "moments", "palette", "photo_colors", "pixel_range",
    "style", "temporal", "tv",
]  # fmt: skip


def picture(height, width, seed, low=0, high=255):
    return np.random.default_rng(seed).uniform(low, high, (1, height, width, 3)).astype(np.float32)


CONTENT, STYLE, STYLE_1, IMAGE = (
    picture(20, 28, 1),
    picture(18, 23, 2),
    picture(16, 31, 4),
    picture(20, 28, 3, -50, 300),
)


def values_of(text, *layers, styles=1):
    """The loss's value, and features by view name and layer, from one graph."""
    (value,), maps = all_values_of([text], *layers, styles=styles)
    return value, maps


def all_values_of(texts, *layers, styles=1):
    """The same for several terms of one graph, since each graph costs as much as many terms."""
    graph = StyleGraph(WeightsFile(embedded()), styles=styles)
    objective = Objective(graph, parse_loss(" ".join(texts)))
    with Evaluator(objective) as evaluate:
        targets = [STYLE, STYLE_1][:styles]
        evaluate.bind(CONTENT, targets)
        with graph.graph.as_default():
            wanted = {view.name: {layer: view[layer] for layer in layers} for view in graph.views}
        graph.network.load(evaluate.session)
        feed = dict(zip((view.image for view in graph.views), (IMAGE, CONTENT, *targets), strict=True))
        maps = evaluate.session.run(wanted, feed) if layers else {}
        return list(evaluate(IMAGE).terms.values()), maps


def gram(features):
    flat = features.reshape(-1, features.shape[-1]).astype(np.float64)
    return flat.T @ flat / len(flat)


def moments_of(features):
    flat = features.reshape(-1, features.shape[-1]).astype(np.float64)
    return flat.mean(0), np.cov(flat.T, bias=True)


def relative(value, target):
    return ((value - target) ** 2).sum() / (target**2).sum()


#: Terms whose defaults are many layers or bins, with few of them, for small graphs.
FEW = {
    "content": "content:layer=conv1_2",
    "histogram": "histogram:layers=conv1_1,bins=2",
    "moments": "moments:layers=image+conv1_1",
    "style": "style:layers=image+conv1_1",
}


@pytest.mark.parametrize(
    "text",
    [*(FEW.get(name, name) for name in ANNOUNCED), *(pytest.param(name, marks=pytest.mark.slow) for name in FEW)],
)
def test_every_registered_term_passes_all_checks(text):
    report = check_term(parse_loss(text))
    assert report.tileable, report.why_not


#: The same with fewer layers and bins, for small graphs.
SMALLER = {
    "content": "content:layer=conv2_2",
    "style": "style:layers=conv1_1+conv2_2+conv3_1",
    "moments": "moments:layers=image+conv2_2",
    "histogram": "histogram:layers=conv2_1,bins=2",
}


def smooth_evaluation(text, smooth_picture, precision):
    """Loss and gradient on smooth pictures, with pixels beyond 0..255."""
    with Evaluator(Objective(StyleGraph(WeightsFile(embedded()), precision=precision), parse_loss(text))) as evaluate:
        evaluate.bind(smooth_picture(56, 72, 1), [smooth_picture(64, 48, 2)])
        return evaluate(1.2 * smooth_picture(56, 72, 3) - 20)


#: Terms that see no feature maps, and so are not what a network's precision changes.
OF_PIXELS = [name for name in ANNOUNCED if name not in SMALLER]


@pytest.mark.parametrize(
    "text",
    [
        "content:layer=conv1_2 style:layers=conv1_1",
        *(pytest.param(text, marks=pytest.mark.slow) for text in (*SMALLER.values(), *OF_PIXELS)),
    ],
)
def test_every_term_is_nearly_the_same_in_low_precision(smooth_picture, text):
    exact, *low = (smooth_evaluation(text, smooth_picture, p) for p in ("float32", "bfloat16", "float16"))
    for values in low:
        assert values.terms == pytest.approx(exact.terms, rel=0.01)
        assert values.gradient.dtype == np.float32
        a, b = (v.gradient.astype(np.float64).ravel() for v in (values, exact))
        assert a @ b > 0.99 * np.linalg.norm(a) * np.linalg.norm(b)
        assert np.linalg.norm(a) == pytest.approx(np.linalg.norm(b), rel=0.05)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("content:normalization=gatys", marks=pytest.mark.slow),
        "style:layers=conv2_1,normalization=gatys",
    ],
)
def test_gradients_beyond_the_range_of_float16_are_still_right(smooth_picture, text):
    exact, low = (smooth_evaluation(text, smooth_picture, p).gradient for p in ("float32", "float16"))
    assert np.linalg.norm(low - exact) < 0.1 * np.linalg.norm(exact)


def test_the_list_of_announced_terms_is_complete():
    assert set(ANNOUNCED) <= set(registry.names())
    assert {n for n in registry.names() if registry[n].origin.startswith("nstgraph")} == set(ANNOUNCED)


@pytest.mark.parametrize(
    "text",
    [
        "content:normalization=gatys,layer=conv1_1",
        "tv:power=1.25,form=squared",
        "luminance:power=0.5",
        # The values of most of these are compared with their formulas below.
        *(
            pytest.param(text, marks=pytest.mark.slow)
            for text in (
                "style:layers=image+conv1_1,normalization=johnson",
                "style:layers=image+conv2_1,normalization=mse,per=none",
                "tv:power=1,unit=1,reduction=sum",
                "tv:power=0.7",
                "coherence:reach=1,floor=10,unit=20",
                "laplacian:pools=1+8",
                "content:normalization=mse,layer=conv1_1",
                "content:normalization=cysmith,layer=conv1_1",
                "style:layers=image+conv1_1,normalization=gatys",
                "style:layers=image+conv1_1,normalization=mse",
                "style:layers=image+conv1_1,normalization=keras,per=pixel",
                "tv:power=2",
                "tv:power=1,form=squared,unit=1,reduction=sum",
                "tv:power=1.25,form=squared,unit=1,reduction=sum",
                "tv:power=0.5,form=squared",
                "palette:floor=2",
            )
        ),
    ],
)
def test_variants_pass_all_checks(text):
    report = check_term(parse_loss(text))
    assert report.tileable, report.why_not


@pytest.mark.parametrize(
    "text",
    [
        f"{FEW['style']},blend=1+3",
        pytest.param(f"{FEW['style']},blend=1+3 {FEW['moments']} {FEW['histogram']}", marks=pytest.mark.slow),
    ],
)
def test_terms_of_several_styles_pass_all_checks(text):
    report = check_term(parse_loss(text), styles=2)
    assert report.tileable, report.why_not


def test_content():
    names = ["relative", "mse", "gatys", "cysmith"]
    values, maps = all_values_of([f"content:layer=conv2_1,normalization={name}" for name in names], "conv2_1")
    f, p = (maps[name]["conv2_1"].astype(np.float64) for name in ("generated", "content"))
    square = (f - p) ** 2
    expected = {
        "relative": square.mean() / (p**2).mean(),
        "mse": square.mean(),
        "gatys": square.sum() / 2,
        "cysmith": square.sum() / (2 * np.sqrt(128) * np.sqrt(10 * 14)),
    }
    assert dict(zip(names, values, strict=True)) == pytest.approx(expected, rel=1e-4)


def test_style():
    names = ["relative", "gatys", "johnson", "mse", "keras"]
    texts = [f"style:layers=conv1_1+conv2_1,layer_weights=1+3,normalization={name}" for name in names]
    values, maps = all_values_of(texts, "conv1_1", "conv2_1")
    expected = dict.fromkeys(names, 0.0)
    for layer, share, channels in (("conv1_1", 0.25, 64), ("conv2_1", 0.75, 128)):
        g, a = gram(maps["generated"][layer]), gram(maps["style"][layer])
        square = (g - a) ** 2
        expected["relative"] += share * relative(g, a)
        expected["gatys"] += share * square.sum() / (4 * channels**2)
        expected["johnson"] += share * (square / channels**2).mean()
        expected["mse"] += share * square.mean()
        expected["keras"] += share * square.sum() / 36
    assert dict(zip(names, values, strict=True)) == pytest.approx(expected, rel=1e-4)


def test_gram_matrices_are_divided_by_their_own_pictures_pixels_or_by_nothing():
    texts = [f"style:layers=conv2_1,normalization=mse,per={per}" for per in ("pixel", "none")]
    (by_pixel, by_nothing), maps = all_values_of(texts, "conv2_1")
    g, a = (gram(maps[name]["conv2_1"]) * maps[name]["conv2_1"][0, :, :, 0].size for name in ("generated", "style"))
    assert by_pixel == pytest.approx(((g / (20 * 28) - a / (18 * 23)) ** 2).mean(), rel=1e-4)
    assert by_nothing == pytest.approx(((g - a) ** 2).mean(), rel=1e-4)


def test_style_blends_the_targets_of_several_pictures():
    total, maps = values_of("style:layers=conv1_2,blend=1+3", "conv1_2", styles=2)
    g, a, b = (gram(maps[name]["conv1_2"]) for name in ("generated", "style", "style_1"))
    assert total == pytest.approx(relative(g, a / 4 + 3 * b / 4), rel=1e-4)


def test_moments():
    total, maps = values_of("moments:layers=conv2_1", "conv2_1")
    (mean, covariance), (mean_, covariance_) = (moments_of(maps[n]["conv2_1"]) for n in ("generated", "style"))
    assert total == pytest.approx(relative(mean, mean_) + relative(covariance, covariance_), rel=1e-3)


def wasserstein(generated, mean_, covariance_, floor):
    """Squared distance of two normal distributions, after whitening the colours by the second one's deviations."""
    variances, directions = np.linalg.eigh(covariance_)
    whiten = directions / (np.sqrt(variances.clip(0)) + floor)
    mean, covariance = moments_of(generated)
    a, b = whiten.T @ covariance @ whiten, whiten.T @ covariance_ @ whiten
    root = scipy.linalg.sqrtm(b)
    shift = whiten.T @ (mean - mean_)
    return shift @ shift + np.trace(a + b - 2 * np.real(scipy.linalg.sqrtm(root @ a @ root)))


def test_palette():
    values, _ = all_values_of(["palette:floor=6", "palette:floor=40"])
    assert values == pytest.approx([wasserstein(IMAGE, *moments_of(STYLE), floor) for floor in (6, 40)], rel=1e-3)


def test_the_palette_of_several_paintings():
    total, _ = values_of("palette:blend=1+3", styles=2)
    one, other = moments_of(STYLE), moments_of(STYLE_1)
    mixed = ((a + 3 * b) / 4 for a, b in zip(one, other, strict=True))
    assert total == pytest.approx(wasserstein(IMAGE, *mixed, 6), rel=1e-3)


@pytest.fixture(scope="module")
def palette():
    with Evaluator(Objective(StyleGraph(WeightsFile(embedded())), parse_loss("palette"))) as evaluate:
        yield evaluate


@pytest.mark.parametrize("light", [30, 128, 225])
def test_the_palette_of_a_grey_painting_tells_the_slightest_colour(palette, light):
    random = np.random.default_rng(0)
    grey = np.repeat(random.uniform(light - 25, light + 25, (1, 400, 300, 1)).astype(np.float32), 3, -1)
    tinted = grey + random.normal(0, 0.5, grey.shape).astype(np.float32)
    palette.bind(grey, [grey])
    assert palette(grey).total == pytest.approx(0, abs=1e-3)
    # Two directions without any colour in the painting, each 0.5 of a floor of 6.
    assert palette(tinted).total == pytest.approx(2 * (0.5 / 6) ** 2, rel=0.1)


def test_photo_colors():
    difference = (IMAGE - CONTENT).astype(np.float64) / 20
    chroma = difference - (difference @ [0.2989, 0.587, 0.114])[..., None]
    assert values_of("photo_colors:unit=20")[0] == pytest.approx((chroma**2).mean(), rel=1e-4)


def test_total_variation():
    x = IMAGE.astype(np.float64) / 58
    down, right = x[:, 1:] - x[:, :-1], x[:, :, 1:] - x[:, :, :-1]
    powers = [0.7, 1, 1.5, 2]
    forms = ["", ",form=squared"]  # in one graph
    values, _ = all_values_of([f"tv:power={power}{form}" for form in forms for power in powers])
    absolute, squared = values[: len(powers)], values[len(powers) :]
    expected = [(abs(down) ** power).mean() + (abs(right) ** power).mean() for power in powers]
    assert absolute == pytest.approx(expected, rel=1e-4)
    expected = [((down[:, :, :-1] ** 2 + right[:, :-1] ** 2) ** power).mean() for power in powers]
    assert squared == pytest.approx(expected, rel=1e-4)


def test_total_variation_as_a_sum():
    x = IMAGE.astype(np.float64) / 2
    down, right = x[:, 1:] - x[:, :-1], x[:, :, 1:] - x[:, :, :-1]
    texts = ["tv:unit=2,reduction=sum", "tv:power=1.25,form=squared,unit=2,reduction=sum"]
    (absolute, squared), _ = all_values_of(texts)
    assert absolute == pytest.approx(abs(down).sum() + abs(right).sum(), rel=1e-4)
    assert squared == pytest.approx(((down[:, :, :-1] ** 2 + right[:, :-1] ** 2) ** 1.25).sum(), rel=1e-4)


def test_coherence():
    x = np.pad(IMAGE[0].astype(np.float64) / 50, [(0, 1), (0, 1), (0, 0)], mode="edge")
    down, up = (x[1:, 1:] - x[:-1, :-1]) / 2**0.5, (x[1:, :-1] - x[:-1, 1:]) / 2**0.5
    tensor = np.stack([(down**2).sum(-1), (up**2).sum(-1), (down * up).sum(-1)])
    for _ in range(2):
        tensor = scipy.ndimage.uniform_filter(tensor, (0, 3, 3), mode="reflect")
    (low, high), faint = np.linalg.eigvalsh(tensor[[[0, 2], [2, 1]]].transpose(2, 3, 0, 1)).transpose(2, 0, 1), 0.1**2
    expected = np.sqrt(low * high / (low + high + faint) + faint) - 0.1
    assert values_of("coherence:reach=2,floor=5,unit=50")[0] == pytest.approx(expected.mean(), rel=1e-4)


def test_strokes_are_coherent_and_lattices_and_dots_are_not():
    y, x = np.mgrid[:64, :64]
    patterns = {
        "strokes": np.sin((x + 0.7 * y) * 1.2),
        "bent strokes": np.sin(np.hypot(x - 96, y - 32)),
        "crossing strokes": (np.sin(x * 1.2) + np.sin(y * 1.2)) / 2**0.5,
        "dots": 2 * np.sin(x * 1.2) * np.sin(y * 1.2),
    }
    with Evaluator(Objective(StyleGraph(WeightsFile(embedded())), parse_loss("coherence"))) as evaluate:
        values = {}
        for name, pattern in patterns.items():
            image = np.repeat(128 + 40 * pattern[None, ..., None].astype(np.float32), 3, -1)
            evaluate.bind(image, [image])
            values[name] = evaluate(image).total
    assert max(values["strokes"], values["bent strokes"]) < 0.2 * min(values["crossing strokes"], values["dots"])


def test_pixel_range():
    beyond = np.maximum(-IMAGE, 0) + np.maximum(IMAGE - 255, 0)
    assert values_of("pixel_range:unit=10")[0] == pytest.approx(((beyond / 10) ** 2).mean(), rel=1e-4)


def test_a_flat_style_is_no_division_by_zero():
    graph = StyleGraph(WeightsFile(embedded()))
    objective = Objective(graph, parse_loss(" ".join([*FEW.values(), "palette", "coherence"])))
    flat = np.zeros((1, 16, 16, 3), np.float32)
    with Evaluator(objective) as evaluate:
        evaluate.bind(flat, [flat])
        values = evaluate(flat)
    assert np.isfinite(values.total)
    assert np.isfinite(values.gradient).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "content:normalization=relativ",
            "content:normalization takes one of relative, mse, gatys, cysmith, not 'relativ'; did you mean 'relative'",
        ),
        ("style:layers=conv1_1,layer_weights=1+2", "2 layer_weights are given for 1 layers"),
        ("style:layers=conv1_1,layer_weights=0", "layer_weights are 0.0; none may be below 0"),
        ("style:blend=1+1", "needs 1 shares"),
        ("tv:form=square", "did you mean 'squared'"),
        ("laplacian:pools=3", "powers of two"),
        ("coherence:reach=0", "takes 1 to 32 pixels, not 0"),
        ("coherence:floor=0", "take numbers above 0"),
        ("palette:floor=0", "palette:floor takes a number above 0, not 0"),
    ],
)
def test_choices_that_do_not_exist(text, message):
    with pytest.raises(LossError, match=message.replace("+", r"\+")):
        Objective(StyleGraph(WeightsFile(embedded())), parse_loss(text))
