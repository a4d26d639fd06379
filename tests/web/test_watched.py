"""A run of this process that a page watches, and samples that need no files."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from nstgraph.config import Config
from nstgraph.errors import NstgraphError
from nstgraph.run.inputs import read_pictures
from nstgraph.run.stylizer import Stylizer
from nstgraph.web.run_view import PAINTING
from nstgraph.web.samples import samples
from nstgraph.web.watched import Watched

CONFIG = Config(size=32, steps=3, scales=1, loss="content:layer=conv1_1 tv")


def test_it_is_seen_and_cannot_be_steered() -> None:
    photo, painting = (np.random.default_rng(seed).uniform(0, 255, (32, 32, 3)) for seed in (0, 1))
    pictures = read_pictures(CONFIG, photo, painting)
    with Stylizer(CONFIG) as stylizer:
        plan = stylizer.plan(pictures)
        watched = Watched(stylizer, plan, pictures)
        [before] = watched.runs()
        assert (before.step, before.of, before.preview, before.title) == (0, 3, 0, "array × array")
        alone = stylizer(pictures, plan=plan)
        result = stylizer(pictures, plan=plan, callback=watched)
    view = watched.view(before.id)
    assert (view.status, view.step, dict(view.weights)) == (PAINTING, 3, {})
    assert watched.read_only
    assert 0 < watched.share < 1
    assert not hasattr(watched, "stop")
    for data in (watched.photo(view.id), watched.preview(view.id)):
        assert Image.open(io.BytesIO(data)).size == (32, 32)
    assert np.array_equal(result.image, alone.image), "watching changes nothing"
    with pytest.raises(NstgraphError, match="no such picture"):
        watched.view("other")


def test_samples_are_pictures_that_differ() -> None:
    drawn = samples()
    assert len({one.style.data for one in drawn}) == len(drawn) >= 2
    for one in drawn:
        assert max(one.photo.thumbnail(64).size) == max(one.style.thumbnail(64).size) == 64
