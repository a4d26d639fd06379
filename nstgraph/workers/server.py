"""A TensorFlow server in this process."""

from __future__ import annotations

from typing import Any

from nstgraph._tf import tf
from nstgraph.errors import ConfigError
from nstgraph.messages import one_line
from nstgraph.workers.address import Address

__all__ = ["serve"]


def serve(address: Address, threads: int = 0) -> Any:
    """Start a server, which computes whatever is sent to it, by anyone who can reach the address.

    Args:
        address: that it listens at.
        threads: that an operation is spread over; 0 is one a core.

    Returns:
        The ``tf.train.Server``; it ends with the process.

    Raises:
        ConfigError: the address is not this machine's, or is in use.
    """
    config = tf.ConfigProto(inter_op_parallelism_threads=1, intra_op_parallelism_threads=threads)
    cluster = tf.train.ClusterSpec({"worker": [str(address)]})
    try:
        return tf.train.Server(cluster, job_name="worker", task_index=0, config=config)
    except tf.errors.OpError as error:
        raise ConfigError(f"cannot listen at {address} ({one_line(error)}); choose another --bind") from error
