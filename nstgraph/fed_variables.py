"""Variables whose values are fed, as a network's weights are: their graph works in any process.

A Python function as their initial value could be run in this process alone, and a constant would be written into the
GraphDef. So the initial value is NaN, which says that they are not loaded: `load`, or a checkpoint, gives them their
values, and what is computed from them until then fails, and says why.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nstgraph._tf import tf
from nstgraph.arrays import Array
from nstgraph.errors import ConfigError

__all__ = ["FedVariables", "fed_variables", "group_of", "load", "not_loaded", "raw_session", "unless_not_loaded"]

_NOT_LOADED = "is not loaded in this session"

#: What a graph says by itself, wherever it is run.
_REMEDY = "after its initializer, call network.load(session) of the StyleGraph, or restore a checkpoint"


def not_loaded(shape: Sequence[int], dtype: Any = None) -> Any:
    """The initial value, [*shape] float32, as ``tf.get_variable`` asks for it."""
    return tf.fill(shape, np.float32(np.nan))


class FedVariables:
    """Variables whose values are read together, as a layer's kernel and bias are.

    Args:
        variables: resource variables, with `not_loaded` as their initial value.
        source: the file that the values are from.
        read: gives the values, in the order of the variables; none of them has NaN.

    Attributes:
        variables, source, read: see above.
        values: what to compute with, in the order of the variables. Running the smallest of them, and so whatever
            takes all of them, is an error as long as it is not loaded. (NaN alone would tell nobody: with oneDNN, the
            ReLU of NaN is 0.)
        initial: of each variable, the initial value, which is fed to load it.
        initialized, empty: of each variable, whether it has been initialised, and whether it then begins with NaN.
    """

    def __init__(self, variables: Sequence[Any], source: Path, read: Callable[[], Sequence[Array]]) -> None:
        self.variables, self.source, self.read = list(variables), source, read
        self.values = list(variables)
        smallest = min(range(len(variables)), key=lambda number: int(variables[number].shape.num_elements()))
        name = variables[smallest].op.name
        self.values[smallest] = tf.debugging.check_numerics(
            variables[smallest], f"{name} {_NOT_LOADED}; {_REMEDY}", "loaded"
        )
        self.initial = [variable.initial_value for variable in variables]
        self.initialized = [variable.is_initialized() for variable in variables]
        self.empty = [tf.is_nan(tf.reshape(variable, [-1])[0]) for variable in variables]
        for variable in variables:
            variable._nstgraph_fed = self


def fed_variables(graph: Any, operations: Collection[str] | None = None) -> list[FedVariables]:
    """Those of a ``tf.Graph``; given names of operations, those of which a variable is among them."""
    found = (
        group_of(variable)
        for variable in graph.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)
        if operations is None or variable.op.name in operations
    )
    return list(dict.fromkeys(group for group in found if group is not None))


def group_of(variable: Any) -> FedVariables | None:
    """The variables that one is read together with, itself included; None if it is not fed."""
    group: FedVariables | None = getattr(variable, "_nstgraph_fed", None)
    return group


def load(session: Any, groups: Iterable[FedVariables]) -> None:
    """Give variables their values in a session, unless they have some there, such as from a checkpoint.

    It runs operations that exist already, so that the graph may be finalised.

    Args:
        session: a ``tf.Session``, in this process or with a remote target, or a ``MonitoredSession``.
        groups: the variables.
    """
    groups = list(groups)
    if not groups:
        return
    session = raw_session(session)
    places = [(group, number) for group in groups for number in range(len(group.variables))]
    there = session.run([group.initialized[number] for group, number in places])
    begun = [place for place, initialized in zip(places, there, strict=True) if initialized]
    empty = session.run([group.empty[number] for group, number in begun])
    loaded = {place for place, is_empty in zip(begun, empty, strict=True) if not is_empty}
    for group in groups:
        lacking = [number for number in range(len(group.variables)) if (group, number) not in loaded]
        if lacking:
            values = group.read()
            feed = {group.initial[number]: values[number] for number in lacking}
            session.run([group.variables[number].initializer for number in lacking], feed)


@contextlib.contextmanager
def unless_not_loaded(remedy: str) -> Iterator[None]:
    """Say what to do, in one line, if a run of a session fails since a variable is not loaded there.

    Raises:
        ConfigError: it is so; the message ends with ``remedy``.
    """
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        if _NOT_LOADED not in error.message:
            raise
        raise ConfigError(f"the network's weights are not loaded in this session; {remedy}") from error


def raw_session(session: Any) -> Any:
    """The ``tf.Session`` in a ``MonitoredSession``, whose hooks need not see every run; others as they are."""
    step = getattr(session, "run_step_fn", None)
    return session if step is None else step(lambda step_context: step_context.session)
