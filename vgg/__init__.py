"""The weights that are shipped with nstgraph."""
