"""External optimisers over the variables of a TensorFlow graph, as ``tf.contrib.opt`` had them."""

from nstgraph.contrib.opt.external_optimizer import ExternalOptimizerInterface
from nstgraph.contrib.opt.scipy_optimizer import ScipyOptimizerInterface

__all__ = ["ExternalOptimizerInterface", "ScipyOptimizerInterface"]
