"""``python -m nstgraph`` is ``nstgraph``."""

from nstgraph.cli.app import main

if __name__ == "__main__":
    main()
