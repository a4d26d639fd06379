"""Many pictures in one process, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from nstgraph.config import Config
from nstgraph.errors import ConfigError, NstgraphError
from nstgraph.messages import shown
from nstgraph.pictures.load import Source
from nstgraph.run.inputs import read_pictures
from nstgraph.run.preset_weights import with_weights_of
from nstgraph.run.result import Result
from nstgraph.run.stylizers import Stylizers
from nstgraph.search.step import StepCallback

__all__ = ["Pair", "map"]

#: A photo and a painting, or paintings; and, if they have some, settings of their own.
Pair: TypeAlias = tuple[Source, Source | Sequence[Source]] | tuple[Source, Source | Sequence[Source], Mapping[str, Any]]


def map(
    pairs: Iterable[Pair],
    config: Config | None = None,
    *,
    preset: str | None = None,
    callback: StepCallback | None = None,
    **settings: Any,
) -> Iterator[Result | NstgraphError]:
    """Stylise one photo after the other, each with its painting.

        for result in nstgraph.map([("a.jpg", "wave.jpg"), ("b.jpg", "wave.jpg")], size=512):
            result.save(...)

    All that have the same settings and number of styles share a graph and a network. What depends on a painting alone
    is kept by its content and size, so that a second photo with it takes no more than its own evaluations. A result is
    made when it is asked for; each is the same as that of `stylize`, in float32 to the last bit. Pictures are read one
    pair at a time.

    Args:
        pairs: content and style, or styles, each as for `stylize`; a third item is a mapping of settings of their own,
            which win over all others.
        config, preset, settings: for all, as for `stylize`.
        callback: called after each step, as for `stylize`.

    Yields:
        A result a pair, in their order; or, in its place, the error for which there is none. The next ones follow all
        the same. An error of type `RunError` carries the best picture so far.

    Raises:
        ConfigError: at once: there is no such setting, a value is out of range, or config and preset are both given.
        Interrupted: Ctrl-C; its ``result`` is the best of the one at work.
    """
    if preset is not None and config is not None:
        raise ConfigError("config and preset are both given; give single settings beside preset, and leave config out")
    if preset is not None:
        chosen = with_weights_of(preset, Config.preset(preset, **settings))
    else:
        chosen = (config or Config()).replace(**settings)
    return _results(pairs, chosen, callback)


def _results(pairs: Iterable[Pair], config: Config, callback: StepCallback | None) -> Iterator[Result | NstgraphError]:
    with Stylizers() as stylizers:
        for pair in pairs:
            outcome: Result | NstgraphError
            try:
                outcome = _result(pair, config, stylizers, callback)
            except NstgraphError as error:
                outcome = error
            yield outcome


def _result(pair: Pair, config: Config, stylizers: Stylizers, callback: StepCallback | None) -> Result:
    if not isinstance(pair, tuple | list) or len(pair) not in (2, 3):
        raise ConfigError(f"{shown(pair)} is no pair; give a content and a style, and settings of their own if need be")
    content, style, *own = pair
    if own and not isinstance(own[0], Mapping):
        raise ConfigError(f"{shown(own[0])} are no settings; give a mapping of values by name")
    chosen = config.replace(**own[0]) if own else config
    pictures = read_pictures(chosen, content, style)
    return stylizers.get(chosen, len(pictures.styles))(pictures, callback=callback)
