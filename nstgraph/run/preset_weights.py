"""The weights that a preset is for."""

from __future__ import annotations

import os

from nstgraph.config import Config
from nstgraph.errors import WeightsError
from nstgraph.losses.loss_text import as_loss
from nstgraph.networks.find_weights import find_weights
from nstgraph.networks.published import FILES
from nstgraph.networks.vgg_layers import ARCHITECTURES
from nstgraph.presets import preset
from nstgraph.user_folders import cache_folder

__all__ = ["with_weights_of"]


def with_weights_of(name: str, config: Config) -> Config:
    """Settings by which a preset is computed in its own network.

    Args:
        name: the preset's.
        config: the settings, of which ``loss`` need not be the preset's.

    Returns:
        ``config``; with the preset's weights as they are fetched, if no others are named and those that would be used
        lack a layer.

    Raises:
        ConfigError: there is no such preset.
        LossError, PluginError: the loss cannot be read.
        WeightsError: the weights cannot be found, or lack a convolution that the loss's terms name, or one below it.
    """
    if config.network is not None:
        return config
    network = preset(name).network
    architecture = next(one for one in ARCHITECTURES if one.name == network)
    needed = [convolution for layer in _layers(config) for convolution in architecture.convolutions(layer)]
    file = find_weights(config.weights)
    missing = [convolution for convolution in architecture.kernels if convolution in needed]
    missing = [convolution for convolution in missing if convolution not in file.layers]
    if not missing:
        return config
    published = FILES.get(network.lower())
    if published is not None and config.weights is None and os.path.exists(cache_folder() / published.filename):
        return config.replace(weights=cache_folder() / published.filename)
    remedy = f"give a file of {network} as --weights"
    if published is not None:
        remedy = f"{published.filename} has them: nstgraph weights fetch {network.lower()}; or {remedy}"
    raise WeightsError(f"preset {name} needs {network}'s {', '.join(missing)}, which {file.path.name} lacks; {remedy}")


def _layers(config: Config) -> set[str]:
    """Layers that the loss's terms name in their parameters, as the built-in ones do."""
    named: set[str] = set()
    for term in as_loss(config.loss, keep_colors=config.keep_colors).terms:
        values = {name: parameter.default for name, parameter in term.term.parameters.items()} | dict(term.parameters)
        for value in (values.get("layer"), values.get("layers")):
            named.update([value] if isinstance(value, str) else value if isinstance(value, tuple) else [])
    return named
