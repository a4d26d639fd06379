"""Early stopping: a search that ends when held-out points no longer profit, and goes back to where they did most.

A polynomial of high degree is fitted to few noisy points. Left alone, the search follows the noise; the subclass looks
at other points after each iteration, and in the end assigns the best vector it saw.

    python tests/examples/early_stopping.py
"""

import numpy as np
import tensorflow.compat.v1 as tf

from nstgraph.contrib.opt import ScipyOptimizerInterface

DEGREE = 12


class EarlyStopping(ScipyOptimizerInterface):
    """Stops after ``patience`` iterations without a lower loss for ``held_out``, which is a feed."""

    def minimize(self, session, feed_dict, held_out, patience=10):
        evaluate = self._make_eval_func(self._loss, session, held_out, [])
        best = session.run(self._packed_var)
        losses = [evaluate(best)[0]]

        def look(vector):
            nonlocal best
            losses.append(evaluate(vector)[0])
            if losses[-1] == min(losses):
                best = vector
            if len(losses) - np.argmin(losses) > patience:
                raise StopIteration

        super().minimize(session, feed_dict=feed_dict, step_callback=look)
        values = [best[where] for where in self._packing_slices]
        session.run(self._var_updates, feed_dict=dict(zip(self._update_placeholders, values, strict=True)))
        return losses


def points(seed, count):
    random = np.random.RandomState(seed)
    x = random.uniform(-1, 1, count)
    return x, np.cos(3 * x) + 0.3 * random.randn(count)


def main():
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float64, [None], "x")
        y = tf.placeholder(tf.float64, [None], "y")
        constant = tf.get_variable("constant", [], tf.float64, tf.zeros_initializer())
        slopes = tf.get_variable("slopes", [DEGREE], tf.float64, tf.zeros_initializer())
        powers = x[:, None] ** np.arange(1, DEGREE + 1)
        loss = tf.reduce_mean(tf.square(constant + tf.linalg.matvec(powers, slopes) - y))

        fitted, held_out = (dict(zip([x, y], points(*which), strict=True)) for which in ((0, 16), (1, 200)))
        patient = ScipyOptimizerInterface(loss, options={"maxiter": 500})
        impatient = EarlyStopping(loss, options={"maxiter": 500})
        initialize = tf.global_variables_initializer()

        session.run(initialize)
        patient.minimize(session, feed_dict=fitted)
        to_the_end = [session.run(loss, feed) for feed in (fitted, held_out)]
        session.run(initialize)
        losses = impatient.minimize(session, feed_dict=fitted, held_out=held_out)
        stopped = [session.run(loss, feed) for feed in (fitted, held_out)]
    return {"to the end": to_the_end, "stopped": stopped, "losses": losses}


if __name__ == "__main__":
    print(main())
