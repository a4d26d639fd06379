"""The base class of optimisers that search outside the graph."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from nstgraph._tf import tf
from nstgraph.arrays import Array
from nstgraph.contrib.opt.trial import Trial
from nstgraph.contrib.opt.unknowns import Unknowns, pack

__all__ = ["ExternalOptimizerInterface", "gradients"]


class ExternalOptimizerInterface:
    """A loss in a graph as a function of a vector, for an optimiser that knows nothing of TensorFlow.

    A subclass overrides `_minimize`. No variable is created, and `minimize` adds no operation, so that it can be called
    again, and on a finalised graph.

    Args:
        loss: scalar tensor, in a graph (not an eager one).
        var_list: variables, or slices of variables such as ``variable[2:4]`` that the loss is made from; by default the
            trainable variables of the loss's graph.
        equalities: tensors that shall be 0, each of any shape that is known.
        inequalities: tensors that shall be at least 0.
        var_to_bounds: by variable, a pair (low, high), each broadcast to the variable's shape; None is no bound, and a
            variable that is not in it has none.
        optimizer_kwargs: for the optimiser; the attribute of that name may be changed between calls of `minimize`.

    Raises:
        ValueError: there is no variable, the loss is not a scalar of a graph, or bounds do not fit.
        TypeError: ``var_list`` holds something that cannot be assigned.
    """

    def __init__(
        self,
        loss: Any,
        var_list: Sequence[Any] | None = None,
        equalities: Sequence[Any] | None = None,
        inequalities: Sequence[Any] | None = None,
        var_to_bounds: Mapping[Any, Any] | None = None,
        **optimizer_kwargs: Any,
    ) -> None:
        graph = getattr(loss, "graph", None)
        if graph is None:
            raise ValueError(f"the loss is {loss!r}, not a tensor of a graph; build it in a tf.Graph")
        self.optimizer_kwargs = optimizer_kwargs
        self._graph = graph
        self._trial: Trial | None = None
        self._var_to_bounds = var_to_bounds
        self._loss = loss
        self._equalities = list(equalities or ())
        self._inequalities = list(inequalities or ())
        with graph.as_default(), tf.name_scope("external_optimizer"):
            self._vars = list(tf.trainable_variables() if var_list is None else var_list)
            self._unknowns = Unknowns(self._vars)
            self._connected, self._grads = gradients(loss, self._vars)
            self._equality_grads = [_jacobian(tensor, self._vars) for tensor in self._equalities]
            self._inequality_grads = [_jacobian(tensor, self._vars) for tensor in self._inequalities]
        if loss.shape.num_elements() not in (1, None):
            raise ValueError(f"the loss {loss.name} has shape {loss.shape}; reduce it to a scalar")
        if self._packing_slices:
            self._packed_bounds()  # so that bounds that do not fit are refused at once

    @property
    def _packing_slices(self) -> list[slice]:
        return self._unknowns.slices

    def minimize(
        self,
        session: Any = None,
        feed_dict: Mapping[Any, Any] | None = None,
        fetches: Sequence[Any] | None = None,
        step_callback: Callable[[Array], Any] | None = None,
        loss_callback: Callable[..., Any] | None = None,
        **run_kwargs: Any,
    ) -> None:
        """Search, and assign the result to the variables.

        Until then, and after an exception, they keep their values.

        Args:
            session: by default the default session.
            feed_dict: fed at every evaluation; wins over a searched variable that it names.
            fetches: list of what else to evaluate with the loss.
            step_callback: called with the vector of unknowns after every iteration.
            loss_callback: called with the values of ``fetches`` after every evaluation of the loss.
            run_kwargs: for the ``session.run`` that assigns the variables at the end.

        Raises:
            ValueError: there is no session.

        Warns:
            RuntimeWarning: nothing was moved, and why; or the result is not a number, and is not assigned.
        """
        session = session if session is not None else tf.get_default_session()
        if session is None:
            raise ValueError("there is no default session; pass one: minimize(session)")
        fetches = list(fetches or ())
        tensors = [self._loss, *self._grads, *self._equalities, *self._inequalities]
        trial = Trial(self._unknowns, session, feed_dict or {}, [*tensors, *fetches])
        self._trial = trial
        function = _Function(trial, self._loss, self._grads, fetches, trial.outside(loss_callback or _nothing))
        try:
            end = self._minimize(
                initial_val=trial.initial.copy(),
                loss_grad_func=function,
                equality_funcs=[trial.values_of(tensor) for tensor in self._equalities],
                equality_grad_funcs=[trial.rows_of(rows) for rows in self._equality_grads],
                inequality_funcs=[trial.values_of(tensor) for tensor in self._inequalities],
                inequality_grad_funcs=[trial.rows_of(rows) for rows in self._inequality_grads],
                packed_bounds=self._packed_bounds(),
                step_callback=trial.outside(step_callback or _nothing),
                optimizer_kwargs=self.optimizer_kwargs,
            )
        except BaseException:
            trial.restore()
            raise
        finally:
            self._trial = None
        self._finish(trial, function, np.asarray(end, np.float64), run_kwargs)

    def _minimize(
        self,
        *,
        initial_val: Array,
        loss_grad_func: Callable[[Array], tuple[float, Array]],
        equality_funcs: Sequence[Callable[[Array], Array]],
        equality_grad_funcs: Sequence[Callable[[Array], Array]],
        inequality_funcs: Sequence[Callable[[Array], Array]],
        inequality_grad_funcs: Sequence[Callable[[Array], Array]],
        packed_bounds: Sequence[tuple[float, float]] | None,
        step_callback: Callable[[Array], Any],
        optimizer_kwargs: dict[str, Any],
    ) -> Array:
        """Search from ``initial_val``, and return the result; to be overridden. Called by keyword.

        Args:
            initial_val: the unknowns [n], float64: the variables' values, flattened, in the order of ``var_list``.
            loss_grad_func: loss and gradient [n] at a vector.
            equality_funcs, inequality_funcs: the components [m] of each constraint at a vector.
            equality_grad_funcs, inequality_grad_funcs: their Jacobians [m, n].
            packed_bounds: a pair (low, high) for each unknown, or None if no bounds were given.
            step_callback: to be called with the vector after every iteration.
            optimizer_kwargs: what the constructor was given; to be left as it is.
        """
        raise NotImplementedError("a subclass of ExternalOptimizerInterface overrides _minimize")

    def _packed_bounds(self) -> list[tuple[float, float]] | None:
        return None if self._var_to_bounds is None else self._unknowns.bounds(self._var_to_bounds)

    def _finish(self, trial: Trial, function: _Function, end: Array, run_kwargs: dict[str, Any]) -> None:
        if not np.isfinite(end).all():
            trial.restore()
            warnings.warn("the search ended in NaN or infinity; the variables keep their values", RuntimeWarning, 3)
            return
        self._unknowns.write(trial.session, end, **run_kwargs)
        if all(map(np.array_equal, self._unknowns.unpack(end), self._unknowns.unpack(trial.initial))):
            reason = self._why_unmoved(trial, function)
            warnings.warn(f"the search moved nothing: {reason}", RuntimeWarning, 3)

    def _why_unmoved(self, trial: Trial, function: _Function) -> str:
        """Why a search ended where it began, from what the first evaluation gave."""
        if function.first is None:
            return "it never evaluated the loss"
        loss, gradient = function.first
        names = self._unknowns.names
        if not (np.isfinite(loss) and np.isfinite(gradient).all()):
            return f"the loss is {loss} at the start, or its gradient is not a number; check the variables' values"
        if len(trial.pinned) == len(names):
            return f"feed_dict feeds {', '.join(names)}, which wins over the search; leave that out of the feed"
        if not any(self._connected):
            return f"the loss does not depend on {', '.join(names)}; for a slice, make the loss from that very tensor"
        if not gradient.any():
            return f"the gradient of the loss is zero at the start for {', '.join(names)}"
        bounds = np.array(self._packed_bounds() or [(-np.inf, np.inf)])
        free = np.where(gradient > 0, trial.initial > bounds[:, 0], trial.initial < bounds[:, 1])
        if not (free & (gradient != 0)).any():
            return "the bounds hold every unknown that the gradient would move"
        return f"{self._ending() or 'the optimizer returned its start'} (largest gradient {np.abs(gradient).max():.3g})"

    def _ending(self) -> str:
        """What the optimiser said as it ended, if it says something."""
        return ""


class _Function:
    """Loss and gradient at a vector of unknowns; every evaluation is reported to the caller."""

    def __init__(
        self, trial: Trial, loss: Any, gradients: Sequence[Any], fetches: Sequence[Any], tell: Callable[..., Any]
    ) -> None:
        self._trial = trial
        self._fetches = [loss, *gradients, *fetches]
        self._ours = 1 + len(gradients)
        self._tell = tell
        self.first: tuple[float, Array] | None = None

    def __call__(self, vector: Array) -> tuple[float, Array]:
        values = self._trial.run(self._fetches, vector)
        loss = float(np.asarray(values[0]).reshape(()))
        gradient = self._trial.freed(pack(values[1 : self._ours]))
        self.first = self.first or (loss, gradient)
        self._tell(*values[self._ours :])
        return loss, gradient


def gradients(value: Any, variables: Sequence[Any]) -> tuple[list[bool], list[Any]]:
    """Whether ``value`` depends on each variable, and its gradients, zero if not."""
    given = tf.gradients(value, variables)
    return [gradient is not None for gradient in given], [
        tf.zeros_like(variable) if gradient is None else tf.convert_to_tensor(gradient)
        for variable, gradient in zip(variables, given, strict=True)
    ]


def _jacobian(constraint: Any, variables: Sequence[Any]) -> list[list[Any]]:
    """Gradients of each component of a constraint."""
    size = constraint.shape.num_elements()
    if size is None:
        raise ValueError(f"constraint {constraint.name} has an unknown shape; reshape it to a known one")
    components = tf.reshape(constraint, [size])
    return [gradients(components[i], variables)[1] for i in range(size)]


def _nothing(*values: Any) -> None:
    """Stand in for a callback that was not given."""
