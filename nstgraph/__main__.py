"""``nstgraph``, and ``python -m nstgraph``."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; Ctrl-C while it is still being imported is no traceback either."""
    try:
        from nstgraph.cli.app import main as run

        run()
    except KeyboardInterrupt:
        print("nstgraph: interrupted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
