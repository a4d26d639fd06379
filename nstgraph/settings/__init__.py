"""Every setting of a run: its default, what it means, what it may be, and how the command line calls it.

A new setting is one more field of one of these classes, which `nstgraph.config.Config` puts together: checks,
documentation and the command line read its metadata.
"""
