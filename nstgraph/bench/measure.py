"""How fast evaluations are on this machine, as shares of what the machine can do.

Every figure that judges is a ratio between two things measured in the same run: a time alone says little about a
program and much about the computer.
"""

from __future__ import annotations

import itertools
import statistics

from nstgraph.arrays import Array, Evaluate
from nstgraph.bench.clock import Clock
from nstgraph.bench.figures import Failure, Row, TargetReuse
from nstgraph.config import Config
from nstgraph.demo.landscape import landscape
from nstgraph.demo.painting import painting
from nstgraph.errors import ConfigError, NstgraphError
from nstgraph.graph.evaluator import Evaluator
from nstgraph.inspect.flops import evaluation_flops
from nstgraph.losses.loss_text import as_loss
from nstgraph.memory import peak_memory
from nstgraph.networks.find_weights import find_weights
from nstgraph.pictures.resize import resize
from nstgraph.planning.plan import Stage
from nstgraph.planning.speed import Product
from nstgraph.run.stylizer import Stylizer
from nstgraph.search.search import Search

__all__ = ["configurations", "drawn_pictures", "measure_row", "target_reuse"]

#: Rows and columns of the reference matrix product.
_SIDE = 2048

#: Pictures that are only evaluated are enlarged from this: to draw them would take more memory than the evaluation.
_DRAWN = 512


def measure_row(config: Config, *, styles: int = 1, repeats: int = 10) -> Row:
    """Measure evaluations as they follow each other in a search, on the demo's pictures.

    Args:
        config: size, precision, tile, loss, network and memory to measure with.
        styles: number of style images.
        repeats: evaluations; fewer if they would take more than about 30 seconds, but at least two.

    Raises:
        NstgraphError: it does not fit into memory, or a term cannot be computed in tiles.
    """
    size = config.size
    content, targets, start = drawn_pictures(size, styles)
    with Stylizer(config.replace(scales=1), styles) as stylizer, Product(stylizer.precision, _SIDE) as product:
        stage, evaluate = _bound(stylizer, content, targets)
        clock = Clock(evaluate, repeats, product)
        Search(
            clock,
            start,
            repeats,
            optimizer=stage.optimizer,
            history=stage.history,
            bounds=config.bounds,
            callback=clock.stop,
        ).run()
        while not clock.done:  # the search found nothing to do
            clock(start)
        inside, outside = statistics.median(clock.inside), statistics.median(clock.outside)
        peak = peak_memory()  # of the search, not of counting
        return Row(
            size=size,
            precision=stylizer.precision,
            tile=stage.tile,
            seconds=inside,
            gflop=evaluation_flops(stylizer.objective, size, size)[0] / 1e9,
            product_rate=statistics.median(clock.rates),
            outside=outside / (outside + inside),
            peak_memory=peak,
        )


def configurations(config: Config, sizes: list[int], precisions: list[str], tiles: list[str]) -> list[Config]:
    """Every combination, small ones first, but tiles that are no smaller than the picture.

    Args:
        config: all other settings.
        sizes, precisions: see `Config`.
        tiles: ``off`` or pixels, as text.

    Raises:
        NstgraphError: a setting is out of range, a term or the weights cannot be found, or nothing is left.
    """
    as_loss(config.loss)
    find_weights(config.weights)
    sides: list[str | int] = [int(tile) if tile.isdecimal() else tile for tile in tiles]
    every = [
        config.replace(size=size, precision=precision, tile=side)
        for size, precision, side in itertools.product(sorted(sizes), precisions, sides)
    ]
    useful = [one for one in every if isinstance(one.tile, str) or one.tile < one.size]
    if not useful:
        raise ConfigError(f"no tile is smaller than {max(sizes)} px; choose a smaller --tile, or off")
    return useful


def target_reuse(config: Config, *, styles: int = 1, repeats: int = 10) -> TargetReuse | Failure:
    """Compare evaluations, whole, with targets computed once and computed anew; arguments as for `measure_row`."""
    try:
        return _target_reuse(config.replace(scales=1, tile="off"), styles, repeats)
    except NstgraphError as error:
        return Failure(config.size, config.precision, None, str(error))


def _target_reuse(config: Config, styles: int, repeats: int) -> TargetReuse:
    content, targets, image = drawn_pictures(config.size, styles)
    with Stylizer(config, styles) as stylizer, Evaluator(stylizer.objective, cache_targets=False) as anew:
        _, once = _bound(stylizer, content, targets)
        anew.bind(content, targets)
        clocks = Clock(once, repeats), Clock(anew, repeats)
        while not clocks[1].done:  # taking turns, so that a change of the machine's speed meets both
            loss, reference = (clock(image).total for clock in clocks)
        moving, still = evaluation_flops(stylizer.objective, config.size, config.size)
        return TargetReuse(
            size=config.size,
            precision=stylizer.precision,
            seconds=statistics.median(clocks[0].inside),
            seconds_anew=statistics.median(clocks[1].inside),
            possible_speedup=(moving + still) / moving if moving else 1.0,
            difference=abs(loss - reference) / (abs(reference) or 1.0),
        )


def _bound(stylizer: Stylizer, content: Array, targets: list[Array]) -> tuple[Stage, Evaluate]:
    """How a run would compute these pictures, if they fit, and the loss as a function of the image."""
    stage = stylizer.plan(content, targets).stages[-1]
    return stage, stylizer.evaluators.bind(stage, content, targets)


def drawn_pictures(size: int, styles: int) -> tuple[Array, list[Array], Array]:
    """Content, styles, and an image between them: at a picture itself, some losses leave nothing to search for."""
    drawn = min(size, _DRAWN)
    content, target = (resize(scene(drawn, drawn), size, size).clip(0, 255) for scene in (landscape, painting))
    return content, [target] * styles, (content + target) / 2
