"""How hypothesis makes its cases: the same ones each time, and without leaving files."""

from __future__ import annotations

import tempfile

import hypothesis.configuration

# It looks for a folder of its own as soon as it is asked for a case, and would make one in the current folder.
hypothesis.configuration.set_hypothesis_home_dir(tempfile.gettempdir())
