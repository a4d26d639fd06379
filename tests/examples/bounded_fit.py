"""A curve fitted within bounds: a peak on a sloping background, by TNC.

Each parameter is a variable, and bounds are given by variable. The peak is higher than its bound allows, as if the
detector were known to saturate, so that this bound is active in the end.

    python tests/examples/bounded_fit.py
"""

import numpy as np
import tensorflow.compat.v1 as tf

from nstgraph.contrib.opt import ScipyOptimizerInterface

HEIGHT, CENTRE, WIDTH, BACKGROUND = 5.0, 0.3, 0.25, (1.0, 0.5)
HIGHEST = 4.0


def measured(points=200, noise=0.05):
    x = np.linspace(-1, 1, points)
    peak = HEIGHT * np.exp(-np.square((x - CENTRE) / WIDTH) / 2)
    return x, peak + BACKGROUND[0] + BACKGROUND[1] * x + np.random.default_rng(0).normal(0, noise, points)


def main():
    with tf.Graph().as_default():
        height = tf.get_variable("height", initializer=tf.constant(1.0, tf.float64))
        centre = tf.get_variable("centre", initializer=tf.constant(0.0, tf.float64))
        width = tf.get_variable("width", initializer=tf.constant(0.5, tf.float64))
        background = tf.get_variable("background", initializer=tf.zeros([2], tf.float64))

        x = tf.placeholder(tf.float64, [None], "x")
        y = tf.placeholder(tf.float64, [None], "y")
        peak = height * tf.exp(-tf.square((x - centre) / width) / 2)
        model = peak + background[0] + background[1] * x
        loss = tf.reduce_mean(tf.square(model - y), name="loss")

        optimizer = ScipyOptimizerInterface(
            loss,
            var_to_bounds={height: (0, HIGHEST), centre: (-1, 1), width: (0.05, None), background: ([0, -1], [3, 1])},
            method="TNC",
            options={"maxiter": 500},
        )
        xs, ys = measured()
        feed = {x: xs, y: ys}
        tried = []
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            before = session.run(loss, feed)
            optimizer.minimize(session, feed_dict=feed, fetches=[height], loss_callback=tried.append)
            fitted = {v.op.name: session.run(v) for v in tf.trainable_variables()}
            after = session.run(loss, feed)
    return {"fitted": fitted, "heights tried": tried, "loss before": before, "loss after": after}


if __name__ == "__main__":
    print(main())
