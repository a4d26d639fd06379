"""A TensorFlow server in this process."""

from __future__ import annotations

from typing import Any

from nstgraph._tf import tf
from nstgraph.errors import ConfigError
from nstgraph.messages import one_line
from nstgraph.workers.address import Address
from nstgraph.workers.listening import check_free, limit

__all__ = ["serve"]


def serve(address: Address, threads: int = 0) -> Any:
    """Start a server, which computes whatever is sent to it, by anyone who can reach the address.

    Args:
        address: where it can be reached, and nowhere else; 0.0.0.0 and [::] are all addresses of this machine.
        threads: that an operation is spread over; 0 is one a core.

    Returns:
        The ``tf.train.Server``; it ends with the process.

    Raises:
        ConfigError: the address is not this machine's, is in use, or others would reach the server, too.
    """
    check_free(address)
    config = tf.ConfigProto(inter_op_parallelism_threads=1, intra_op_parallelism_threads=threads)
    cluster = tf.train.ClusterSpec({"worker": [f"localhost:{address.port}"]})
    try:
        # It listens at once, on all networks, and answers when it is started.
        server = tf.train.Server(cluster, job_name="worker", task_index=0, config=config, start=False)
        limit(address)
        server.start()
    except tf.errors.OpError as error:
        raise ConfigError(f"cannot listen at {address} ({one_line(error)}); choose another --bind") from error
    return server
