"""``tf.contrib.opt.ScipyOptimizerInterface``, on today's TensorFlow and scipy."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.optimize

from nstgraph._tf import tf
from nstgraph.arrays import Array
from nstgraph.contrib.opt.external_optimizer import ExternalOptimizerInterface
from nstgraph.contrib.opt.packing import packed_gradient
from nstgraph.contrib.opt.trial import Evaluation, Trial
from nstgraph.search.scipy_minimize import scipy_minimize

__all__ = ["ScipyOptimizerInterface"]

#: Methods that take a product of the Hessian with a direction.
_WITH_CURVATURE = {"newton-cg", "trust-ncg", "trust-krylov", "trust-constr"}

_OURS = {
    "bounds": "give bounds by variable, as var_to_bounds",
    "jac": "the gradient is the graph's",
    "callback": "pass step_callback to minimize",
    "constraints": "give tensors, as equalities and inequalities",
}


class ScipyOptimizerInterface(ExternalOptimizerInterface):
    """Minimise a loss over variables of a graph with ``scipy.optimize.minimize``.

        optimizer = ScipyOptimizerInterface(loss, method="L-BFGS-B", options={"maxiter": 100})
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            optimizer.minimize(session)

    Methods that use second derivatives get products with the Hessian from the graph, unless ``hess`` or ``hessp`` is
    given, or an operation has no second derivative.

    Args:
        loss, var_list, equalities, inequalities, var_to_bounds: see `ExternalOptimizerInterface`.
        optimizer_kwargs: ``method``, a name that scipy knows or a callable (default L-BFGS-B), and whatever else
            ``scipy.optimize.minimize`` takes, such as ``options``, ``tol``, ``hess`` and ``hessp``. Which of bounds,
            equalities and inequalities a method obeys is up to scipy, which warns of those that it ignores.

    Attributes:
        result: scipy's ``OptimizeResult`` of the last `minimize`, or None before the first; L-BFGS-B's without
            ``hess_inv``, which would hold its whole workspace.

    `minimize` raises ValueError if ``optimizer_kwargs`` holds ``bounds``, ``jac``, ``callback`` or ``constraints``.
    """

    #: What ``method`` is if the caller names none.
    _DEFAULT_METHOD = "L-BFGS-B"

    def __init__(self, loss: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(loss, *args, **kwargs)
        self.result: Any = None
        self._direction: Any = None
        self._packed_product: Any = None
        if self._wants_products(self.optimizer_kwargs):
            with self._graph.as_default(), tf.name_scope("external_optimizer"), contextlib.suppress(LookupError):
                # The Hessian times a direction: the gradient of the gradient's slope in that direction.
                self._direction = tf.placeholder(self._packed_loss_grad.dtype, [None])
                slope = tf.reduce_sum(self._packed_loss_grad * self._direction)
                self._packed_product = packed_gradient(slope, self._vars)

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
        for name, instead in _OURS.items():
            if name in optimizer_kwargs:
                raise ValueError(f"{name} cannot be given to the optimizer; {instead}")
        constraints = [
            *_constraints("eq", equality_funcs, equality_grad_funcs, initial_val.size),
            *_constraints("ineq", inequality_funcs, inequality_grad_funcs, initial_val.size),
        ]
        self.result = None
        self.result = scipy_minimize(
            _objective(loss_grad_func),
            initial_val,
            # Not of bfloat16, which scipy does not know.
            dtype=initial_val.dtype if np.issubdtype(initial_val.dtype, np.floating) else np.float64,
            bounds=packed_bounds,
            constraints=constraints,
            callback=lambda point: step_callback(point.copy()),
            **{"method": self._DEFAULT_METHOD, **self._products(loss_grad_func, optimizer_kwargs), **optimizer_kwargs},
        )
        if isinstance(self.result.get("hess_inv"), scipy.optimize.LbfgsInvHessProduct):
            del self.result["hess_inv"]  # which holds on to the workspace, 25 times as much as the unknowns
        tf.logging.info("%s, loss %s", self._ending(), self.result.get("fun"))
        if constraints and not self.result.get("success", True):
            warnings.warn(f"the constraints may not hold: {self._ending()}", RuntimeWarning, 3)
        point: Array = self.result.x
        return point

    def _wants_products(self, given: dict[str, Any]) -> bool:
        """Whether the method can use products with the Hessian, and the caller has given none."""
        method = str(given.get("method", self._DEFAULT_METHOD)).lower()
        return method in _WITH_CURVATURE and not {"hess", "hessp"} & given.keys()

    def _products(self, loss_grad_func: Evaluation, given: dict[str, Any]) -> dict[str, Any]:
        if self._packed_product is None or not self._wants_products(given) or not isinstance(loss_grad_func, Trial):
            return {}
        session, feed_dict = loss_grad_func.session, loss_grad_func.feed_dict
        product = Trial(self._unknowns, session, feed_dict, [self._packed_product], {self._packed_product.name})
        return {"hessp": lambda vector, way: np.asarray(product(vector, {self._direction: way})[0], np.float64)}

    def _ending(self) -> str:
        if self.result is None:  # a subclass has a search of its own
            return ""
        # Not all methods count iterations.
        counts = [(self.result.get("nit"), "iterations"), (self.result.get("nfev"), "evaluations")]
        counted = ", ".join(f"{count} {what}" for count, what in counts if count is not None)
        return f"{str(self.result.get('message', 'no message')).rstrip('.')}, after {counted or 'uncounted steps'}"


def _objective(loss_grad_func: Evaluation) -> Callable[[Array], tuple[float, Array]]:
    """The loss as scipy takes it: a number, whatever the shape of its one element."""

    def objective(vector: Array) -> tuple[float, Array]:
        loss, gradient = loss_grad_func(vector)
        return np.asarray(loss).item(), gradient

    return objective


def _constraints(
    kind: str, functions: Sequence[Evaluation], gradients: Sequence[Evaluation], size: int
) -> list[dict[str, Any]]:
    """Constraints as scipy takes them."""
    pairs = zip(functions, gradients, strict=True)
    return [{"type": kind, "fun": _shaped(fun, (-1,)), "jac": _shaped(jac, (-1, size))} for fun, jac in pairs]


def _shaped(function: Evaluation, shape: tuple[int, ...]) -> Callable[[Array], Array]:
    return lambda vector: np.asarray(function(vector), np.float64).reshape(shape)
