"""Style transfer in the manner of TensorFlow 1 pipelines: the graph, the scopes and the session are the caller's.

`own_network` has VGG, losses and picture of its own, and takes only the optimiser from nstgraph; `style_graph` has the
same losses, and leaves network, gradient and search to nstgraph. Both print their losses.

    python tests/examples/style_transfer.py
"""

import numpy as np
import tensorflow.compat.v1 as tf

import nstgraph as nst
from nstgraph.contrib.opt import ScipyOptimizerInterface
from nstgraph.networks.weights_file import WeightsFile, embedded

STEPS = 12


def draw(height=48, width=64):
    """A photo, which is a gradient with a disc, and a painting, which is stripes."""
    y, x = np.mgrid[:height, :width] / height
    photo = np.stack([255 * y, 190 * x, np.where(np.hypot(y - 0.5, x - 0.6) < 0.3, 220, 60)], axis=-1)
    painting = np.stack([127 + 127 * np.sin(40 * (x + y)), 200 * y, 127 + 90 * np.cos(25 * (x - y))], axis=-1)
    return photo[None].astype(np.float32), painting[None].astype(np.float32)


def conv(x, name):
    kernel, bias = WeightsFile(embedded()).read(name)
    with tf.variable_scope(name):
        kernel = tf.get_variable("kernel", initializer=tf.constant(kernel), trainable=False)
        bias = tf.get_variable("bias", initializer=tf.constant(bias), trainable=False)
        return tf.nn.relu(tf.nn.conv2d(x, kernel, strides=[1, 1, 1, 1], padding="SAME") + bias)


def vgg(image):
    net = {"conv1_1": conv(image - [123.68, 116.779, 103.939], "conv1_1")}
    net["conv1_2"] = conv(net["conv1_1"], "conv1_2")
    net["pool1"] = tf.nn.avg_pool(net["conv1_2"], ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")
    net["conv2_1"] = conv(net["pool1"], "conv2_1")
    return net


def gram(maps):
    features = tf.reshape(maps, [-1, maps.shape[-1]])
    return tf.matmul(features, features, transpose_a=True) / tf.cast(tf.shape(features)[0], tf.float32)


def build_losses(net, photo, painting):
    grams = [(gram(net[layer]), gram(painting[layer])) for layer in ("conv1_1", "conv2_1")]
    content = 10 * tf.reduce_mean(tf.square(net["conv2_1"] - photo["conv2_1"]))
    return {"content": content, "style": tf.add_n([tf.reduce_mean(tf.square(a - b)) for a, b in grams])}


def own_network(photo, painting):
    history = []

    def show(*losses):
        history.append(losses)
        print("total {:.2f}, content {:.2f}, style {:.2f}".format(*losses))

    with tf.Graph().as_default(), tf.variable_scope("painting"), tf.Session() as session:
        picture = tf.get_variable("picture", initializer=painting)
        net = vgg(picture)
        session.run(tf.global_variables_initializer())
        style_maps = session.run(net)
        session.run(picture.assign(photo))
        content, style = build_losses(net, session.run(net), style_maps).values()
        optimizer = ScipyOptimizerInterface(
            content + style, var_to_bounds={picture: (0, 255)}, method="L-BFGS-B", options={"maxiter": STEPS}
        )
        optimizer.minimize(session, fetches=[content + style, content, style], loss_callback=show)
        return history, session.run(picture)


def style_graph(photo, painting):
    with tf.Graph().as_default(), tf.variable_scope("painting"), tf.Session() as session:
        content, style = (tf.placeholder(tf.float32, image.shape) for image in (photo, painting))
        picture = tf.get_variable("picture", photo.shape)
        g = nst.StyleGraph(WeightsFile(embedded()), content=content, style=style, generated=picture, padding="zero")
        objective = nst.Objective(g, build_losses(g.generated, g.content, g.style))
        session.run(tf.global_variables_initializer())
        evaluator = nst.Evaluator(objective, session=session).bind(feed_dict={content: photo, style: painting})
        search = nst.Search(evaluator, photo, STEPS, bounds=True, callback=lambda step, image: print(step.terms))
        search.run()
        evaluator.assign(search.image)
        return [(step.total, *step.terms.values()) for step in search.steps], session.run(picture)


def main():
    return {pipeline.__name__: pipeline(*draw()) for pipeline in (own_network, style_graph)}


if __name__ == "__main__":
    print({name: losses[-1] for name, (losses, picture) in main().items()})
