"""Settings of the network."""

from __future__ import annotations

import os
from dataclasses import dataclass

from nstgraph.networks.input_values import INPUT_VALUES
from nstgraph.pictures.wrapping import WRAPPING
from nstgraph.value_checks import one_of, setting, text

__all__ = ["NetworkSettings"]


@dataclass(frozen=True)
class NetworkSettings:
    """The network that gives the feature maps."""

    weights: str | os.PathLike[str] | None = setting(
        None, "Network", text("FILE"), "VGG weights: .npz .h5 .npy .mat .safetensors .pth."
    )
    pooling: str = setting("average", "Network", one_of("average", "max"), "How feature maps are made smaller.")
    padding: str = setting(
        "reflect",
        "Network",
        one_of("reflect", "replicate", "zero", *WRAPPING),
        "What convolutions see beyond the picture's edge; wrap, its other side, so that copies fit together without a "
        "seam: in both directions, beside each other (-x), or above each other (-y).",
    )
    network: str | os.PathLike[str] | None = setting(
        None, "Network", text("FILE"), "Frozen graph (.pb) of another network, in place of VGG."
    )
    input: str | None = setting(
        None, "Network", text("NAME"), "Tensor of that network that takes the picture, if it has several placeholders."
    )
    input_values: str | None = setting(
        None,
        "Network",
        text("|".join(INPUT_VALUES)),
        "What that tensor expects: -mean is minus VGG's channel means, -unit is 0..1.",
    )
