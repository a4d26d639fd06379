"""The weights that a preset is for."""

from __future__ import annotations

from nstgraph.config import Config
from nstgraph.errors import WeightsError
from nstgraph.losses.loss_text import as_loss
from nstgraph.networks.find_weights import candidates, find_weights
from nstgraph.networks.published import FILES
from nstgraph.networks.vgg_layers import ARCHITECTURES, Architecture
from nstgraph.networks.weights_file import WeightsFile
from nstgraph.presets import preset

__all__ = ["with_weights_of"]


def with_weights_of(name: str, config: Config) -> Config:
    """Settings by which a preset is computed in its own network.

    Args:
        name: the preset's.
        config: the settings, of which ``loss`` need not be the preset's.

    Returns:
        ``config``; if it names no weights, and those that would be used do not do, with others that are there and do.

    Raises:
        ConfigError: there is no such preset.
        LossError, PluginError: the loss cannot be read.
        WeightsError: the weights cannot be found; or they lack a convolution that the loss's terms name, or one below
            it, or are those of another network and nobody has named them.
    """
    if config.network is not None:
        return config
    network = next(one for one in ARCHITECTURES if one.name == preset(name).network)
    layers, file = _layers(config), find_weights(config.weights)
    missing = [layer for layer in network.kernels if layer in _needed(network, layers) and layer not in file.layers]
    if not missing and (config.weights is not None or _fits(file, network, layers)):
        return config
    if config.weights is None:
        others = (WeightsFile(place.path) for place in candidates() if place.exists)
        found = next((other for other in others if _fits(other, network, layers)), None)
        if found is not None:
            return config.replace(weights=found.path)
    key = network.name.lower()
    fault = f"{network.name}'s {', '.join(missing)}, which {file.path.name} lacks"
    if not missing:
        fault = f"{network.name}, and {file.path.name} is {file.architecture.name}"
    raise WeightsError(
        f"preset {name} needs {fault}; {FILES[key].filename} has all layers: nstgraph weights fetch {key}, or name a "
        "file with --weights"
    )


def _needed(network: Architecture, layers: set[str]) -> set[str]:
    """The convolutions of a network that some of its layers are computed by."""
    return {convolution for layer in layers for convolution in network.convolutions(layer)}


def _fits(file: WeightsFile, network: Architecture, layers: set[str]) -> bool:
    """Whether a file has what layers of a network need, and would compute them as that network does."""
    needed = _needed(network, layers)
    return needed <= file.layers.keys() and needed == _needed(file.architecture, layers)


def _layers(config: Config) -> set[str]:
    """Layers that the loss's terms name in their parameters, as the built-in ones do."""
    named: set[str] = set()
    for term in as_loss(config.loss, keep_colors=config.colors_are_searched).terms:
        values = {name: parameter.default for name, parameter in term.term.parameters.items()} | dict(term.parameters)
        for value in (values.get("layer"), values.get("layers")):
            named.update([value] if isinstance(value, str) else value if isinstance(value, tuple) else [])
    return named
