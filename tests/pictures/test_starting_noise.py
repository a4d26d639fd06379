"""Noise as text."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from nstgraph.errors import ConfigError
from nstgraph.pictures.noise import Noise, noise_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("noise", Noise("normal", 127.5, 58.0)),
        ("noise:form=uniform", Noise("uniform", 127.5, 255 / math.sqrt(12))),
        ("noise:mean=vgg,deviation=0.256", Noise("normal", "vgg", 0.256)),
        ("noise:deviation=0,form=uniform,mean=255", Noise("uniform", 255.0, 0.0)),
    ],
)
def test_noise_is_read(text: str, expected: Noise) -> None:
    assert noise_of(text) == expected


@pytest.mark.parametrize("init", ["content", "noise.png", "noises", "a/noise", Path("noise"), "noise 2", None, 3])
def test_what_is_no_noise(init: Any) -> None:
    assert noise_of(init) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("noise:vgg", "cannot read 'vgg' in init; write each once, as in noise:form=uniform,mean=128"),
        ("noise:mean=1,mean=2", "cannot read 'mean=2' in init; write each once, as in noise:form=uniform,mean=128"),
        ("noise:means=1", "noise has no parameter 'means'; did you mean 'mean'?"),
        ("noise:form=", "noise:form is ''; choose from normal, uniform"),
        ("noise:deviation=-1", "noise:deviation is '-1'; choose a number from 0 to 255"),
        ("noise:deviation=nan", "noise:deviation is 'nan'; choose a number from 0 to 255"),
        ("noise:mean=VGG", "noise:mean is 'VGG'; choose vgg or a number from 0 to 255"),
    ],
)
def test_noise_that_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        noise_of(text)
    assert str(raised.value) == message
