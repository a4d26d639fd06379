"""How fast evaluations are on this machine, as shares of what the machine can do.

Every figure that judges is a ratio between two things measured in the same run: a time alone says little about a
program and much about the computer.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from nstgraph.arrays import Array, Values
from nstgraph.bench.figures import Failure, Freezing, Row
from nstgraph.config import Config
from nstgraph.demo.landscape import landscape
from nstgraph.demo.painting import painting
from nstgraph.errors import ConfigError, NstgraphError
from nstgraph.graph.evaluator import Evaluator
from nstgraph.inspect.flops import flop_count
from nstgraph.losses.registry import as_loss
from nstgraph.networks.weights_file import find
from nstgraph.pictures.load import load
from nstgraph.pictures.picture import resize
from nstgraph.planning.machine import Product, peak_memory
from nstgraph.planning.plan import Stage
from nstgraph.run.stylizer import Stylizer
from nstgraph.search.search import Search, Step

__all__ = ["configurations", "freezing", "measure_apart", "measure_row"]

#: Rows and columns of the reference matrix product.
_SIDE = 2048

#: After so many seconds nothing is repeated that was measured twice.
_SECONDS = 30.0

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
    content, targets, start = _pictures(size, styles)
    with Stylizer(config.replace(scales=1), styles) as stylizer, Product(stylizer.precision, _SIDE) as product:
        stage, evaluate = _bound(stylizer, content, targets)
        clock = _Clock(evaluate, repeats, product)
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
        return Row(
            size=size,
            precision=stylizer.precision,
            tile=stage.tile,
            seconds=inside,
            gflop=flop_count(stylizer.objective, size, size)[0] / 1e9,
            product_rate=statistics.median(clock.rates),
            outside=outside / (outside + inside),
            peak_memory=peak_memory(),
        )


def measure_apart(config: Config, plugins: Sequence[Path] = (), *, styles: int = 1, repeats: int = 10) -> Row | Failure:
    """`measure_row` in a process of its own, since the peak memory of a process never falls.

    Args:
        config, styles, repeats: see there; of ``config``, what the bench has options for.
        plugins: files that the loss's terms come from.
    """
    given = {"size": config.size, "precision": config.precision, "tile": config.tile, "memory": config.memory}
    given |= {"styles": styles, "repeats": repeats} | ({"weights": config.weights} if config.weights else {})
    options = [*given.items(), ("loss", as_loss(config.loss)), *(("plugin", file) for file in plugins)]
    command = [sys.executable, "-m", "nstgraph", "bench", "--json", *(f"--{name}={value}" for name, value in options)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode == 0:
        found = json.loads(done.stdout.splitlines()[-1])["rows"][0]  # plugins may print, too
        return Row(**{field.name: found[field.name] for field in dataclasses.fields(Row)})
    said = done.stderr.splitlines() or [f"the process ended with code {done.returncode}"]
    tile = config.tile if isinstance(config.tile, int) else None
    return Failure(config.size, config.precision, tile, said[-1].removeprefix("nstgraph: "))


def configurations(config: Config, sizes: list[int], precisions: list[str], tiles: list[str]) -> list[Config]:
    """Every combination, small ones first, but tiles that are no smaller than the picture.

    Args:
        config: all other settings.
        sizes, precisions: see `Config`.
        tiles: ``off`` or pixels, as text.

    Raises:
        NstgraphError: a setting is out of range, a term or the weights are not to be found, or nothing is left.
    """
    as_loss(config.loss)
    find(config.weights)
    sides: list[str | int] = [int(tile) if tile.isdecimal() else tile for tile in tiles]
    every = [
        config.replace(size=size, precision=precision, tile=side)
        for size, precision, side in itertools.product(sorted(sizes), precisions, sides)
    ]
    kept = [one for one in every if isinstance(one.tile, str) or one.tile < one.size]
    if not kept:
        raise ConfigError(f"no tile is smaller than {max(sizes)} px; choose a smaller --tile, or off")
    return kept


def freezing(config: Config, *, styles: int = 1, repeats: int = 10) -> Freezing | Failure:
    """Compare evaluations, whole, with and without frozen targets; arguments as for `measure_row`."""
    try:
        return _freezing(config.replace(scales=1, tile="off"), styles, repeats)
    except NstgraphError as error:
        return Failure(config.size, config.precision, None, str(error))


def _freezing(config: Config, styles: int, repeats: int) -> Freezing:
    content, targets, image = _pictures(config.size, styles)
    with Stylizer(config, styles) as stylizer, Evaluator(stylizer.objective, freeze=False) as unfrozen:
        _, frozen = _bound(stylizer, content, targets)
        unfrozen.bind(content, targets)
        clocks = _Clock(frozen, repeats), _Clock(unfrozen, repeats)
        while not clocks[1].done:  # taking turns, so that a change of the machine's speed meets both
            loss, reference = (clock(image).total for clock in clocks)
        moving, fixed = flop_count(stylizer.objective, config.size, config.size)
        return Freezing(
            size=config.size,
            precision=stylizer.precision,
            seconds=statistics.median(clocks[0].inside),
            unfrozen_seconds=statistics.median(clocks[1].inside),
            possible_speedup=(moving + fixed) / moving if moving else 1.0,
            difference=abs(loss - reference) / (abs(reference) or 1.0),
        )


class _Clock:
    """An evaluator whose calls are timed, each followed by a product: a change of the machine's speed meets both.

    Attributes:
        inside, outside: seconds of each evaluation but the first, which also plans the graph's execution, and of
            what came between it and the one before.
        rates: of the products.
    """

    def __init__(
        self, evaluate: Callable[[Array], Values], limit: int, product: Callable[[], float] | None = None
    ) -> None:
        self._evaluate, self._limit, self._product = evaluate, max(2, limit), product
        self._started = time.perf_counter()
        self._ended: float | None = None
        self.inside: list[float] = []
        self.outside: list[float] = []
        self.rates: list[float] = []

    def __call__(self, image: Array) -> Values:
        began = time.perf_counter()
        values = self._evaluate(image)
        if self._ended is not None:
            self.inside.append(time.perf_counter() - began)
            self.outside.append(began - self._ended)
            if self._product is not None:
                self.rates.append(self._product())
        self._ended = time.perf_counter()
        return values

    @property
    def done(self) -> bool:
        count = len(self.inside)
        return count >= self._limit or (count >= 2 and time.perf_counter() - self._started > _SECONDS)

    def stop(self, step: Step, image: Array) -> None:
        """As callback of a search, end it when there is enough."""
        if self.done:
            raise StopIteration


def _bound(stylizer: Stylizer, content: Array, targets: list[Array]) -> tuple[Stage, Callable[[Array], Values]]:
    """How the engine would compute these pictures, if they fit, and the loss as a function of the image."""
    stage = stylizer.plan(load(content), [load(target) for target in targets]).stages[-1]
    if stage.tile is None:
        stylizer.evaluator.bind(content, targets)
        return stage, stylizer.evaluator
    stylizer.tiled.bind(content, targets, stage.tile, stage.keep)
    return stage, stylizer.tiled


def _pictures(size: int, styles: int) -> tuple[Array, list[Array], Array]:
    """Content, styles, and an image between them: at a picture itself, some losses leave nothing to search for."""
    drawn = min(size, _DRAWN)
    content, target = (resize(scene(drawn, drawn), size, size).clip(0, 255) for scene in (landscape, painting))
    return content, [target] * styles, (content + target) / 2
