"""The table of optimisers, beside TensorFlow's own classes."""

from __future__ import annotations

import inspect

import pytest

from nstgraph import tf
from nstgraph.search.optimizer_kinds import KINDS, OURS, REQUIRED

OF_TENSORFLOW = {name: kind for name, kind in KINDS.items() if kind.train}

#: Parameters of constructors that are no numbers, are true or false without a meaning here, or are given by the search.
LEFT_OUT = {"self", "name", "use_locking", "use_own_namescope_for_non_slot_vars", "accum_name", "linear_name",
            "global_step"}  # fmt: skip


@pytest.mark.parametrize("name", OF_TENSORFLOW)
def test_the_parameters_are_those_of_the_class_with_its_defaults(name):
    kind = OF_TENSORFLOW[name]
    assert name == kind.train.lower()
    signature = inspect.signature(getattr(tf.train, f"{kind.train}Optimizer").__init__).parameters
    theirs = {key: parameter.default for key, parameter in signature.items() if key not in LEFT_OUT}
    ours = {key: parameter.default for key, parameter in kind.parameters.items() if key not in OURS}
    assert ours.keys() == theirs.keys()
    # Their learning rates are not meant for grey levels; None is what Ftrl calls a beta of 0.
    words = {REQUIRED: "required", inspect.Parameter.empty: "required", None: 0.0}
    compared = ours.keys() - {"learning_rate"}
    assert {key: words.get(ours[key], ours[key]) for key in compared} == {
        key: words.get(theirs[key], theirs[key]) for key in compared
    }


def test_every_optimiser_of_tensorflow_is_in_the_table():
    theirs = {name.removesuffix("Optimizer").lower() for name in dir(tf.train) if name.endswith("Optimizer")}
    assert theirs - KINDS.keys() == {"", "syncreplicas"}


@pytest.mark.parametrize("name", KINDS)
def test_defaults_are_within_range(name):
    for parameter in KINDS[name].parameters.values():
        if parameter.default is not REQUIRED and parameter.default != 0:
            assert parameter.check.fault(parameter.default) == ""


@pytest.mark.parametrize("name", OF_TENSORFLOW)
def test_slots_are_those_that_the_class_makes(name):
    kind = OF_TENSORFLOW[name]
    given = {key: p.default for key, p in kind.parameters.items() if key not in OURS}
    given = {key: 0.5 if value is REQUIRED else value for key, value in given.items()} | {"learning_rate": 1.0}
    with tf.Graph().as_default():
        if "centered" in given:
            given["centered"] = True
        if name == "adagradda":
            given["global_step"] = tf.Variable(0, dtype=tf.int64, use_resource=True)
        variable = tf.Variable(tf.zeros([5]), use_resource=True)
        optimizer = getattr(tf.train, f"{kind.train}Optimizer")(**given)
        optimizer.apply_gradients([(tf.ones([5]), variable)])
        assert len(optimizer.get_slot_names()) == kind.slots
