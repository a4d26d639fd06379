"""What is sent to the process that makes a picture."""

from __future__ import annotations

import os

from nstgraph.batch.folder import BatchFolder
from nstgraph.batch.identity import Identities
from nstgraph.batch.job import Job
from nstgraph.batch.work import Parcel
from nstgraph.pictures.load import check_file

__all__ = ["parcel_of"]


def parcel_of(job: Job, folder: BatchFolder, identities: Identities) -> Parcel:
    """Read the files of a job.

    Raises:
        NstgraphError, OSError: one of its files cannot be read.
    """
    for path in job.pictures:
        check_file(path)
    files = tuple((os.fspath(path), path.read_bytes()) for path in job.pictures)
    return Parcel(files, job.config, identities.weights(job.config), folder.checkpoint(identities.key(job)))
