"""What the page's controls hold, by name, and the request that they stand for; in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nstgraph.config import Config
from nstgraph.errors import ConfigError
from nstgraph.losses.parameter_types import as_number
from nstgraph.web.controls import chosen, loss_texts, presets, terms
from nstgraph.web.page_files import as_address, from_address, given, given_all, kept
from nstgraph.web.request import PaintRequest

__all__ = ["OWN", "SETTINGS", "names", "of_preset", "of_request", "parameter_key", "request_of", "weight_key"]

#: Settings with a control of their own, and whether they are whole numbers.
SETTINGS = {"size": int, "steps": int, "style_scale": float, "seed": int, "keep_colors": bool, "init": str}

#: The choice of no preset.
OWN = ""

_PICTURES = ("photo", "styles", "mask")


def weight_key(term: str) -> str:
    """The name of the control of a term's weight."""
    return f"weight of {term}"


def parameter_key(term: str, parameter: str) -> str:
    """The name of the control of a term's parameter."""
    return f"{term}:{parameter}"


def names() -> list[str]:
    """Names of all controls."""
    of_terms = [
        key
        for term in terms()
        for key in (weight_key(term.name), *(parameter_key(term.name, one.name) for one in term.parameters))
    ]
    return [*_PICTURES, "preset", *SETTINGS, *of_terms]


def request_of(values: Mapping[str, Any], folder: Path) -> PaintRequest | None:
    """The request that controls stand for; None if a photo or a painting is still to be chosen.

    Raises:
        NstgraphError: a value does not fit, or a picture cannot be read.
    """
    photo = given(values["photo"], folder, "the photo")
    styles = given_all(values["styles"], folder, "the painting")
    if photo is None or not styles:
        return None
    preset = values["preset"] or None
    if preset is not None and preset not in dict(presets()):
        raise ConfigError(f"there is no preset {preset!r} here")
    settings = {name: _read(kind, values[name], name) for name, kind in SETTINGS.items()}
    if settings["init"] not in ("content", "style", "noise"):
        raise ConfigError("a page cannot name files to start from; choose content, style or noise")
    if preset is None or chosen(Config.preset(preset).loss) is not None:
        settings["loss"] = _loss(values)
    mask = from_address(values["mask"], "the mask")
    return PaintRequest(photo, styles, mask, settings, preset)


def of_preset(preset: str | None) -> dict[str, Any]:
    """What controls hold when a preset is chosen, or none; pictures stay as they are.

    Raises:
        ConfigError: there is no such preset.
    """
    config = Config.preset(preset) if preset else Config()
    return _of_settings({name: getattr(config, name) for name in (*SETTINGS, "loss")})


def of_request(request: PaintRequest, folder: Path, photo: bool = True) -> dict[str, Any]:
    """What controls hold to ask for the same again; without its photo, and the mask over it, if that is wanted."""
    pictures = {
        "photo": kept(request.photo, folder) if photo else None,
        "styles": [kept(style, folder) for style in request.styles],
        "mask": as_address(request.mask) if photo else "",
    }
    settings = {**of_preset(request.preset), "preset": request.preset or OWN}
    return {**settings, **_of_settings(request.settings), **pictures}


def _of_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: settings[name] for name, kind in SETTINGS.items() if _fits(settings.get(name), kind)}
    shown = chosen(settings["loss"]) if "loss" in settings else None
    if shown is None:
        return plain
    weights, parameters = shown
    for term in terms():
        plain[weight_key(term.name)] = weights.get(term.name, 0.0)
        texts = parameters.get(term.name, {})
        for one in term.parameters:
            plain[parameter_key(term.name, one.name)] = texts.get(one.name, one.text)
    return plain


def _fits(value: Any, kind: type) -> bool:
    return isinstance(value, kind) or (kind is float and isinstance(value, int))


def _read(kind: type, value: Any, name: str) -> Any:
    if kind in (int, float):
        number = as_number(value, name)
        if kind is int and number != int(number):
            raise ConfigError(f"{name} is {value}; choose a whole number")
        return kind(number)
    if not isinstance(value, kind):
        raise ConfigError(f"{name} is to be chosen again")
    return value


def _loss(values: Mapping[str, Any]) -> tuple[str, ...]:
    weights = {term.name: values[weight_key(term.name)] for term in terms()}
    parameters = {
        term.name: {one.name: str(values[parameter_key(term.name, one.name)]) for one in term.parameters}
        for term in terms()
    }
    return loss_texts(weights, parameters)
