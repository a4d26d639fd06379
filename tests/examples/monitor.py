"""A search that is watched: at each iteration the loss on held-out points, and how steep it is for each variable.

A small network is fitted to noisy points by L-BFGS-B. The monitor knows the optimizer alone: it evaluates the loss at
the vector that the search has come to, with whatever feed it likes, while the variables still hold the start.

    python tests/examples/monitor.py
"""

import numpy as np
import tensorflow.compat.v1 as tf

from nstgraph.contrib.opt import ScipyOptimizerInterface

STEPS = 30


class Monitor:
    """To be given to `minimize` as its ``step_callback``."""

    def __init__(self, optimizer, session, fitted, held_out):
        self.optimizer, self.session = optimizer, session
        tensors = [optimizer._loss, optimizer._packed_loss_grad]
        self.fitted = optimizer._make_eval_func(tensors, session, fitted, [])
        self.held_out = optimizer._make_eval_func(optimizer._loss, session, held_out, [])
        self.log = []

    def __call__(self, vector):
        loss, gradient = self.fitted(vector)
        places = zip(self.optimizer._vars, self.optimizer._packing_slices, strict=True)
        line = {
            "loss": float(loss),
            "held out": float(self.held_out(vector)[0]),
            "moved": float(np.linalg.norm(vector - self.session.run(self.optimizer._packed_var))),
            "steepness": {v.op.name: float(np.abs(gradient[where]).max()) for v, where in places},
        }
        self.log.append(line)


def points(seed, count=40):
    random = np.random.RandomState(seed)
    x = random.uniform(-2, 2, [count, 1])
    return x, np.sin(2 * x) + 0.1 * random.randn(count, 1)


def main():
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 1], "x")
        y = tf.placeholder(tf.float32, [None, 1], "y")
        w = tf.get_variable("w", initializer=tf.constant(np.linspace(-2, 2, 12)[None], tf.float32))
        b = tf.get_variable("b", initializer=tf.constant(np.linspace(-1, 1, 12), tf.float32))
        out = tf.get_variable("out", [12, 1], initializer=tf.zeros_initializer())
        loss = tf.reduce_mean(tf.square(tf.matmul(tf.tanh(tf.matmul(x, w) + b), out) - y))

        optimizer = ScipyOptimizerInterface(loss, options={"maxiter": STEPS})
        fitted, held_out = (dict(zip([x, y], points(seed), strict=True)) for seed in (0, 1))
        session.run(tf.global_variables_initializer())
        monitor = Monitor(optimizer, session, fitted, held_out)
        optimizer.minimize(session, feed_dict=fitted, step_callback=monitor)
        return {"log": monitor.log, "loss": session.run(loss, fitted), "held out": session.run(loss, held_out)}


if __name__ == "__main__":
    for line in main()["log"]:
        print(line)
