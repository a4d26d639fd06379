"""What one evaluation does, operation by operation: TensorFlow's full trace, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nstgraph._tf import tf
from nstgraph.arrays import Array
from nstgraph.errors import ConfigError
from nstgraph.files import beside
from nstgraph.graph.evaluator import Evaluator

__all__ = ["TRACE_SUFFIXES", "save_trace", "trace"]

TRACE_SUFFIXES = (".json", ".pb")


def trace(evaluator: Evaluator, image: Array, *, full: bool = False) -> Any:
    """Evaluate at ``image`` once, for the pictures bound last; returns the ``RunMetadata``: times, memory, shapes.

    A ``full`` one also asks accelerators, by TensorFlow's profiler, of which only one can run in a process at a time.
    """
    level = tf.RunOptions.FULL_TRACE if full else tf.RunOptions.SOFTWARE_TRACE
    options, found = tf.RunOptions(trace_level=level), tf.RunMetadata()
    # The same fetches and feeds as ever, so that TensorFlow need not prepare the graph once more.
    evaluator.session.run(evaluator.fetches, evaluator.feed(image), options=options, run_metadata=found)
    return found


def save_trace(found: Any, path: Path) -> Path:
    """Write a trace: as a timeline, for chrome://tracing or Perfetto, if the name ends in .json; whole if in .pb.

    Raises:
        ConfigError: writing fails.
    """
    from tensorflow.python.client.timeline import Timeline

    timeline = path.suffix.lower() == ".json"
    data = Timeline(found.step_stats).generate_chrome_trace_format(show_memory=True).encode() if timeline else b""
    try:
        with beside(path) as temporary:
            temporary.write_bytes(data or found.SerializeToString())
    except OSError as error:
        message = f"cannot write {path} ({error.strerror}); free some space or choose another folder"
        raise ConfigError(message) from error
    return path
