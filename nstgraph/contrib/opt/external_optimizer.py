"""The base class of optimisers that search outside the graph."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from nstgraph._tf import tf
from nstgraph.arrays import Array
from nstgraph.contrib.opt.packing import pack, packed_gradient, packed_jacobian
from nstgraph.contrib.opt.trial import Evaluation, Trial
from nstgraph.contrib.opt.unknowns import Unknowns
from nstgraph.contrib.opt.unmoved import why_unmoved

__all__ = ["ExternalOptimizerInterface"]


class ExternalOptimizerInterface:
    """A loss in a graph as a function of a vector, for an optimiser that knows nothing of TensorFlow.

    A subclass overrides `_minimize`, or `minimize` as well, which it then makes from the members below, as this class
    does. No variable is created, and `minimize` adds no operation, so that it can be called again, and on a finalised
    graph.

    Args:
        loss: scalar tensor, in a graph (not an eager one).
        var_list: variables, or slices of variables such as ``variable[2:4]`` that the loss is made from; by default the
            trainable variables of the loss's graph.
        equalities: tensors that shall be 0, each of any shape that is known.
        inequalities: tensors that shall be at least 0.
        var_to_bounds: by variable, a pair (low, high), each broadcast to the variable's shape; None is no bound, and a
            variable that is not in it has none.
        optimizer_kwargs: for the optimiser; the attribute of that name may be changed between calls of `minimize`.

    Attributes:
        _vars: the variables; n is how many numbers they hold.
        _packed_var: their values, flattened and put one after the other, [n]; in their type, or in float64 if they have
            several.
        _packing_slices: where each of them lies in it; known from the first `_make_eval_func` on if a shape is not.
        _packed_bounds: a pair (low, high) for each number, or None if no bounds were given; known as the slices are.
        _loss, _packed_loss_grad: the loss, and its gradient [n].
        _equalities, _inequalities, _packed_equality_grads, _packed_inequality_grads: the constraints, and the gradient
            [n] of each; Jacobian [m, n] if it is not a scalar.
        _update_placeholders, _var_updates: what to feed each variable's new value to, flattened or not; and what
            assigns them.

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
        self._loss = loss
        self._equalities = list(equalities or ())
        self._inequalities = list(inequalities or ())
        self._var_to_bounds = var_to_bounds
        with graph.as_default(), tf.name_scope("external_optimizer"):
            self._vars = list(tf.trainable_variables() if var_list is None else var_list)
            self._unknowns = Unknowns(self._vars)
            self._update_placeholders, self._var_updates = self._unknowns.placeholders, self._unknowns.updates
            self._packed_var = self._pack(self._vars)
            self._packed_loss_grad = packed_gradient(loss, self._vars)
            self._packed_equality_grads = [packed_jacobian(tensor, self._vars) for tensor in self._equalities]
            self._packed_inequality_grads = [packed_jacobian(tensor, self._vars) for tensor in self._inequalities]
        if loss.shape.num_elements() not in (1, None):
            raise ValueError(f"the loss {loss.name} has shape {loss.shape}; reduce it to a scalar")
        self._packed_bounds = self._bounds() if self._unknowns.fixed else None

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
        given = session, feed_dict or {}
        loss_grad_func = self._make_eval_func(
            [self._loss, self._packed_loss_grad], *given, fetches or [], loss_callback
        )
        initial = session.run(self._packed_var)
        end = self._minimize(
            initial_val=initial.copy(),
            loss_grad_func=loss_grad_func,
            equality_funcs=self._make_eval_funcs(self._equalities, *given, []),
            equality_grad_funcs=self._make_eval_funcs(self._packed_equality_grads, *given, []),
            inequality_funcs=self._make_eval_funcs(self._inequalities, *given, []),
            inequality_grad_funcs=self._make_eval_funcs(self._packed_inequality_grads, *given, []),
            packed_bounds=self._packed_bounds,
            step_callback=step_callback or _nothing,
            optimizer_kwargs=self.optimizer_kwargs,
        )
        if not np.isfinite(np.asarray(end, np.float64)).all():
            warnings.warn("the search ended in NaN or infinity; the variables keep their values", RuntimeWarning, 2)
            return
        values = self._unknowns.unpack(end)
        session.run(self._var_updates, dict(zip(self._update_placeholders, values, strict=True)), **run_kwargs)
        if all(map(np.array_equal, values, self._unknowns.unpack(initial))):
            warnings.warn(f"the search moved nothing: {self._why_unmoved(initial, *given)}", RuntimeWarning, 2)

    def _minimize(
        self,
        initial_val: Array,
        loss_grad_func: Evaluation,
        equality_funcs: Sequence[Evaluation],
        equality_grad_funcs: Sequence[Evaluation],
        inequality_funcs: Sequence[Evaluation],
        inequality_grad_funcs: Sequence[Evaluation],
        packed_bounds: Sequence[tuple[float, float]] | None,
        step_callback: Callable[[Array], Any],
        optimizer_kwargs: dict[str, Any],
    ) -> Array:
        """Search from ``initial_val``, and return the result; to be overridden. Called by keyword.

        Args:
            initial_val: the unknowns [n], as `_packed_var`.
            loss_grad_func: loss and gradient [n] at a vector, as a list.
            equality_funcs, inequality_funcs: each constraint's value at a vector, as a list of one.
            equality_grad_funcs, inequality_grad_funcs: each constraint's gradient [n], or Jacobian [m, n] if it is not
                a scalar, as a list of one.
            packed_bounds: a pair (low, high) for each unknown, or None if no bounds were given.
            step_callback: to be called with the vector after every iteration.
            optimizer_kwargs: what the constructor was given; to be left as it is.
        """
        raise NotImplementedError("a subclass of ExternalOptimizerInterface overrides _minimize")

    def _make_eval_func(
        self,
        tensors: Any,
        session: Any,
        feed_dict: Mapping[Any, Any],
        fetches: Sequence[Any],
        callback: Callable[..., Any] | None = None,
    ) -> Evaluation:
        """Tensors as a function of the packed vector, which leaves the variables as they are.

        Args:
            tensors: one, or a list of them.
            session, feed_dict, fetches: see `minimize`.
            callback: called with the values of ``fetches`` after every evaluation.

        Returns:
            function that gives a list of the tensors' values at a vector [n].
        """
        if not self._unknowns.fixed:
            self._unknowns.locate(session)
            self._packed_bounds = self._bounds()
        gradients = [self._packed_loss_grad, *self._packed_equality_grads, *self._packed_inequality_grads]
        wanted = tensors if isinstance(tensors, list | tuple) else [tensors]
        names = {gradient.name for gradient in gradients}
        return Trial(self._unknowns, session, feed_dict or {}, wanted, names, fetches or (), callback)

    def _make_eval_funcs(
        self,
        tensors: Sequence[Any],
        session: Any,
        feed_dict: Mapping[Any, Any],
        fetches: Sequence[Any],
        callback: Callable[..., Any] | None = None,
    ) -> list[Evaluation]:
        """A function for each tensor, see `_make_eval_func`."""
        return [self._make_eval_func(tensor, session, feed_dict, fetches, callback) for tensor in tensors]

    @classmethod
    def _pack(cls, tensors: Sequence[Any]) -> Any:
        """Tensors, flattened and put one after the other; None if there are none."""
        return pack(tensors)

    def _bounds(self) -> list[tuple[float, float]] | None:
        return None if self._var_to_bounds is None else self._unknowns.bounds(self._var_to_bounds)

    def _why_unmoved(self, initial: Array, session: Any, feed_dict: Mapping[Any, Any]) -> str:
        tensors, gradients = [self._loss, self._packed_loss_grad], {self._packed_loss_grad.name}
        trial = Trial(self._unknowns, session, feed_dict, tensors, gradients)
        reason = why_unmoved(trial, self._unknowns.names, initial, self._packed_bounds)
        return reason or self._ending() or "the optimizer returned its start"

    def _ending(self) -> str:
        """What the optimiser said as it ended, if it says something."""
        return ""


def _nothing(*values: Any) -> None:
    """Stand in for a callback that was not given."""
