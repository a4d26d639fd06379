"""Settings as options, commands and Python, and a result's settings as those that differ from the defaults."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from nstgraph.config import Config, TextureConfig
from nstgraph.errors import NstgraphError
from nstgraph.losses.loss_text import as_loss
from nstgraph.losses.quoting import parted
from nstgraph.messages import command, printable
from nstgraph.pictures.start import renamed
from nstgraph.settings.masks import MASKS, NO_MASK
from nstgraph.value_checks import setting_of

__all__ = [
    "as_command",
    "as_python",
    "as_tuple",
    "chosen",
    "command_of",
    "kind_of",
    "options_of",
    "paths_of",
    "pictures_of",
]


def as_command(settings: Mapping[str, Any]) -> str:
    """The command that a result stands for, a line for each option; if it runs plugins, it names them."""
    plugins = [["--plugin", path] for path in paths_of(settings, "plugin", "FILE")]
    words = [shlex.join(part) for part in [*plugins, *options_of(chosen(settings))]]
    return " \\\n  ".join(map(printable, [command_of(settings), *words]))


def as_python(settings: Mapping[str, Any]) -> str:
    """The call of `nstgraph.stylize`, or `nstgraph.texture`, that a result stands for; terms of plugins come first."""
    content, styles = paths_of(settings, "content", "content.png"), paths_of(settings, "style", "style.png")
    name = "texture" if kind_of(settings) is TextureConfig else "stylize"
    pictures = [*map(repr, content), repr(styles[0]) if len(styles) == 1 else repr(styles)]
    given = [f"{name}={value!r}" for name, value in chosen(settings).items()]
    lines = "".join(f"    {argument},\n" for argument in [*pictures, *given])
    plugins = paths_of(settings, "plugin", "plugin.py")
    first = "".join(f"# its terms are those of {path!r}, which has to be imported before\n" for path in plugins)
    return f'import nstgraph\n\n{first}result = nstgraph.{name}(\n{lines})\nresult.save("result.png")\n'


def command_of(settings: Mapping[str, Any]) -> str:
    """The command that makes a result, with its pictures and without its options."""
    content = paths_of(settings, "content", "CONTENT") or ["CONTENT"]
    start = ["texture"] if kind_of(settings) is TextureConfig else ["stylize", *content]
    return command(*start, *(paths_of(settings, "style", "STYLE") or ["STYLE"]))


def options_of(settings: Mapping[str, Any], *more: type) -> list[list[str]]:
    """The options that settings stand for, each with its value: ``[["--size", "224"], ...]``.

    Args:
        settings: by name.
        more: classes of settings that some of them are of, beside those of runs.
    """
    fields = {field.name: field for of in (Config, TextureConfig, *more) for field in dataclasses.fields(of)}
    written: list[list[str]] = []
    for name, value in settings.items():
        known = setting_of(fields[name])
        flags = known.flags or (f"--{name.replace('_', '-')}",)
        written += _written(flags[-1], value, known.check.joined)
    return written


def _written(flag: str, value: Any, joined: str) -> list[list[str]]:
    yes, _, no = flag.partition("/")
    if isinstance(value, bool):
        return [[yes if value else no or f"--no-{yes.removeprefix('--')}"]]
    if isinstance(value, list | tuple):
        return [[yes, joined.join(map(str, value))]] if joined else [[yes, str(item)] for item in value]
    return [[yes, str(value)]]


def kind_of(settings: Mapping[str, Any]) -> type[Config]:
    """Whether a result's settings are those of a texture."""
    return TextureConfig if "aspect" in settings else Config


def chosen(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those settings of a result that are not the defaults, by name, as a run would be given them.

    A loss is a text for each term. The starting image, and weights that are not those which are taken unasked, are
    paths: the recorded one, and where the file is here.
    """
    of = kind_of(settings)
    known = {field.name: field.default for field in dataclasses.fields(of)}
    given = {name: as_tuple(settings[name]) for name in known if name in settings}
    found = {name: value for name, value in given.items() if value != known[name]} | _masks(settings)
    loss = found.pop("loss", None)
    if isinstance(loss, str) and loss != str(as_loss(of.loss, keep_colors=settings.get("keep_colors") is True)):
        default = str(as_loss(Config.loss))
        text = f"default {loss[len(default) :]}" if loss.startswith(f"{default} ") else loss
        found = {"loss": tuple(part for part in parted(text, r"\s") if part), **found}
    if "init" in found:
        found["init"] = _init(found["init"], settings.get("starts"))
    if "weights" in found:
        path = _weights(settings)
        found = {**found, "weights": path} if path else {n: value for n, value in found.items() if n != "weights"}
    return found


def as_tuple(value: Any) -> Any:
    """A value from JSON as a setting keeps it."""
    return tuple(value) if isinstance(value, list) else value


def _masks(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The masks of a result with the paths that were given."""
    records = settings.get("masks")
    left = iter(records if isinstance(records, list) else [])

    def path(name: Any) -> Any:
        if not isinstance(name, str) or name == NO_MASK:
            return name
        record = next(left, None)
        given = record.get("path") if isinstance(record, dict) else None
        return given if isinstance(given, str) else name

    masks = {name: settings.get(name) for name in MASKS}
    return {n: tuple(map(path, v)) if isinstance(v, list) else path(v) for n, v in masks.items() if v}


def _init(init: Any, records: Any) -> Any:
    """A starting image with the paths that were given."""
    paths = [record.get("path") for record in records if isinstance(record, dict)] if isinstance(records, list) else []
    given = iter(path for path in paths if isinstance(path, str))
    try:
        return renamed(init, lambda file: next(given, file)) if isinstance(init, str) else init
    except NstgraphError:
        return init


def _weights(settings: Mapping[str, Any]) -> str | None:
    """Where a result's weights are: None if they are those which are taken unasked; if not found, their name."""
    from nstgraph.networks.find_weights import find_weights, recorded_file  # which import numpy

    try:
        found = recorded_file("weights", settings["weights"], settings.get("weights_sha256"))
        return None if found.resolve() == find_weights().path.resolve() else str(found)
    except NstgraphError:
        return str(settings["weights"])


def pictures_of(settings: Mapping[str, Any]) -> Iterator[tuple[str, str | None, str]]:
    """What a result was made from, in order: what it is to the run, its path, if it has one, and its hash."""
    names = ("styles", "starts", "masks", "plugins", "pictures")
    styles, starts, masks, plugins, terms = (settings.get(name) for name in names)
    listed = [("content", settings.get("content"))]
    listed += [("style", style) for style in (styles if isinstance(styles, list) else ())]
    listed += [("init", start) for start in (starts if isinstance(starts, list) else ())]
    listed += [("mask", mask) for mask in (masks if isinstance(masks, list) else ())]
    listed += [("of a term", own) for own in (terms if isinstance(terms, list) else ())]
    listed += [("plugin", plugin) for plugin in (plugins if isinstance(plugins, list) else ())]
    for what, record in listed:
        if isinstance(record, dict):
            path = record.get("path", record.get("name"))
            yield what, None if path is None else str(path), str(record.get("sha256"))


def paths_of(settings: Mapping[str, Any], what: str, instead: str) -> list[str]:
    """Paths of content, styles or plugins for a command line, with words ``instead`` of what was no file.

    One that looks like an option is written as one that does not.
    """
    paths = [path for kind, path, _ in pictures_of(settings) if kind == what]
    return [instead if path is None else f"./{path}" if path.startswith("-") else path for path in paths]
