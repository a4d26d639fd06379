"""The log on the way: whole rows below one header, whatever happens to the disk."""

from __future__ import annotations

import csv

import pytest

from nstgraph.errors import OutputError
from nstgraph.run.growing_log import GrowingLog, row
from nstgraph.search.step import Step

STEPS = [Step(n, 1 / n, {"tv": 0.5 / n}, 6, 8, 2 * n, 0.1 * n, n / 9) for n in range(1, 6)]


def expected(steps):
    return [{name: str(value) for name, value in row(step).items()} for step in steps]


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_steps_are_there_as_soon_as_they_are_added(tmp_path):
    log = GrowingLog(tmp_path / "l.csv", before=STEPS[:2])
    assert not log.begun and not (tmp_path / "l.csv").exists()
    for number, step in enumerate(STEPS[2:], 3):
        log.add(step)
        assert rows(tmp_path / "l.csv") == expected(STEPS[:number])


@pytest.mark.parametrize("written", [0, 1, 3])
@pytest.mark.parametrize("room", [1, 10])
def test_what_was_written_in_part_is_written_anew(files_end_at, tmp_path, written, room):
    path = tmp_path / "l.csv"
    log = GrowingLog(path)
    for step in STEPS[:written]:
        log.add(step)
    before = path.read_bytes() if written else b""
    with files_end_at(len(before) + room), pytest.raises(OutputError, match="cannot go on with the log"):
        log.add(STEPS[written])
    assert path.read_bytes() == before
    log.add(STEPS[written + 1])
    assert rows(path) == expected(STEPS[: written + 2])


def test_the_file_of_somebody_else_is_left_alone_unless_it_may_be_replaced(tmp_path):
    path = tmp_path / "l.csv"
    path.write_text("precious")
    with pytest.raises(OutputError, match="File exists"):
        GrowingLog(path).add(STEPS[0])
    assert path.read_text() == "precious"
    GrowingLog(path, overwrite=True).add(STEPS[0])
    assert rows(path) == expected(STEPS[:1])
