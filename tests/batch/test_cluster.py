"""Pictures of a batch on a cluster, the scheduler and worker of which are threads of this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from nstgraph import Config
from nstgraph.batch.here import made_here
from nstgraph.batch.identity import Identities
from nstgraph.batch.job import Job
from nstgraph.batch.work import Parcel
from nstgraph.errors import ClusterError, PictureError

distributed = pytest.importorskip("distributed")

SMALL = Config(size=32, steps=2, scales=1, precision="float32", loss="style:layers=conv1_1")


@pytest.fixture
def client():
    options = {"processes": False, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "memory_limit": 0}
    with (
        distributed.LocalCluster(n_workers=1, **options) as local,
        distributed.Client(local, set_as_default=False) as client,
    ):
        yield client


def send(job):
    if job.content.name == "gone.png":
        raise PictureError("gone.png does not exist; check the path")
    pictures = tuple((str(path), path.read_bytes()) for path in job.pictures)
    return Parcel(pictures, job.config, Identities().weights(job.config), Path("none", "kept"))


def test_pictures_are_those_of_one_process_and_are_read_when_it_is_their_turn(picture_folder, client):
    from nstgraph.batch.cluster import Cluster

    jobs = [
        Job(Path(name), (Path("s.png"),), SMALL, Path(f"{name}-out.png")) for name in ("c.png", "gone.png", "s.png")
    ]
    read: list[str] = []

    def noted(job):
        read.append(job.content.name)
        return send(job)

    with Cluster(client) as cluster:
        assert len(cluster.workers) == 1 and cluster.needed(send(jobs[0])) > 1e8
        made = {}
        for job, outcome in cluster.made(jobs, noted):
            made[job.target] = outcome
            assert len(read) <= len(made) + 1
    here = {job.target: outcome for job, outcome in made_here(jobs, send)}
    assert made.keys() == here.keys() == {job.target for job in jobs}
    for target, outcome in here.items():
        assert made[target].picture == outcome.picture and made[target].fault == outcome.fault
    assert made[jobs[0].target].picture and "gone.png does not exist" in made[jobs[1].target].fault


def test_a_plugin_that_a_worker_does_not_have_is_said(picture_folder, client, monkeypatch):
    from nstgraph.batch import worker
    from nstgraph.batch.cluster import Cluster

    Path("p.py").write_text("# here\n")
    hashes = iter("ab")
    monkeypatch.setattr(worker, "hash_of", lambda path: next(hashes))  # of two machines
    with pytest.raises(ClusterError, match=r"the plugin p\.py is another file; put it there as it is here"):
        Cluster(client, [Path("p.py")])
    assert not client.run(lambda dask_worker: [name for name in dask_worker.plugins if "nstgraph" in name]).popitem()[1]
