"""What is said of a failure in the middle of a run, and what can be done about it."""

from __future__ import annotations

from nstgraph._tf import tf
from nstgraph.errors import NstgraphError
from nstgraph.files import is_full
from nstgraph.graph.objective import from_term
from nstgraph.messages import one_line
from nstgraph.pictures.fit import Size

__all__ = ["is_outside", "remedy", "said"]


def is_outside(error: BaseException) -> bool:
    """Whether an error comes from memory, disk or TensorFlow, and not from what the run was given."""
    return isinstance(error, MemoryError | OSError | tf.errors.OpError)


def said(error: BaseException, size: Size) -> str:
    """What failed, in one line, at a size of the picture: height and width in pixels."""
    if isinstance(error, NstgraphError):
        return str(error)
    return f"{type(error).__name__} at {size[1]}x{size[0]}: {one_line(error)}"


def remedy(error: BaseException) -> str:
    """End of an error message: what to do about a failure in the middle of a run, as far as that can be told."""
    if isinstance(error, MemoryError | tf.errors.ResourceExhaustedError):
        return "; use a smaller --memory, --tile or --size"
    if isinstance(error, OSError) and is_full(error):
        return "; free some space, or use a larger --memory"
    return from_term(error)
