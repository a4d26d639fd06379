"""The style graph: pictures as views, features by layer, and the only sums over positions.

Names that callers may rely on: placeholders ``content:0`` and ``style:0`` (``style_1:0``, ... for more), those of
pictures of terms ``picture_1:0``, ..., trainable variable ``generated``, its value ``generated_image:0``, feature maps
``features/<picture>/<layer>:0``, weight variables ``vgg/<layer>/kernel`` and ``vgg/<layer>/bias``, which
`Network.load` gives their values; an `Objective` adds
``loss/<term>:0``, ``loss/total:0``, ``weight/<term>:0`` and ``gradient:0``. In a caller's scope, all these begin with
the scope's name. Every picture is [1, height, width, 3], float32, RGB, 0..255, of any size.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from nstgraph._tf import tf
from nstgraph.graph.locality import Locality
from nstgraph.graph.masks import Masks
from nstgraph.graph.own_pictures import KeptPicture, OwnPictures
from nstgraph.graph.placeholders import (
    checked_variable,
    common_graph,
    interior,
    new_variable,
    picture_placeholder,
    value_of,
)
from nstgraph.graph.spatial_sums import SpatialSums, Statistic
from nstgraph.graph.style_matching import Distance, StyleMatching
from nstgraph.graph.view import View
from nstgraph.networks.find_weights import find_weights
from nstgraph.networks.network import NetworkFile
from nstgraph.pictures.crop import WHOLE, Crop
from nstgraph.pictures.fit import Size
from nstgraph.pictures.load import Source
from nstgraph.pictures.wrapping import wraps_of

__all__ = ["StyleGraph"]


class StyleGraph:
    """An explicit graph; the process's default graph and eager mode are left alone.

    By default it is a ``tf.Graph`` of its own. Given a caller's graph, or tensors in one, it is built into that, in the
    name scope and variable scope that are current there: names then begin with the scope's (those of weights, as by
    ``tf.get_variable``, with the variable scope's).

        with tf.Graph().as_default(), tf.variable_scope("painting"):
            generated = tf.get_variable("picture", initializer=photo)
            g = StyleGraph(content=photo, style=painting, generated=generated)

    Args:
        weights: the network's weights (`WeightsFile`), or a whole network from a file (`GraphFile`); by default the
            weights that `find_weights` finds.
        styles: how many style images there are, if ``style`` is not given.
        graph: where to build; by default the graph of ``content``, ``style`` or ``generated``, else a new one.
        content: tensor [1, height, width, 3], RGB, 0..255, in place of the placeholder.
        style: such a tensor, or a list of them, in place of the placeholders.
        generated: variable [1, height, width, 3], RGB, 0..255, in place of a new one; which starts as ``content``, if
            that is given.
        pooling, padding, precision: see `Vgg`; a network from a file has its own. With padding ``"wrap"``, ``"wrap-x"``
            or ``"wrap-y"``, content and generated image go on beyond their edges with their other side, in that
            direction or both, when an `Evaluator` or `TiledEvaluator` evaluates them (see `Periodic`); tensors that are
            run in a session by themselves see them reflected there.
        crop: how terms' own pictures are cut, as those that will be bound are.
        shares: of the style images, for terms that have no ``blend`` of their own; all alike if they are not given.
        blending: of several style images: ``mean``, of their statistics, or ``sum``, of the losses against each.
        masks: where which styles are taken, and where the content is kept.
        kept: what is taken in place of terms' own pictures, in the order in which these are asked for.

    Attributes:
        graph: the ``tf.Graph``.
        scope: name scope that all names begin with, ending in ``/``; empty for none.
        network: gives the feature maps.
        content, generated, styles: the views; ``style`` is the first of ``styles``.
        wraps: where content and generated image go on with their other side.
        variable: the trainable variable ``generated``, which holds the current image; none, of 0 × 0 pixels, before
            the first.
        variable_is_free: whether it was made here, and its initial value depends on nothing.
        pictures: those that terms have asked for.
        locality: tells what can be computed in tiles.
        masks: see above.

    Raises:
        ConfigError: a tensor or the variable has another shape, or is not in the graph; or shares, blending or masks do
            not fit the styles.
        WeightsError: there are no weights to be found.
    """

    def __init__(
        self,
        weights: NetworkFile | None = None,
        *,
        styles: int = 1,
        graph: Any = None,
        content: Any = None,
        style: Any = None,
        generated: Any = None,
        pooling: str = "average",
        padding: str = "reflect",
        precision: str = "float32",
        crop: Crop = WHOLE,
        shares: Sequence[float] = (),
        blending: str = "mean",
        masks: Masks | None = None,
        kept: Sequence[KeptPicture] = (),
    ) -> None:
        given = [None] * styles if style is None else list(style) if isinstance(style, list | tuple) else [style]
        self.graph = common_graph(graph, [content, *given, generated])
        self.wraps = wraps_of(padding)
        self.variable_is_free = generated is None and content is None
        self._sums = SpatialSums(self.building, lambda: self.views)
        with self.graph.as_default():
            scope = self.graph.get_name_scope()
            self.scope = f"{scope}/" if scope else ""
            file = find_weights() if weights is None else weights
            self.network = file.network(pooling, "reflect" if any(self.wraps) else padding, precision)
            self._make_views(content, given, generated)
        given_views = (self.generated, self.content, *self.styles)
        self.pictures = OwnPictures(given_views, self._own_view, crop=crop, kept=kept, wraps=self.wraps)
        self._image_names = {view.image.name for view in self.views}
        self.locality = Locality(self._image_names, self._sums.names)
        self.masks = masks or Masks()
        self._matching = StyleMatching(self, shares, blending, self.masks)

    def _make_views(self, content: Any, given: Sequence[Any], generated: Any) -> None:
        names = [f"style_{i}" if i else "style" for i in range(len(given))]
        pictures = [picture_placeholder(tensor, name) for name, tensor in zip(names, given, strict=True)]
        photo = picture_placeholder(content, "content")
        if generated is None:
            self.variable = new_variable("generated", None if content is None else photo)
        else:
            self.variable = checked_variable(generated)
        image = value_of(self.variable, "generated_image")
        # Content and generated image have the same size and are tiled alike: one interior serves both.
        shared = interior("generated_interior")
        self.content = View("content", photo, shared, self.network, self.scope)
        self.generated = View("generated", image, shared, self.network, self.scope)
        self.styles = tuple(
            View(name, tensor, interior(f"{name}_interior"), self.network, self.scope)
            for name, tensor in zip(names, pictures, strict=True)
        )

    @contextlib.contextmanager
    def building(self) -> Iterator[None]:
        """Enter the graph and its name scope, to add to it."""
        with self.graph.as_default(), tf.name_scope(self.scope or None):
            yield

    @property
    def statistics(self) -> list[Statistic]:
        """Every spatial sum built so far."""
        return self._sums.built

    @property
    def style(self) -> View:
        """The view of the first style image."""
        return self.styles[0]

    @property
    def views(self) -> tuple[View, ...]:
        """All views: generated, content, the styles, then the pictures of terms."""
        return (self.generated, self.content, *self.styles, *self.pictures.views)

    def picture(self, source: Source, beside: View) -> View:
        """A picture of a term's own, such as a mask, beside one of the graph's.

        It is one more placeholder, which is fed whenever pictures are bound, stretched to the size of the picture
        beside it, and cut with it into tiles. The same source beside the same view is one picture.

            mask = g.picture("mask.png", beside=g.generated).shrunk(layer)[..., :1] / 255
            gram = g.gram(g.generated[layer] * tf.sqrt(mask)) / g.sum(mask)

        Args:
            source: a path, a PIL image, or an array (see `nstgraph.pictures.load.load`).
            beside: a view of this graph; ``generated`` and ``content`` have one size.

        Raises:
            PictureError: the picture cannot be read.
            LossError: ``beside`` is no view of this graph.
        """
        return self.pictures.view(source, beside)

    def _own_view(self, number: int, beside: View) -> View:
        with self.building():
            image = picture_placeholder(None, f"picture_{number}")
        self._image_names.add(image.name)
        return View(f"picture_{number}", image, beside.interior, self.network, self.scope, beside)

    def sum(self, x: Any, *, per_channel: bool = False) -> Any:
        """Sum of ``x``, [1, height, width, channels], over positions and channels, or [channels] if ``per_channel``."""
        sums = self._sums.get("sum", x, self.locality)
        with self.graph.as_default():
            return sums if per_channel else tf.reduce_sum(sums)

    def mean(self, x: Any, *, per_channel: bool = False) -> Any:
        """Mean of ``x`` [1, height, width, channels] over positions and channels, or [channels] if ``per_channel``."""
        with self.graph.as_default():
            means = self.sum(x, per_channel=True) / self.positions(x)
            return means if per_channel else tf.reduce_mean(means)

    def gram(self, x: Any) -> Any:
        """Gram matrix FᵀF of feature maps [1, height, width, channels], not normalised: [channels, channels].

        Gatys, Ecker & Bethge, "Image Style Transfer Using Convolutional Neural Networks" (2016), equation 3.
        Divided by ``positions(x)`` it does not depend on the picture's size.
        """
        return self._sums.get("gram", x, self.locality)

    def positions(self, x: Any) -> Any:
        """Number of positions, height · width, of feature maps ``x``, as a float."""
        return self._sums.get("positions", x, self.locality)

    def match_styles(self, distance: Distance, blend: Sequence[float] = ()) -> Any:
        """How far the generated image is from the styles, as a scalar: all that a term needs to know of these.

            def distance(generated, target):
                def grams(part):
                    return part.gram(part["conv3_1"]) / part.positions(part["conv3_1"])
                return tf.reduce_mean(tf.square(grams(generated) - target(grams)))
            return g.match_styles(distance)

        Args:
            distance: called with a `Part` of the generated image, and its target: a function which gives for a
                statistic, a function of a part, what it is to be. It is called once, or with blending by sums once a
                style, and so for each region of a mask.
            blend: shares of the style images; the graph's own if there are none.

        Returns:
            Sum over the regions of their share of the picture's area, times their distance from their styles: from the
            mean of the styles' statistics, or the mean of the distances from each style.

        Raises:
            LossError: ``blend`` has another length than there are style images, or is 0 for all those of a region.
        """
        return self._matching.value(distance, blend)

    def style_mean(self, target: Callable[[View], Any], blend: Sequence[float] = ()) -> Any:
        """Mean of ``target(view)`` over the whole of the style images, weighted by ``blend`` (default: their shares).

        It knows neither masks nor blending by sums; `match_styles` does.

        Raises:
            LossError: ``blend`` has another length than there are style images, or does not sum to more than 0.
        """
        return self._matching.mean(target, blend)

    def beyond_photo(self, maps: Callable[[View], list[Any]]) -> list[Any]:
        """``maps(generated)``, of which that of the content is taken away where no region of a mask is painted.

        For what only serves a painting, such as smoothness: elsewhere the photo may be as rough as it is, but no
        rougher. If all of the picture is painted, it is that of the generated image alone.

        Args:
            maps: gives for a view maps that are linear in its image, such as slopes, each [1, height, width, channels];
                those of 3 channels may lack the last rows and columns.
        """
        return self._matching.beyond_photo(maps)

    def by_content_strength(self, x: Any) -> Any:
        """``x``, [1, height, width, channels], times the strength of the content at each position, 0..1.

        It is ``x`` itself if the graph has no map of that.

        Args:
            x: made from generated and content image by local operations, such as a squared difference.
        """
        return self._matching.by_content_strength(x)

    def check_masks(self, picture: Size, styles: Sequence[Size]) -> None:
        """Raise PictureError if less than a position is left of a mask at a size: its statistics would be of nothing.

        Args:
            picture, styles: heights and widths of the generated image and of the style images, in pixels.
        """
        self._matching.check_sizes((picture, *styles))

    def check_masks_used(self) -> None:
        """Raise LossError if there are masks which no term has asked for."""
        self._matching.check_used()
