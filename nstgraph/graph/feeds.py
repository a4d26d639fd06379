"""What a graph is fed when pictures are bound: checked, so that what does not fit is said in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from nstgraph.arrays import Array
from nstgraph.errors import ConfigError
from nstgraph.graph.style_graph import StyleGraph

__all__ = ["checked_feeds"]


def checked_feeds(
    graph: StyleGraph,
    needed: Iterable[Any],
    content: Array | None,
    styles: Sequence[Array],
    feed_dict: Mapping[Any, Any] | None,
) -> dict[Any, Any]:
    """Values by tensor, of pictures, those of terms among them, and of a caller's placeholders.

    Args:
        graph: the style graph.
        needed: placeholders that have to be fed.
        content: [1, height, width, 3], 0..255; None if the graph computes it.
        styles: as many such as there are style images, or none if the graph computes them.
        feed_dict: for other tensors of the graph, by tensor or name.

    Raises:
        ConfigError: a picture has another shape, there are too many or too few styles, a key is no tensor of the graph,
            or a placeholder is left without a value.
    """
    views = (graph.content, *graph.styles)
    feeds: dict[Any, Any] = {}
    if feed_dict is not None and not isinstance(feed_dict, Mapping):
        raise ConfigError(f"feed_dict is {feed_dict!r}; give a mapping of tensors to values")
    for key, value in (feed_dict or {}).items():
        try:
            feeds[graph.graph.as_graph_element(key, allow_operation=False)] = value
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"feed_dict names {key!r}, which is not a tensor of the style graph") from error
    if isinstance(styles, np.ndarray):
        raise ConfigError("styles is an array; give a list of them, one for each style image")
    if styles and len(styles) != len(views) - 1:
        raise ConfigError(f"{len(styles)} style images given, and the graph was built for {len(views) - 1}")
    given: list[Array | None] = [content]
    given += styles or [None] * (len(views) - 1)
    for view, picture in zip(views, given, strict=True):
        if picture is not None:
            shape = np.shape(picture)
            if len(shape) != 4 or shape[0] != 1 or shape[3] != 3 or 0 in shape:
                raise ConfigError(f"the {view.name} image has shape {list(shape)}; a picture is [1, height, width, 3]")
            feeds[view.image] = picture
    needed = list(needed)
    feeds |= graph.pictures.feeds(feeds, lambda image: any(image is tensor for tensor in needed))
    names = {tensor.name for tensor in feeds}
    for tensor in needed:
        if tensor.name not in names:
            what = next(
                (f"the {view.name} image" for view in views if view.image is tensor), f"placeholder {tensor.name!r}"
            )
            raise ConfigError(f"{what} needs a value; give it to bind")
    return feeds
