"""A loss as a function of the generated image, in a session."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from nstgraph._tf import computing, tf
from nstgraph.arrays import Array, Values
from nstgraph.errors import ConfigError, LossError
from nstgraph.fed_variables import raw_session, unless_not_loaded
from nstgraph.graph.feeds import checked_feeds
from nstgraph.graph.objective import Objective
from nstgraph.graph.periodic import Periodic
from nstgraph.graph.style_values import Group, StyleValues, parts_of_styles
from nstgraph.losses.parameter_types import as_number
from nstgraph.messages import did_you_mean, one_line
from nstgraph.tensor_ancestry import ancestors, run_for

__all__ = ["Evaluates", "Evaluator"]


class Evaluates(Protocol):
    """What evaluators have in common: pictures are bound, images evaluated, and the pictures released."""

    objective: Objective

    def bind(
        self, content: Array | None = None, styles: Sequence[Array] = (), feed_dict: Mapping[Any, Any] | None = None
    ) -> Evaluates:
        """Choose the pictures, and what the graph's other placeholders are fed; returns the evaluator itself."""

    def __call__(self, image: Array) -> Values:
        """Evaluate at ``image``, [1, height, width, 3], 0..255."""

    def weigh(self, weights: Mapping[str, float]) -> None:
        """Change the weights of some terms, by label."""

    def release(self) -> None:
        """Forget the pictures, and give back the memory of what was computed from them."""


class Evaluator:
    """An objective in a session: ``evaluator(image)`` gives its `Values` for the pictures bound last.

    It serves one thread at a time: whoever binds other pictures changes what it gives to all.

    Args:
        objective: what to evaluate.
        cache_targets: compute what does not depend on the generated image once, when pictures are bound.
        session: a ``tf.Session`` or ``MonitoredSession`` of the graph; by default a new one, in which the variables
            that the loss depends on are initialised, but for a generated image of the caller's own. In either, weights
            that have no values are loaded, now and whenever pictures are bound.
        threads: that an operation of a new session is spread over, which decides how its sums are rounded; 0 is one a
            core.
        style_values: keeps what depends on style images alone from one binding to the next, by their content and size;
            for sessions in which nobody changes weights. None computes it each time.

    Attributes:
        objective: see above.
        session: the ``tf.Session``; unless it was given, it is closed with the evaluator, which is a context manager.
        periodic: how pictures that wrap are evaluated; None if the graph's do not.
        weights: weights of terms by label, as `weigh` changes them; those not given are the loss's own.
        fetches: what an evaluation runs.
        style_values: see above.

    Raises:
        TilingError: the graph's pictures wrap, and a term cannot be evaluated so.
    """

    def __init__(
        self,
        objective: Objective,
        *,
        cache_targets: bool = True,
        session: Any = None,
        threads: int = 0,
        style_values: StyleValues | None = None,
    ) -> None:
        self.objective, self.style_values = objective, style_values
        self.periodic = Periodic(objective) if any(objective.graph.wraps) else None
        self.weights: dict[str, float] = {}
        used = run_for([objective.total], fed=objective.inputs)[1]
        plain = [tensor for tensor in objective.inputs if tensor.name in used]
        self._targets = objective.targets if cache_targets else plain
        self._of_styles: list[Group] = []
        self._others = self._targets
        if style_values is not None and cache_targets:
            self._of_styles, self._others = parts_of_styles(objective, self._targets)
        self._bound: list[Array] = []
        #: What an evaluation still computes, by name; a caller may feed it, such as a placeholder with a default.
        left = ancestors(objective.total, stop=[*self._targets, objective.graph.generated.image])
        self._left = {name: left[name] for name in left.keys() - {tensor.name for tensor in self._targets}}
        self._given: dict[Any, Any] = {}
        self._own_session = session is None
        self.session = self._new_session(threads) if session is None else raw_session(session)
        try:
            objective.load(self.session)
            if self._own_session:
                self._initialize()
        except BaseException:
            self.close()
            raise
        self.fetches = [objective.total, list(objective.terms.values()), objective.gradient, objective.store]

    def _new_session(self, threads: int) -> Any:
        # Operations follow each other, and each spreads over all cores by itself.
        options = tf.ConfigProto(
            inter_op_parallelism_threads=1, intra_op_parallelism_threads=threads, use_per_session_threads=True
        )
        return tf.Session(graph=self.objective.graph.graph, config=options)

    def _initialize(self) -> None:
        if self.objective.graph.variable_is_free:
            self.session.run(self.objective.graph.variable.initializer)
        try:
            self.session.run(self.objective.initialize)
        except tf.errors.OpError as error:
            raise LossError(f"a variable of the loss cannot be initialised ({one_line(error)}); fix it") from error

    def bind(
        self, content: Array | None = None, styles: Sequence[Array] = (), feed_dict: Mapping[Any, Any] | None = None
    ) -> Evaluator:
        """Choose the pictures; what does not depend on the generated image is computed.

        Args:
            content, styles: each [1, height, width, 3], 0..255, of any size; to be left out if the graph computes them.
            feed_dict: for other placeholders of the graph.

        Returns:
            The evaluator itself.

        Raises:
            ConfigError: a picture or a value does not fit, or one is missing.
            RunError: this process was forked from one in which TensorFlow was at work.
        """
        computing()
        self.release()  # before as much again is computed
        self.objective.load(self.session)
        feeds = checked_feeds(self.objective.graph, self.objective.needed, content, styles, feed_dict)
        if self.periodic is not None:
            self.periodic.check_bound(feeds)
            feeds = self.periodic.extended(feeds)
        try:
            self._bound = self._computed(feeds, keep=not feed_dict)
        except (TypeError, ValueError) as error:
            raise ConfigError(f"a value that was given to bind does not fit: {one_line(error)}") from error
        self._given = {self._left[tensor.name]: value for tensor, value in feeds.items() if tensor.name in self._left}
        return self

    def _computed(self, feeds: dict[Any, Any], *, keep: bool) -> list[Array]:
        """Values of the targets; those of styles apart, whether they are known or not, so that they are the same."""
        if self.style_values is None or not keep:
            return list(self.session.run(self._targets, feeds))
        values: dict[str, Array] = {}
        fed = {tensor.name: value for tensor, value in feeds.items()}
        for tensors, inputs in self._of_styles:
            names = tuple(tensor.name for tensor in tensors)
            own = {tensor.name: fed[tensor.name] for tensor in inputs if tensor.name in fed}
            run = functools.partial(self.session.run, tensors, feeds)
            values |= dict(zip(names, self.style_values.get(names, own, run), strict=True))
        others = self.session.run(self._others, feeds)
        values |= {tensor.name: value for tensor, value in zip(self._others, others, strict=True)}
        return [values[tensor.name] for tensor in self._targets]

    @property
    def bound(self) -> dict[Any, Array]:
        """What is fed for the pictures bound last, by tensor."""
        return dict(zip(self._targets, self._bound, strict=True))

    def release(self) -> None:
        """Forget the pictures, and give back the memory of what was computed from them."""
        self._bound, self._given = [], {}

    def __call__(self, image: Array) -> Values:
        """Evaluate at ``image``, [1, height, width, 3], 0..255; afterwards the variable ``generated`` holds it.

        Raises:
            ConfigError: no pictures are bound, or weights have lost their values since.
        """
        with unless_not_loaded("bind the pictures again after its initializer was run"):
            total, terms, gradient, _ = self.session.run(self.fetches, self.feed(image))
        if self.periodic is not None:
            gradient = self.periodic.folded(gradient, np.shape(image))
        return Values(float(total), dict(zip(self.objective.terms, map(float, terms), strict=True)), gradient)

    def assign(self, image: Array) -> None:
        """Let the variable ``generated`` hold ``image``, [1, height, width, 3], such as the best of a search."""
        self.session.run(self.objective.store, {self.objective.graph.generated.image: image})

    def feed(self, image: Array) -> dict[Any, Any]:
        """What an evaluation at ``image`` is fed, by tensor; of one that wraps, with its margin."""
        computing()
        if len(self._bound) != len(self._targets):
            raise ConfigError("no pictures are bound; call bind first")
        own = {self.objective.graph.generated.image: image}
        if self.periodic is not None:
            own = self.periodic.extended(own)
        return {**self._given, **self.fed_weights(), **self.bound, **own}

    def weigh(self, weights: Mapping[str, float]) -> None:
        """Change the weights of some terms, by label, for the evaluations that follow.

        Raises:
            LossError: there is no such term, or a weight is not a number; nothing is changed then.
        """
        checked = {label: as_number(weight, f"the weight of {label!r}") for label, weight in weights.items()}
        for label in checked:
            if label not in self.objective.terms:
                raise LossError(f"no term {label!r} to weigh{did_you_mean(label, self.objective.terms)}")
        self.weights.update(checked)

    def fed_weights(self) -> dict[Any, float]:
        """Weights of terms as they are in force, by the tensor that they are fed to."""
        defaults = self.objective.defaults
        return {tensor: self.weights.get(label, defaults[label]) for label, tensor in self.objective.weights.items()}

    def close(self) -> None:
        """Give the session's memory and threads back, if it is the evaluator's own."""
        self.release()
        if self._own_session:
            self.session.close()

    def __enter__(self) -> Evaluator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
