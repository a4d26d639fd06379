"""Steps of a search as runs of a session, so that session hooks see them.

A search evaluates the loss a few times a step, outside of any hook. After each step the graph is run once more, with
everything known fed: the image, the total, its terms. So hooks fetch what they like, such as ``loss/total:0``, and
nothing is computed twice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from nstgraph._tf import tf
from nstgraph.arrays import Array
from nstgraph.graph.objective import Objective
from nstgraph.search.step import Step, StepCallback

__all__ = ["Stepper", "monitored"]


#: Where TensorFlow's own hooks keep the tensor by which they all read the global step; made by the first of them.
_READ = "global_step_read_op_cache"


class Stepper:
    """Makes each step of a search one run of a session, by which the global step grows by one.

        stepper = Stepper(objective)
        with tf.train.MonitoredTrainingSession(hooks=[...]) as session:
            evaluator = Evaluator(objective, session=session).bind(photo, [painting])
            Search(evaluator, photo, 100, callback=stepper.callback(session)).run()

    Args:
        objective: what is minimised; operations are added to its graph, which must not be finalised yet.

    Attributes:
        global_step: the graph's, made if there was none.
    """

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        with objective.graph.building():
            self.global_step = tf.train.get_or_create_global_step()
            # Hooks count on what they read being the step before, which nothing else would order.
            tf.train.StepCounterHook().begin()
            reads = [objective.graph.graph.as_graph_element(self.global_step), *tf.get_collection(_READ)]
            with tf.control_dependencies([objective.store, *reads]):
                self._advance = tf.assign_add(self.global_step, 1).op

    def callback(
        self, session: Any, pictures: Sequence[Array] = (), weights: Callable[[], Mapping[Any, float]] = dict
    ) -> StepCallback:
        """What a `Search` is to call after each step; it ends the search once a hook asks the session to stop.

        Args:
            session: the ``MonitoredSession`` whose hooks are to see the steps.
            pictures: content and styles, for hooks that fetch what depends on them.
            weights: gives the terms' weights in force by tensor, such as `Evaluator.fed_weights`; by default they are
                the loss's own.
        """
        graph, terms = self._objective.graph, self._objective.terms
        views = graph.views[1 : 1 + len(pictures)]
        still = {view.image: picture for view, picture in zip(views, pictures, strict=True)}
        if pictures:
            still |= graph.pictures.feeds(still)

        def step_callback(step: Step, image: Array) -> None:
            losses = {terms[label]: value for label, value in step.terms.items()}
            known = {**still, **losses, **weights(), graph.generated.image: image, self._objective.total: step.total}
            if not session.should_stop():  # as a hook may have asked during an earlier search
                with graph.graph.as_default():
                    session.run(self._advance, known)
            if session.should_stop():
                raise StopIteration

        return step_callback


@contextlib.contextmanager
def monitored(session: Any, hooks: Sequence[Any]) -> Iterator[Any]:
    """A ``MonitoredSession`` around a session that exists already, variables and all; closes it in the end."""
    with session.graph.as_default():  # which hooks rely on
        inside = tf.train.MonitoredSession(_Existing(session), hooks)
    try:
        yield inside
    finally:
        with session.graph.as_default():
            inside.close()


class _Existing:
    """The session creator that ``MonitoredSession`` asks for."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def create_session(self) -> Any:
        """The session."""
        return self._session
