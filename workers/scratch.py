"""A job's own directory: made empty, removed with all in it, checked for room before it is used."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.core.errors import Unavailable

MIN_FREE_BYTES = 1 << 30


class DiskFull(Unavailable):
    """Too little room to work; waited for, because a person can make room."""

    code = "workers.disk_full"
    says = "The worker's disk is nearly full; free some space or set SEMMA_SCRATCH_DIR."


@contextmanager
def scratch_directory(root: Path, name: str, *, room_bytes: int = 0) -> Iterator[Path]:
    """A directory below `root` for one attempt of one job. Raises DiskFull when less than 1 GiB, and the room that the
    job says it needs, is free."""
    root.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(root).free < MIN_FREE_BYTES + room_bytes:
        raise DiskFull
    path = root / f"{name}-{uuid.uuid4().hex[:8]}"
    path.mkdir(mode=0o700)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def sweep_scratch(root: Path, *, older_than_s: float, moment_s: float) -> int:
    """Remove directories of workers that were killed; returns how many."""
    swept = 0
    for path in root.iterdir() if root.is_dir() else ():
        if path.is_dir() and moment_s - path.stat().st_mtime > older_than_s:
            shutil.rmtree(path, ignore_errors=True)
            swept += 1
    return swept
