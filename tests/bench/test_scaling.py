"""Teams of workers are measured against this machine alone, and what is sent against the model."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from nstgraph.cli.app import app


def test_teams_are_compared_and_what_is_sent_is_what_the_model_says(servers):
    teams = ["--workers", servers[0], "--workers", ",".join(servers)]
    small = ["--size", "96", "--tile", "32", "--repeats", "2", "-l", "moments:layers=conv1_1", "--json"]
    outcome = CliRunner().invoke(app, ["bench", *teams, *small])
    assert outcome.exit_code == 0, outcome.output
    alone, *others = json.loads(outcome.stdout.splitlines()[-1])["scaling"]
    assert (alone["workers"], alone["speedup"], alone["sent"], alone["predicted"]) == ("this machine", 1.0, 0.0, 0.0)
    assert [row["workers"] for row in others] == [servers[0], ", ".join(servers)]
    for row in others:
        assert row["sent"] == pytest.approx(row["predicted"], rel=0.02)
        assert row["speedup"] == pytest.approx(alone["seconds"] / row["seconds"])


def test_options_that_would_do_nothing_are_refused():
    outcome = CliRunner().invoke(app, ["bench", "--workers", "127.0.0.1:2222", "--convergence"])
    assert outcome.exit_code == 2
    assert "--convergence is not used with --workers" in outcome.output
