"""``tf.contrib.opt.ScipyOptimizerInterface``, on today's TensorFlow and scipy."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import scipy.optimize

from nstgraph._tf import tf
from nstgraph.arrays import Array
from nstgraph.contrib.opt.external_optimizer import ExternalOptimizerInterface, gradients
from nstgraph.contrib.opt.unknowns import pack
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

    def __init__(self, loss: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(loss, *args, **kwargs)
        self.result: Any = None
        self._curvature: list[Any] = []
        if _curved(self.optimizer_kwargs):
            with self._graph.as_default(), tf.name_scope("external_optimizer"), contextlib.suppress(LookupError):
                # The Hessian times a direction: the gradient of the gradient's slope in that direction.
                slopes = zip(self._grads, self._unknowns.placeholders, strict=True)
                slope = tf.add_n([tf.cast(tf.reduce_sum(grad * way), tf.float64) for grad, way in slopes])
                self._curvature = gradients(slope, self._vars)[1]

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
        for name, instead in _OURS.items():
            if name in optimizer_kwargs:
                raise ValueError(f"{name} cannot be given to the optimizer; {instead}")
        constraints = [
            {"type": kind, "fun": function, "jac": jacobian}
            for kind, functions, jacobians in (
                ("eq", equality_funcs, equality_grad_funcs),
                ("ineq", inequality_funcs, inequality_grad_funcs),
            )
            for function, jacobian in zip(functions, jacobians, strict=True)
        ]
        self.result = None
        self.result = scipy_minimize(
            loss_grad_func,
            initial_val,
            bounds=packed_bounds,
            constraints=constraints,
            callback=lambda point: step_callback(point.copy()),
            **{**self._curvature_kwargs(optimizer_kwargs), **optimizer_kwargs},
        )
        if isinstance(self.result.get("hess_inv"), scipy.optimize.LbfgsInvHessProduct):
            del self.result["hess_inv"]  # which holds on to the workspace, 25 times as much as the unknowns
        tf.logging.info("%s, loss %s", self._ending(), self.result.get("fun"))
        if constraints and not self.result.get("success", True):
            warnings.warn(f"the constraints may not hold: {self._ending()}", RuntimeWarning, 4)
        point: Array = self.result.x
        return point

    def _curvature_kwargs(self, given: dict[str, Any]) -> dict[str, Any]:
        if not (self._curvature and _curved(given)):
            return {}
        trial = self._trial
        assert trial is not None

        def hessp(vector: Array, direction: Array) -> Array:
            return trial.freed(pack(trial.run(self._curvature, vector, direction)))

        return {"hessp": hessp}

    def _ending(self) -> str:
        # Not all methods count iterations.
        counts = [(self.result.get("nit"), "iterations"), (self.result.get("nfev"), "evaluations")]
        counted = ", ".join(f"{count} {what}" for count, what in counts if count is not None)
        return f"{str(self.result.get('message', 'no message')).rstrip('.')}, after {counted or 'uncounted steps'}"


def _curved(given: dict[str, Any]) -> bool:
    """Whether the method can use products with the Hessian, and the caller has given none."""
    return str(given.get("method")).lower() in _WITH_CURVATURE and not {"hess", "hessp"} & given.keys()
