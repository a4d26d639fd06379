"""Optimisers from text: what is read, how it is written again, and what is refused in which words."""

from __future__ import annotations

import subprocess
import sys

import pytest

from nstgraph.errors import ConfigError
from nstgraph.search.optimizer import as_optimizer, optimizer_fault
from nstgraph.search.optimizer_kinds import KINDS, REQUIRED


@pytest.mark.parametrize(
    ("text", "name", "values"),
    [
        ("auto", "auto", {}),
        ("lbfgs", "lbfgs", {"rounds": 0, "evaluations": 0}),
        ("lbfgsb:rounds=10,evaluations=20", "lbfgsb", {"rounds": 10, "evaluations": 20}),
        ("lbfgsb:evaluations=20", "lbfgsb", {"rounds": 0, "evaluations": 20}),
        (
            "adam:learning_rate=5,beta1=0.99,epsilon=0.1",
            "adam",
            {"learning_rate": 5.0, "beta1": 0.99, "beta2": 0.999, "epsilon": 0.1, "average": 0.0, "keep": "best"},
        ),
        (
            "momentum:learning_rate=2e3,momentum=0.9,use_nesterov=true,average=0.5,keep=last",
            "momentum",
            {"learning_rate": 2000.0, "momentum": 0.9, "use_nesterov": True, "average": 0.5, "keep": "last"},
        ),
    ],
)
def test_a_text_is_read(text, name, values):
    optimizer = as_optimizer(text)
    assert (optimizer.name, dict(optimizer.values)) == (name, values)
    assert optimizer_fault(text) == ""


def some_text_for(name):
    """All parameters of an optimiser, none at its default."""
    parameters = KINDS[name].parameters
    values = dict.fromkeys(parameters, "0.25") | {"learning_rate_power": "-0.25", "rounds": "7", "evaluations": "9"}
    values |= {"use_nesterov": "on", "centered": "Yes", "keep": "last"}
    return ",".join(f"{key}={values[key]}" for key in parameters)


@pytest.mark.parametrize("name", [name for name in KINDS if name != "auto"])
def test_what_is_written_is_read_as_the_same(name):
    optimizer = as_optimizer(f"{name}:{some_text_for(name)}")
    assert all(value != KINDS[name].parameters[key].default for key, value in optimizer.values.items())
    assert as_optimizer(str(optimizer)) == optimizer
    assert str(as_optimizer(str(optimizer))) == str(optimizer)


def test_the_learning_rate_is_always_written_and_other_defaults_are_not():
    assert str(as_optimizer("adam")) == "adam:learning_rate=10"
    assert str(as_optimizer("adam:beta1=0.9,epsilon=1e-8,keep=best")) == "adam:learning_rate=10"
    assert str(as_optimizer("rmsprop:centered=true,learning_rate=5")) == "rmsprop:learning_rate=5,centered=true"
    assert str(as_optimizer("lbfgs")) == "lbfgs" and str(as_optimizer("auto")) == "auto"


BAD = [
    ("sgd", "is 'sgd'; choose from adadelta, adagrad, adagradda, adam, auto, ftrl, gradientdescent, lbfgs, lbfgsb, "),
    ("", "is ''; choose from "),
    ("Adam", "is 'Adam'; did you mean 'adam'?"),
    ("L-BFGS", "is 'L-BFGS'; did you mean 'lbfgs'?"),
    ("RMSPropOptimizer", "is 'RMSPropOptimizer'; did you mean 'rmsprop'?"),
    (5, "is 5; give a name, such as adam, as text"),
    (None, "is None; give a name, such as adam, as text"),
    ("adam:", "is 'adam:', where '' is not parameter=value"),
    ("adam:5", "is 'adam:5', where '5' is not parameter=value"),
    ("adam:beta1=0.5,", "is 'adam:beta1=0.5,', where '' is not parameter=value"),
    ("adam:beta1=0.5,beta1=0.6", "is 'adam:beta1=0.5,beta1=0.6', which gives 'beta1' twice"),
    ("adam:beta=0.5", "is 'adam:beta=0.5', and adam has no parameter 'beta'; did you mean 'beta2'?"),
    ("adam:lr=5", "is 'adam:lr=5', and adam has no parameter 'lr'; choose from average, beta1, beta2, epsilon, keep, "),
    ("adam:use_locking=true", "is 'adam:use_locking=true', and adam has no parameter 'use_locking'; choose from "),
    ("adam:name=x", "is 'adam:name=x', and adam has no parameter 'name'; choose from "),
    ("auto:rounds=3", "is 'auto:rounds=3', and auto has no parameter 'rounds'; leave it out"),
    ("adam:learning_rate=x", "is 'adam:learning_rate=x', whose learning_rate is 'x'; choose a number from 1e-12 to "),
    ("adam:learning_rate=0", "is 'adam:learning_rate=0', whose learning_rate is 0.0; choose a number from 1e-12 to "),
    ("adam:learning_rate=-5", "is 'adam:learning_rate=-5', whose learning_rate is -5.0; choose a number from "),
    ("adam:learning_rate=nan", "is 'adam:learning_rate=nan', whose learning_rate is nan; choose a number from "),
    ("adam:learning_rate=inf", "is 'adam:learning_rate=inf', whose learning_rate is inf; choose a number from "),
    ("adam:beta1=1", "is 'adam:beta1=1', whose beta1 is 1.0; choose a number from 0.0 to 0.999999"),
    ("adam:average=1", "is 'adam:average=1', whose average is 1.0; choose a number from 0.0 to 0.999999"),
    ("adam:epsilon=0", "is 'adam:epsilon=0', whose epsilon is 0.0; choose a number from 1e-30 to "),
    ("adam:keep=first", "is 'adam:keep=first', whose keep is 'first'; choose from best, last"),
    ("rmsprop:centered=2", "is 'rmsprop:centered=2', whose centered is '2'; choose True or False"),
    ("lbfgs:average=0.5", "is 'lbfgs:average=0.5', and lbfgs has no parameter 'average'; choose from evaluations, r"),
    ("lbfgs:rounds=2.5,evaluations=4", "is 'lbfgs:rounds=2.5,evaluations=4', whose rounds is '2.5'; choose a whole "),
    ("lbfgs:rounds=2,evaluations=1", "is 'lbfgs:rounds=2,evaluations=1', whose evaluations is 1; choose a whole num"),
    ("lbfgsb:rounds=5", "is 'lbfgsb:rounds=5'; say how many evaluations a round has: lbfgsb:rounds=10,evaluations=20"),
    (
        "momentum:momentum=0.5",
        "is 'momentum:momentum=0.5', which leaves out what it needs; give momentum:learning_rate=...,momentum=0.5",
    ),
    (
        "momentum",
        "is 'momentum', which leaves out what it needs; give momentum:learning_rate=...,momentum=...",
    ),
]


@pytest.mark.parametrize(("text", "message"), BAD, ids=[str(text) for text, _ in BAD])
def test_what_is_wrong_is_said(text, message):
    assert optimizer_fault(text)[: len(message)] == message and "\n" not in optimizer_fault(text)
    with pytest.raises(ConfigError) as raised:
        as_optimizer(text)
    assert str(raised.value).startswith(f"optimizer {message}")


@pytest.mark.parametrize(
    "text", ["adam:learning_rate=" + "9" * 5000, "lbfgs:evaluations=" + "9" * 5000, "x" * 10**6, "adam:" + "," * 10**5]
)
def test_long_texts_have_short_answers(text):
    assert 0 < len(optimizer_fault(text)) < 600


@pytest.mark.parametrize("name", KINDS)
def test_without_parameters_only_what_needs_none_is_read(name):
    required = [key for key, parameter in KINDS[name].parameters.items() if parameter.default is REQUIRED]
    assert bool(optimizer_fault(name)) == bool(required)
    assert all(key in optimizer_fault(name) for key in required)


def test_rounds_bound_the_steps():
    """The first evaluation of a round is that of the image at which it starts."""
    assert as_optimizer("lbfgsb:rounds=10,evaluations=20").steps_in_rounds == 190
    assert as_optimizer("lbfgsb:evaluations=20").steps_in_rounds == 0
    assert as_optimizer("lbfgs").steps_in_rounds == as_optimizer("adam").steps_in_rounds == 0


def test_only_those_of_tensorflow_follow_the_gradient():
    others = ("auto", "lbfgs", "lbfgsb")
    assert not any(as_optimizer(name).descends for name in others)
    assert all(bool(kind.train) for name, kind in KINDS.items() if name not in others)


def test_texts_are_checked_without_tensorflow():
    program = (
        "import sys; from nstgraph.config import Config; from nstgraph.errors import ConfigError\n"
        "Config(optimizer='adam:learning_rate=5')\n"
        "try: Config(optimizer='adam:lr=5')\n"
        "except ConfigError: print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
