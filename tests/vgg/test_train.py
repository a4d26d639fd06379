"""Training on a small folder, end to end; needs PyTorch, the extra ``train``."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from drawn_pictures import landscape, painting

from nstgraph.networks.weights_file import WeightsFile
from nstgraph.pictures.save import save

pytest.importorskip("torch", reason="PyTorch is not installed: python -m pip install '.[train]'")

SCRIPT = Path(__file__).parents[2] / "vgg" / "train.py"
SEVEN = ["conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of seven pictures: parts of a landscape, and of a painting."""
    place = tmp_path_factory.mktemp("classes")
    for name, drawn in (("landscape", landscape(300, 300)), ("painting", painting(300, 300))):
        (place / name).mkdir()
        for number in range(7):
            part = drawn[:, 20 * number : 20 * number + 140, 15 * number : 15 * number + 160]
            save(place / name / f"{number}.png", part)
    return place


def train(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.slow
def test_a_folder_becomes_weights(folder: Path, tmp_path: Path) -> None:
    one, other = tmp_path / "one.npz", tmp_path / "other.npz"
    for path in (one, other):
        done = train(folder, "-o", path, "--effort", 0.5, "--seed", 3, "--device", "cpu")
        assert (done.returncode, done.stderr) == (0, "")
        assert "colour" in done.stdout and sha256(path) in done.stdout
    assert sha256(one) == sha256(other)
    assert list(WeightsFile(one).layers) == SEVEN and one.stat().st_size < 4e6
    with np.load(one) as arrays:
        assert {array.dtype for array in arrays.values()} == {np.dtype(np.float16)}


@pytest.mark.slow
def test_first_layers_can_be_kept(folder: Path, tmp_path: Path) -> None:
    random, given = np.random.default_rng(0), {}
    for name, shape in [("conv1_1", (3, 3, 3, 64)), ("conv1_2", (3, 3, 64, 64))]:
        given[f"{name}_W"] = random.normal(0, 0.5, shape).astype(np.float16)  # as large as those of the published VGG
        given[f"{name}_b"] = random.normal(0, 0.05, shape[-1]).astype(np.float16)
    np.savez(tmp_path / "two.npz", **given)
    done = train(folder, "-o", tmp_path / "all.npz", "--from", tmp_path / "two.npz", "--effort", 0.1, "--device", "cpu")
    assert (done.returncode, done.stderr) == (0, "")
    assert "nan" not in done.stdout and "inf" not in done.stdout
    with np.load(tmp_path / "all.npz") as arrays:
        assert sorted({key[:-2] for key in arrays}) == SEVEN
        assert all(np.isfinite(value).all() for value in arrays.values())
        assert all((arrays[key] == value).all() for key, value in given.items())


@pytest.mark.slow
def test_trained_layers_have_a_mean_of_1() -> None:
    import torch

    from nstgraph_vgg.learner import Learner
    from nstgraph_vgg.training_pictures import minus_means

    torch.manual_seed(0)
    learner = Learner(2, {})
    pictures = minus_means([255 * torch.rand(3, 32, 32) for _ in range(8)])
    learner.train()(pictures, {task: torch.zeros(8, dtype=torch.long) for task in ("class", "hue", "turn")})
    weights = learner.trunk.folded(pictures)
    x = pictures
    for name in SEVEN:
        kernel = torch.from_numpy(weights[f"{name}_W"].astype(np.float32)).permute(3, 2, 0, 1)
        x = torch.nn.functional.avg_pool2d(x, 2) if name in ("conv2_1", "conv3_1") else x
        bias = torch.from_numpy(weights[f"{name}_b"].astype(np.float32))
        x = torch.relu(torch.nn.functional.conv2d(x, kernel, bias, padding=1))
        assert float(x.mean()) == pytest.approx(1, abs=0.02), name


@pytest.mark.slow
def test_what_is_wrong_is_said_in_a_line(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "there.npz").write_bytes(b"precious")
    (tmp_path / "notes" / "one").mkdir(parents=True)
    (tmp_path / "notes" / "one" / "notes.txt").write_text("not a picture")
    np.savez(tmp_path / "third.npz", conv3_1_W=np.ones((3, 3, 128, 256)), conv3_1_b=np.ones(256))
    out = tmp_path / "out.npz"
    for arguments, message in [
        ((tmp_path / "nowhere", "-o", out), "there is no folder"),
        ((tmp_path / "empty", "-o", out), "has no folders of pictures"),
        ((folder, "-o", tmp_path / "there.npz"), "exists; choose another name"),
        ((folder, "-o", out, "--from", tmp_path / "there.npz"), "is not an npz file"),
        ((folder, "-o", out, "--from", tmp_path / "third.npz"), "has no conv1_1"),
        ((folder, "-o", out, "--device", "abacus"), "abacus"),
        ((folder, "-o", out, "--effort", "0"), "not a number above 0"),
        ((folder, "-o", out, "--seed", "-1"), "not a whole number from 0"),
        ((tmp_path / "notes", "-o", out), "notes.txt is not a picture"),
    ]:
        done = train(*arguments)
        assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr
    assert not out.exists() and (tmp_path / "there.npz").read_bytes() == b"precious"


@pytest.mark.slow
def test_turned_hues_keep_luminance_and_come_round() -> None:
    import torch

    from nstgraph_vgg.training_pictures import turned_hues

    torch.manual_seed(0)
    x = 100 + 55 * torch.rand(3, 8, 8)  # so near to grey that no hue leaves 0..255
    weights = torch.tensor([0.299, 0.587, 0.114])
    for sixths in range(1, 6):
        turned = turned_hues(x, sixths)
        assert float((turned - x).abs().max()) > 5
        assert torch.allclose(torch.einsum("c,chw", weights, turned), torch.einsum("c,chw", weights, x), atol=0.01)
        assert torch.allclose(turned_hues(turned, 6 - sixths), x, atol=0.01)


@pytest.mark.slow
def test_what_is_asked_of_a_picture_is_what_was_done_to_it() -> None:
    import torch

    from nstgraph_vgg.training_pictures import MEANS, batches, turned_hues

    x = torch.full((3, 40, 40), 110, dtype=torch.uint8)
    x[0, :20] = 140  # the upper half is reddish, and looks the same in a mirror
    told = set()
    lessons = [batches([x] * 64, [5] * 64, 40, 64, np.random.default_rng(seed)) for seed in range(4)]
    for crops, answers in (batch for epoch in lessons for batch in epoch):
        for seen, label, hue, turn in zip(crops, answers["class"], answers["hue"], answers["turn"], strict=True):
            undone = torch.rot90(seen + torch.tensor(MEANS)[:, None, None], -int(turn), (1, 2))
            undone = turned_hues(undone, 6 - int(hue)) if hue else undone
            assert torch.allclose(undone, x.float(), atol=0.05)
            assert int(label) == (-1 if hue else 5)
            told |= {("hue", int(hue)), ("turn", int(turn))}
    assert len(told) == 6 + 4


@pytest.mark.slow
def test_attacks_are_as_long_as_they_may_be_and_raise_the_loss(folder: Path) -> None:
    import torch

    from nstgraph_vgg.train import Phase, Training
    from nstgraph_vgg.training_pictures import batches

    training = Training(folder, {}, seed=1)
    for _ in training.run(Phase(32, 20, 0.0, 14, 0.02)):
        pass
    ((x, answers),) = batches(training.pictures, training.labels, 32, 14, training.random)
    attacked = training.attacked(x, answers, 2.0)
    assert (attacked - x).square().mean((1, 2, 3)).sqrt().numpy() == pytest.approx(2.0, rel=0.01)
    noise = x + 2.0 * torch.randn_like(x)
    training.learner.eval()
    with torch.no_grad():
        plain, by_chance, by_attack = (float(training.learner(one, answers)[0]) for one in (x, noise, attacked))
    assert by_attack > plain and by_attack - plain > 2 * abs(by_chance - plain)


@pytest.mark.slow
def test_training_learns_to_tell_classes_apart(folder: Path) -> None:
    from nstgraph_vgg.train import Phase, Training

    seen = [figures["class"] for figures in Training(folder, {}, seed=1).run(Phase(32, 60, 0.0, 14, 0.02))]
    assert np.nanmean(seen[-10:]) > 0.85 > np.nanmean(seen[:3])
