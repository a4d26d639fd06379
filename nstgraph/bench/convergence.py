"""How fast variants of the search converge: loss against time, each beside a reference in the same run."""

from __future__ import annotations

from collections.abc import Iterator

from nstgraph.bench.figures import Descent
from nstgraph.config import Config
from nstgraph.demo.landscape import landscape
from nstgraph.demo.painting import painting
from nstgraph.errors import SearchError
from nstgraph.run.stylizer import Stylizer

__all__ = ["compare_searches"]


def compare_searches(config: Config, *, steps: int = 300, styles: int = 1) -> Iterator[Descent]:
    """Run variants of the search on the demo's pictures: a reference, changes of it in one thing, and ``config``.

    Args:
        config: loss, network, size and memory of all, and what coarse to fine is to be.
        steps: of all but coarse to fine.
        styles: number of style images.

    Raises:
        NstgraphError: it does not fit into memory, or the loss is not a number.
    """
    plain = config.replace(scales=1, steps=steps, optimizer="lbfgsb", precision="float32")
    variants = {
        "plain lbfgsb float32": plain,
        "plain lbfgs": plain.replace(optimizer="lbfgs"),
        "plain, 5 corrections": plain.replace(history=5),
        "plain, 20 corrections": plain.replace(history=20),
        "plain bfloat16": plain.replace(precision="bfloat16"),
        "coarse to fine (default)": config,
    }
    content, targets = landscape(config.size, config.size), [painting(config.size, config.size)] * styles
    reference = None
    with Stylizer(plain, styles) as judge:
        judge.evaluator.bind(content, targets)
        for name, variant in variants.items():
            with Stylizer(variant, styles) as stylizer:
                result = stylizer(content, targets)
            if not result.history:
                raise SearchError(f"there is nothing to compare, as {result.reason}; choose another loss")
            loss = judge.evaluator(result.image).total
            reference = loss if reference is None else reference
            curve = tuple((step.seconds, step.total) for step in result.history if step.width == config.size)
            yield Descent(name, len(result.history), result.history[-1].seconds, loss, reference, curve)
