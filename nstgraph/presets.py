"""The settings by which well-known programs and papers are reproduced, as data.

A preset stands for options of the command line, and for nothing else: network, layers, formulas, weights, optimiser,
starting image and size, at a single size. Terms say what their formulas are (``nstgraph terms content``). A weight here
is the source's own, times what the formulas differ by: a sum over five layers is 5 times the mean, the mean of Δ²/2 is
half that of Δ². Where a source has a fault that changes the picture, the preset does what was meant.

All these systems pad convolutions by zeros. The result is the image of lowest loss, as always here. Paintings of
another aspect than the photo's keep theirs, if nothing else is said. Names of files, and what is shown on the way, are
left to other options.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nstgraph.errors import ConfigError
from nstgraph.messages import did_you_mean
from nstgraph.settings.exclusions import over

__all__ = ["PRESETS", "Preset", "preset"]


@dataclass(frozen=True)
class Preset:
    """A preset.

    Attributes:
        name: what it is called.
        source: what it reproduces.
        network: ``VGG16`` or ``VGG19``, whose weights it is for.
        settings: by name of the setting, or of the command line's option for output.
        note: what else there is to know, in sentences; mostly empty.
    """

    name: str
    source: str
    network: str
    settings: Mapping[str, Any]
    note: str = ""

    def beside(self, given: Mapping[str, Any], known: Iterable[str]) -> dict[str, Any]:
        """Those of its settings that are ``known``, and the ``given`` ones, which win; without what these rule out."""
        names = set(known)
        return over({name: value for name, value in self.settings.items() if name in names}, given)


def preset(name: str) -> Preset:
    """The preset of that name.

    Raises:
        ConfigError: there is none.
    """
    if name not in PRESETS:
        raise ConfigError(f"no preset {name!r}{did_you_mean(str(name), PRESETS)}")
    return PRESETS[name]


#: The first convolutions of VGG's five blocks.
_FIVE = "layers=conv1_1+conv2_1+conv3_1+conv4_1+conv5_1"

_PRESETS = (
    Preset(
        "thushv",
        "the notebook of thushv89",
        "VGG16",
        {
            "loss": (
                "500*content:layer=conv3_3,normalization=mse",
                "0.001*style:layers=conv1_1+conv1_2+conv2_1+conv2_2+conv3_1+conv3_2+conv3_3,normalization=mse,per=none",
            ),
            "pooling": "average",
            "padding": "zero",
            "init": "content",
            "size": 224,
            "fit": "crop",
            "scales": 1,
            "optimizer": "adam:learning_rate=5",
            "steps": 500,
            "save_every": 50,
        },
        "Its Gram matrices are sums over positions, so painting and photo have to be of one size, as they are.",
    ),
    Preset(
        "analyticsvidhya",
        "the tutorial of Analytics Vidhya",
        "VGG19",
        {
            "loss": (
                "1000*content:layer=conv5_2,normalization=mse",
                f"0.05*style:{_FIVE},normalization=mse",
                "30*tv:power=2,unit=1",
            ),
            "pooling": "max",
            "padding": "zero",
            "init": "content",
            "size": 0,
            "scales": 1,
            "optimizer": "adam:learning_rate=5,beta1=0.99,epsilon=0.1",
            "bounds": True,
            "steps": 1000,
        },
    ),
    Preset(
        "geeksforgeeks",
        "the tutorial of GeeksforGeeks",
        "VGG19",
        {
            "loss": ("1000*content:layer=conv5_2,normalization=mse", f"0.05*style:{_FIVE},normalization=mse"),
            "pooling": "max",
            "padding": "zero",
            "init": "content",
            "scales": 1,
            "optimizer": "adam:learning_rate=5,beta1=0.99,epsilon=0.1",
            "steps": 1000,
        },
        "Weights, rate, steps and size are not stated; the first three are those of analyticsvidhya, which has these "
        "terms, too.",
    ),
    Preset(
        "gsurma",
        "gsurma/style_transfer",
        "VGG16",
        {
            "loss": (
                "0.04*content:layer=conv2_2,normalization=gatys",
                "4.5*style:layers=conv1_2+conv2_2+conv3_3+conv4_3+conv5_3,normalization=keras,per=pixel",
                "0.995*tv:power=1.25,form=squared,unit=1,reduction=sum",
            ),
            "pooling": "max",
            "padding": "zero",
            "init": "noise:form=uniform",
            "size": 500,
            "fit": "stretch",
            "scales": 1,
            "optimizer": "lbfgsb:rounds=10,evaluations=20",
            "compare": True,
        },
        "There, the channel means of red and blue are swapped; here they are not.",
    ),
    Preset(
        "gatys",
        "Gatys, Ecker & Bethge (2016)",
        "VGG19",
        {
            "loss": ("0.001*content:layer=conv4_2,normalization=gatys", f"style:{_FIVE},normalization=gatys"),
            "pooling": "average",
            "padding": "zero",
            "init": "noise",
            "scales": 1,
            "optimizer": "auto",
            "steps": 500,
        },
        "Size and steps are not stated. The paper's ratio of weights goes down to 0.0001.",
    ),
    Preset(
        "johnson",
        "jcjohnson/neural-style",
        "VGG19",
        {
            "loss": (
                "5*content:layer=conv4_2,normalization=mse",
                f"500*style:{_FIVE},normalization=johnson",
                "0.0005*tv:power=1,form=squared,unit=1,reduction=sum",
            ),
            "pooling": "max",
            "padding": "zero",
            "init": "noise:mean=vgg,deviation=0.001",
            "size": 512,
            "fit": "longest",
            "scales": 1,
            "optimizer": "auto",
            "steps": 1000,
        },
        "There, total variation is a gradient only, which is that of half the sum of squared differences.",
    ),
    Preset(
        "cysmith",
        "cysmith/neural-style-tf",
        "VGG19",
        {
            "loss": (
                "5*content:layer=conv4_2,normalization=cysmith",
                f"2000*style:{_FIVE},normalization=gatys",
                "0.001*tv:power=1,unit=1,reduction=sum",
            ),
            "pooling": "average",
            "padding": "zero",
            "init": "content",
            "size": 512,
            "fit": "longest",
            "scales": 1,
            "optimizer": "lbfgsb",
            "steps": 1000,
        },
        "It also offers Adam: --optimizer adam:learning_rate=1.",
    ),
    Preset(
        "anishathalye",
        "anishathalye/neural-style",
        "VGG19",
        {
            "loss": (
                "5*content:layer=conv4_2,normalization=mse",
                f"500*style:{_FIVE},normalization=johnson",
                "100*tv:power=2,unit=1",
            ),
            "pooling": "max",
            "padding": "zero",
            "init": "noise:mean=vgg,deviation=0.256",
            "size": 0,
            "scales": 1,
            "optimizer": "adam:learning_rate=10",
            "steps": 1000,
        },
    ),
    Preset(
        "keras",
        "titu1994/Neural-Style-Transfer, Network",
        "VGG16",
        {
            "loss": (
                "0.05*content:layer=conv5_2,normalization=gatys",
                f"style:{_FIVE},normalization=keras,per=pixel",
                "8.5e-05*tv:power=1.25,form=squared,unit=1,reduction=sum",
            ),
            "pooling": "max",
            "padding": "zero",
            "init": "content",
            "size": 400,
            "fit": "rows",
            "scales": 1,
            "optimizer": "lbfgsb:rounds=10,evaluations=20",
        },
    ),
)

#: All presets by name.
PRESETS: Mapping[str, Preset] = {one.name: one for one in _PRESETS}
