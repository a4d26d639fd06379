"""How evaluations in tiles grow faster with workers, against this machine alone in the same run."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Sequence

from nstgraph.bench.clock import Clock
from nstgraph.bench.figures import Scaling
from nstgraph.bench.measure import drawn_pictures
from nstgraph.config import Config
from nstgraph.planning.plan import Stage
from nstgraph.planning.prediction import bytes_of_tiles
from nstgraph.run.stylizer import Stylizer
from nstgraph.tiles.tiled_evaluator import TiledEvaluator
from nstgraph.workers.team import Team
from nstgraph.workers.workers import Workers

__all__ = ["measure_scaling"]


def measure_scaling(config: Config, tile: int, teams: Sequence[Workers], repeats: int = 10) -> list[Scaling]:
    """Measure an evaluation of the demo's pictures by this machine, and by each team of workers, all taking turns.

    Args:
        config: size and all other settings.
        tile: side of the tiles, in pixels.
        teams: of workers that answer.
        repeats: evaluations of each; fewer if they take more than half a minute, but at least two.

    Raises:
        NstgraphError: a term cannot be computed in tiles, or by workers.
    """
    content, styles, image = drawn_pictures(config.size, 1)
    with contextlib.ExitStack() as closing:
        stylizer = closing.enter_context(Stylizer(config.replace(scales=1)))
        made = [None, *(Team(workers) for workers in teams)]
        clocks = []
        for team in made:
            if team is not None:
                closing.callback(team.close)
            tiled = TiledEvaluator(stylizer.evaluator, team.place) if team else TiledEvaluator(stylizer.evaluator)
            tiled.bind(content, styles, side=tile)(image)  # workers are sent the weights, and make the targets
            clocks.append(Clock(tiled, repeats))
        before = [team.bytes if team else 0 for team in made]
        while not clocks[-1].done:  # taking turns, so that a change of the machine's speed meets all
            for clock in clocks:
                clock(image)
        predicted = bytes_of_tiles(Stage(config.size, config.size, 1, tile=tile), stylizer.cost)
        names = ["this machine", *(", ".join(map(str, workers.addresses)) for workers in teams)]
        alone = statistics.median(clocks[0].inside)
        rows = []
        for name, team, earlier, clock in zip(names, made, before, clocks, strict=True):
            seconds = statistics.median(clock.inside)
            evaluations = len(clock.inside) + 1  # the first one is not timed
            sent = ((team.bytes - earlier) / evaluations, predicted) if team else (0.0, 0.0)
            rows.append(Scaling(name, config.size, tile, seconds, alone, *sent))
        return rows
