"""scipy's optimisers, behind one call that makes them alike: the one place where scipy is started.

`Search` moves a generated image with it, `nstgraph.contrib.opt.ScipyOptimizerInterface` the variables
of any graph.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import scipy.optimize

from nstgraph.arrays import Array

__all__ = ["scipy_minimize"]

Function = Callable[[Array], tuple[float, Array]]

_WITHOUT_GRADIENT = {"nelder-mead", "powell", "cobyla", "cobyqa"}

#: What is compiled of these takes nothing but float64.
_IN_DOUBLE = {"slsqp", "tnc", "cobyla"}

#: From here on, scipy's ``iprint`` asks for every iteration.
_EVERY_ITERATION = 99


def scipy_minimize(
    function: Function,
    start: Array,
    *,
    dtype: Any = np.float64,
    method: str | Callable[..., Any] = "L-BFGS-B",
    options: Mapping[str, Any] | None = None,
    callback: Callable[[Array], None] | None = None,
    **arguments: Any,
) -> Any:
    """Minimise ``function``, which gives value and gradient [n] at a point [n], from ``start``.

    Args:
        function: methods that use no gradient are given the value alone.
        start: where the search begins.
        dtype: type of the points, float64 or less; methods that compute in float64 alone may go on in that.
        method: one of scipy's names, or a callable such as ``scipy.optimize.minimize`` takes.
        options: the method's; ``disp`` and ``iprint`` of L-BFGS-B, and ``maxiter`` of TNC, which scipy no longer knows,
            mean what they used to mean.
        callback: called with the point after every iteration, an array that may change later; raise StopIteration to
            stop.
        arguments: for ``scipy.optimize.minimize``, such as ``bounds``, ``constraints``, ``tol``, ``hess``.

    Returns:
        scipy's ``OptimizeResult``.
    """
    name = method.lower() if isinstance(method, str) else ""
    chosen = dict(options or {})

    def objective(point: Array) -> tuple[float, Array]:
        value, gradient = function(point)
        return float(value), np.asarray(gradient, np.float64)

    observed, calls = _translated(name, chosen, objective, [] if callback is None else [callback])
    calling = _Calling(calls)
    gradientless = name in _WITHOUT_GRADIENT
    try:
        return scipy.optimize.minimize(
            (lambda point: observed(point)[0]) if gradientless else observed,
            np.asarray(start, np.float64 if name in _IN_DOUBLE else dtype),
            jac=None if gradientless else True,
            method=method,
            options=chosen,
            callback=(_uncopied(calling) if name == "l-bfgs-b" else calling) if calls else None,
            **arguments,
        )
    except StopIteration:  # which TNC, and others in older versions of scipy, let pass
        if calling.stopped_at is None:
            raise
        value = objective(calling.stopped_at)[0]
        message = "the callback raised StopIteration"
        return scipy.optimize.OptimizeResult(x=calling.stopped_at, fun=value, success=False, status=99, message=message)


class _Calling:
    """Calls some functions after each iteration, and keeps the point at which one raised StopIteration."""

    def __init__(self, calls: Sequence[Callable[[Array], None]]) -> None:
        self._calls = calls
        self.stopped_at: Array | None = None

    def __call__(self, point: Array, *_: Any) -> None:
        try:
            for call in self._calls:
                call(point)
        except StopIteration:
            self.stopped_at = np.array(point)
            raise


def _translated(
    name: str, options: dict[str, Any], objective: Function, calls: list[Callable[[Array], None]]
) -> tuple[Function, list[Callable[[Array], None]]]:
    """Take what scipy no longer knows out of a method's options; returns objective and callbacks that do it instead."""
    if name == "l-bfgs-b":
        every = _iterations_a_line(options)
        if every:
            objective, printer = _printed(objective, every)
            return objective, [*calls, printer]
    elif name == "tnc" and "maxiter" in options:
        iterations = options.pop("maxiter")
        options.setdefault("maxfun", iterations)
    return objective, calls


def _uncopied(callback: Callable[[Array], None]) -> Callable[..., None]:
    """A callback by whose signature scipy knows that it need not copy the point."""
    return lambda intermediate_result: callback(intermediate_result.x)


def _iterations_a_line(options: dict[str, Any]) -> int:
    """Take ``disp`` and ``iprint`` out of options; returns after how many iterations to print a line, 0 for never."""
    disp, iprint = options.pop("disp", None), options.pop("iprint", -1)
    level = int(iprint if disp is None else disp)
    return 1 if level >= _EVERY_ITERATION else max(level, 0)


def _printed(objective: Function, every: int) -> tuple[Function, Callable[[Array], None]]:
    """``objective``, and a callback that prints the values it gave last, without computing anything again."""
    last: Sequence[Any] = ()
    evaluations, iterations = itertools.count(1), itertools.count(1)

    def observed(point: Array) -> tuple[float, Array]:
        nonlocal last
        value, gradient = objective(point)
        last = next(evaluations), value, float(np.abs(gradient).max(initial=0.0))
        return value, gradient

    def printer(point: Array) -> None:
        iteration = next(iterations)
        if iteration % every == 0:
            evaluation, value, steepest = last
            print(f"iteration {iteration}  evaluations {evaluation}  f {value:.6e}  max |g| {steepest:.3e}", flush=True)

    return observed, printer
