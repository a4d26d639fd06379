"""What one evaluation does, operation by operation: TensorFlow's full trace, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nstgraph._tf import tf
from nstgraph.arrays import Array
from nstgraph.files import check_suffix, writing
from nstgraph.graph.evaluator import Evaluator

__all__ = ["TRACE_SUFFIXES", "save_trace", "trace"]

TRACE_SUFFIXES = (".json", ".pb")


def trace(evaluator: Evaluator, image: Array, *, full: bool = False) -> Any:
    """Evaluate at ``image`` once, for the pictures bound last; returns the ``RunMetadata``: times, memory, shapes.

    A ``full`` one also asks accelerators, by TensorFlow's profiler, of which only one can run in a process at a time.
    """
    level = tf.RunOptions.FULL_TRACE if full else tf.RunOptions.SOFTWARE_TRACE
    options, record = tf.RunOptions(trace_level=level), tf.RunMetadata()
    # The same fetches and feeds as ever, so that TensorFlow need not prepare the graph once more.
    evaluator.session.run(evaluator.fetches, evaluator.feed(image), options=options, run_metadata=record)
    return record


def save_trace(record: Any, path: Path, *, overwrite: bool = False) -> Path:
    """Write a trace: as a timeline, for chrome://tracing or Perfetto, if the name ends in .json; whole if in .pb.

    Raises:
        OutputError: writing fails, the name ends in something else, or the file exists and ``overwrite`` is false.
    """
    from tensorflow.python.client.timeline import Timeline

    check_suffix(path, "a trace", TRACE_SUFFIXES)
    with writing(path, overwrite=overwrite) as file:
        if path.suffix.lower() == ".json":
            file.write(Timeline(record.step_stats).generate_chrome_trace_format(show_memory=True).encode())
        else:
            file.write(record.SerializeToString())
    return path
