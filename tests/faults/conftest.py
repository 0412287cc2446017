"""One Semma for all fault runs, the file they upload, and what it becomes when nothing happens."""

import hashlib
import os
import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clips import clip
from tests.faults.evidence import frame_hashes, stored_sha256
from tests.private_semma import PrivateSemma, private_semma, processes
from tests.waiting import eventually

# Short chunks, leases and rounds, so that what takes minutes in life takes seconds; pinned threads, so that x264 makes
# the same decisions every time.
SETTINGS = {
    "SEMMA_LADDER": "360,240",
    "SEMMA_CHUNK_S": "4",
    "SEMMA_ENCODE_THREADS": "1",
    "SEMMA_LEASE_S": "5",
    "SEMMA_HOUSEKEEPING_S": "2",
}
PADDING_BYTES = 9 * 1024 * 1024  # several S3 parts


@dataclass(frozen=True)
class Undisturbed:
    """The uploaded file, and what an undisturbed run makes of it."""

    path: Path
    sha256: str
    frames: dict[str, str]


@pytest.fixture(scope="session")
def semma() -> Iterator[PrivateSemma]:
    # SEMMA_FAULT_KEEP=1 leaves the data directory with its logs, to look into a run that failed
    with private_semma(SETTINGS, keep=bool(os.environ.get("SEMMA_FAULT_KEEP"))) as running:
        yield running
    eventually(lambda: not processes(running), timeout_s=10, what="every process of the instance to be gone")


@pytest.fixture(scope="session")
def undisturbed(semma: PrivateSemma, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Upload and encode once in peace."""
    folder = tmp_path_factory.mktemp("undisturbed")
    path = folder / "talk.mp4"
    padding = struct.pack(">I4s", PADDING_BYTES, b"free") + random.Random(1).randbytes(PADDING_BYTES - 8)
    path.write_bytes(clip("bars", seconds=14).read_bytes() + padding)
    session = semma.make_session("Undisturbed")
    recording = semma.upload(session, path)
    semma.wait_ready(recording, timeout_s=180)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert stored_sha256(semma, recording) == sha256
    return Undisturbed(path, sha256, frame_hashes(semma, session, folder))
