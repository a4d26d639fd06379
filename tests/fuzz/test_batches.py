"""A case that ends as none should is named, and those after it are read all the same."""

from __future__ import annotations

import pytest
from batches import faults


def test_each_fault_is_named_with_its_case() -> None:
    crash, error, memory, refused = faults("faulty", 0, 5)
    assert crash.startswith("faulty 1 ended the process (-6): Fatal Python error: Aborted")
    assert error == r"faulty 2 'ValueError: two\nlines'"
    assert memory.startswith("faulty 3 took 3") and memory.endswith(" MB")
    assert refused == "faulty 4 'asked for more memory than there is: that is bad'"


@pytest.mark.slow
def test_a_case_that_does_not_end_is_named() -> None:
    (hanging,) = faults("faulty", 5, 7)
    assert hanging.startswith("faulty 5 ended the process (1): Timeout (0:00:05)!")
