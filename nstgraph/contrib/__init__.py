"""What TensorFlow 1 had in ``tf.contrib`` and graph-mode pipelines still ask for.

``from nstgraph.contrib.opt import ScipyOptimizerInterface`` is all that new code needs. For code that cannot be edited,
`install` puts the same class where it used to be.
"""

from __future__ import annotations

import importlib
import sys
import types
from typing import Any

__all__ = ["install"]

_OLD_PATHS = (
    "tensorflow.contrib",
    "tensorflow.contrib.opt",
    "tensorflow.contrib.opt.python",
    "tensorflow.contrib.opt.python.training",
    "tensorflow.contrib.opt.python.training.external_optimizer",
)


def install() -> None:
    """Make ``tf.contrib.opt.ScipyOptimizerInterface`` resolve again, in this process.

    Afterwards ``tf.contrib.opt`` works for ``import tensorflow as tf`` and for ``import tensorflow.compat.v1 as tf``,
    and so does ``from tensorflow.contrib.opt import ScipyOptimizerInterface``. Call it before the code that needs it is
    imported. Nothing of a ``tf.contrib`` that is already there is replaced; again it does nothing.
    """
    import tensorflow

    legacy = [tensorflow.compat.v1]
    import tensorflow.compat.v1  # makes another module of that name, unless somebody has imported it before

    from nstgraph.contrib import opt

    legacy.append(tensorflow.compat.v1)

    above: Any = tensorflow
    for path in _OLD_PATHS:
        name = path.rpartition(".")[2]
        module = sys.modules.get(path) or getattr(above, name, None)
        if module is None:
            module = types.ModuleType(path, f"Put here by nstgraph.contrib.install(): {', '.join(opt.__all__)}.")
            module.__path__ = []  # so that what lies below can be imported
            setattr(above, name, module)
            sys.modules[path] = module
        above = module
    for module in legacy:
        module.contrib = tensorflow.contrib
    for path in ("tensorflow.contrib.opt", _OLD_PATHS[-1]):
        for name in opt.__all__:
            if not hasattr(sys.modules[path], name):
                setattr(sys.modules[path], name, getattr(opt, name))


def __getattr__(name: str) -> Any:
    if name != "opt":
        raise AttributeError(f"module 'nstgraph.contrib' has no attribute {name!r}")
    return importlib.import_module("nstgraph.contrib.opt")
