"""A physics-informed network: a damped oscillator's motion, found from its equation and its start alone.

The network u(t) is trained until u'' + 2 d u' + w² u is zero at all times, first by Adam and then, on the same loss, by
L-BFGS-B, as such pipelines do.

    python tests/examples/physics_informed.py
"""

import numpy as np
import tensorflow.compat.v1 as tf

from nstgraph.contrib.opt import ScipyOptimizerInterface

DAMPING, FREQUENCY = 0.5, 3.0
END = 3.0


def exact(t):
    """The motion that begins at 1, at rest."""
    w = np.sqrt(FREQUENCY**2 - DAMPING**2)
    return np.exp(-DAMPING * t) * (np.cos(w * t) + DAMPING / w * np.sin(w * t))


def dense(x, units, name, activation=None):
    with tf.variable_scope(name):
        shape = [int(x.shape[1]), units]
        w = tf.get_variable("w", shape, x.dtype, initializer=tf.glorot_normal_initializer(seed=sum(shape)))
        b = tf.get_variable("b", [units], x.dtype, initializer=tf.zeros_initializer())
        y = tf.matmul(x, w) + b
        return y if activation is None else activation(y)


def network(t):
    with tf.variable_scope("network", reuse=tf.AUTO_REUSE):
        hidden = dense(2 * t / END - 1, 20, "hidden1", tf.tanh)
        hidden = dense(hidden, 20, "hidden2", tf.tanh)
        return dense(hidden, 1, "out")


def main(adam_steps=400, lbfgs_steps=1500):
    with tf.Graph().as_default():
        t = tf.placeholder(tf.float64, [None, 1], "t")
        u = network(t)
        du = tf.gradients(u, t)[0]
        ddu = tf.gradients(du, t)[0]
        residual = ddu + 2 * DAMPING * du + FREQUENCY**2 * u

        start = tf.zeros([1, 1], tf.float64)
        u0 = network(start)
        du0 = tf.gradients(u0, start)[0]
        loss = tf.reduce_mean(tf.square(residual)) + 10 * tf.reduce_sum(tf.square(u0 - 1) + tf.square(du0))

        train = tf.train.AdamOptimizer(0.01).minimize(loss)
        optimizer = ScipyOptimizerInterface(
            loss, method="L-BFGS-B", options={"maxiter": lbfgs_steps, "maxfun": 2 * lbfgs_steps, "maxcor": 50}
        )
        times = np.linspace(0, END, 60)[:, None]
        feed = {t: times}
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            for _ in range(adam_steps):
                session.run(train, feed)
            by_adam = session.run(loss, feed)
            optimizer.minimize(session, feed_dict=feed)
            by_lbfgs = session.run(loss, feed)
            error = np.abs(session.run(u, feed) - exact(times)).max()
    return {"loss after Adam": by_adam, "loss after L-BFGS-B": by_lbfgs, "largest error": error}


if __name__ == "__main__":
    print(main())
