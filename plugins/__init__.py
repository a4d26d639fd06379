"""First-party loss plugins: each one file, found through the entry-point group `nstgraph.terms`."""
