"""A subclass with a `minimize` of its own, which gives back the loss it came to, and how often it was evaluated.

Pipelines override it for things such as these; this one is put together from the members of the class in the way that
they do. It fits a mixture of two bells, whose shares must not be negative (inequalities) and add up to one (equality).

    python tests/examples/own_minimize.py
"""

import numpy as np
import tensorflow.compat.v1 as tf

from nstgraph.contrib.opt import ScipyOptimizerInterface

SHARES, CENTRES = (0.3, 0.7), (-2.0, 1.0)


class Telling(ScipyOptimizerInterface):
    """Minimise by SLSQP, and tell about it."""

    _DEFAULT_METHOD = "SLSQP"

    def minimize(
        self, session=None, feed_dict=None, fetches=None, step_callback=None, loss_callback=None, **run_kwargs
    ):
        session = session or tf.get_default_session()
        feed_dict, fetches = feed_dict or {}, fetches or []
        losses = []

        def note(loss, *fetched):
            losses.append(float(loss))
            if loss_callback is not None:
                loss_callback(*fetched)

        loss_grad_func = self._make_eval_func(
            [self._loss, self._packed_loss_grad], session, feed_dict, [self._loss, *fetches], note
        )
        packed = self._minimize(
            initial_val=session.run(self._packed_var),
            loss_grad_func=loss_grad_func,
            equality_funcs=self._make_eval_funcs(self._equalities, session, feed_dict, fetches),
            equality_grad_funcs=self._make_eval_funcs(self._packed_equality_grads, session, feed_dict, fetches),
            inequality_funcs=self._make_eval_funcs(self._inequalities, session, feed_dict, fetches),
            inequality_grad_funcs=self._make_eval_funcs(self._packed_inequality_grads, session, feed_dict, fetches),
            packed_bounds=self._packed_bounds,
            step_callback=step_callback or (lambda vector: None),
            optimizer_kwargs=self.optimizer_kwargs,
        )
        var_vals = [packed[where] for where in self._packing_slices]
        feed = dict(zip(self._update_placeholders, var_vals, strict=True))
        session.run(self._var_updates, feed_dict=feed, **run_kwargs)
        return {"loss": losses[-1], "evaluations": len(losses), "packed": packed}


def draw(count=2000):
    random = np.random.RandomState(0)
    return np.where(random.uniform(size=count) < SHARES[0], CENTRES[0], CENTRES[1]) + random.randn(count)


def main():
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None], "x")
        shares = tf.get_variable("shares", initializer=[0.5, 0.5])
        centres = tf.get_variable("centres", initializer=[-1.0, 0.5])
        bells = tf.exp(-tf.square(x[:, None] - centres) / 2) / np.sqrt(2 * np.pi)
        loss = -tf.reduce_mean(tf.log(tf.reduce_sum(shares * bells, axis=1)))

        optimizer = Telling(
            loss,
            equalities=[tf.reduce_sum(shares) - 1],
            inequalities=[shares],
            var_to_bounds={centres: (-5, 5)},
        )
        session.run(tf.global_variables_initializer())
        session.graph.finalize()
        told = optimizer.minimize(session, feed_dict={x: draw()})
        return {**told, "shares": session.run(shares), "centres": session.run(centres)}


if __name__ == "__main__":
    print(main())
