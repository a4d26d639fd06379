"""``nstgraph``, and ``python -m nstgraph``."""

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; Ctrl-C while it is still being imported is no traceback either.

    OpenBLAS, which numpy and scipy come with, has its threads spin between the search's products of vectors, which are
    too short to be shared: they keep TensorFlow's from the cores.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read once, when numpy is imported
    try:
        from nstgraph.cli.app import main as run

        run()
    except KeyboardInterrupt:
        print("nstgraph: interrupted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
