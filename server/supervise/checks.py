"""What must be true before anything is started; each failure is one sentence and has an exit code of its own."""

import contextlib
import errno
import fcntl
import os
import platform
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from server.core.errors import Unavailable

NEEDED_BYTES = 1024**3


class CannotStart(Unavailable):
    """A check failed; `exit_code` is what `semma up` ends with."""

    code = "up.cannot_start"
    exit_code: ClassVar[int] = 10


class WrongPlatform(CannotStart):
    """This machine cannot run the embedded engines."""

    code = "up.wrong_platform"
    exit_code = 11


class FolderUnwritable(CannotStart):
    """The data directory cannot be written."""

    code = "up.data_dir_unwritable"
    exit_code = 13


class DiskFull(CannotStart):
    """Too little room."""

    code = "up.disk_full"
    exit_code = 14


class AlreadyRunning(CannotStart):
    """Another `semma up` has this data directory."""

    code = "up.already_running"
    exit_code = 15


class PortTaken(CannotStart):
    """Somebody else listens where Semma should."""

    code = "up.port_taken"
    exit_code = 16


def check_platform() -> None:
    """Refuse what the wheels are not built for; raises WrongPlatform."""
    system, machine = platform.system(), platform.machine()
    libc, version = platform.libc_ver()
    if system != "Linux" or machine not in ("x86_64", "aarch64") or libc != "glibc":
        raise WrongPlatform(
            f"The one-machine way runs on Linux with glibc on x86_64 or aarch64, not on {system} {machine} {libc}; "
            "use docker-compose.yml."
        )
    if tuple(int(part) for part in version.split(".")[:2]) < (2, 28):
        raise WrongPlatform(
            f"The embedded engines need glibc 2.28, this machine has {version}; use docker-compose.yml."
        )


def check_folder(data_dir: Path) -> None:
    """Make the data directory and write to it; raises FolderUnwritable."""
    try:
        if not data_dir.exists():
            data_dir.mkdir(parents=True)
            data_dir.chmod(0o700)  # the database and the keys are nobody else's
        (data_dir / "log").mkdir(exist_ok=True)
        probe = data_dir / f".probe-{os.getpid()}"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(_full(data_dir, 0)) from None
        raise FolderUnwritable(
            f"The data directory {data_dir} cannot be written ({error.strerror}); "
            "make it writable for this user or set SEMMA_DATA_DIR."
        ) from None


def check_disk(data_dir: Path, *, needed_bytes: int = NEEDED_BYTES) -> None:
    """Raises DiskFull when the data directory's disk has too little room."""
    free_bytes = shutil.disk_usage(data_dir).free
    if free_bytes < needed_bytes:
        raise DiskFull(_full(data_dir, free_bytes))


def _full(data_dir: Path, free_bytes: int) -> str:
    return (
        f"The disk of {data_dir} is full: {free_bytes // 1024**2} MiB are free, {NEEDED_BYTES // 1024**2} MiB are "
        "needed; free some or set SEMMA_DATA_DIR to another disk."
    )


def check_port(host: str, port: int, variable: str) -> None:
    """Raises PortTaken when nobody can listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise PortTaken(f"Port {port} needs root; choose one above 1023 with {variable}.") from None
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(
                    f"Port {port} is taken by another program; stop that, "
                    f"or choose another port: {variable}={port + 1}."
                ) from None
            raise PortTaken(f"Semma cannot listen on {host} port {port} ({error.strerror}); see SEMMA_HOST.") from None


@contextlib.contextmanager
def sole_instance(data_dir: Path, *, patience_s: float = 5.0) -> Iterator[int]:
    """Hold the data directory's lock while the block lasts; gives the lock's file descriptor; raises AlreadyRunning.

    Waits a little: after a kill, the keeper of the run before holds the lock until the last process is gone.
    """
    descriptor = os.open(data_dir / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor, data_dir, time.monotonic() + patience_s)
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _lock(descriptor: int, data_dir: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            pid = os.pread(descriptor, 32, 0).decode() or "unknown"
            if _is_alive(pid) or time.monotonic() > deadline:
                raise AlreadyRunning(
                    f"Semma is already running on {data_dir} (process {pid}); stop that one, "
                    "or set SEMMA_DATA_DIR and SEMMA_PORT for a second."
                ) from None
            time.sleep(0.05)


def _is_alive(pid: str) -> bool:
    """Whether the process that wrote the lock still runs."""
    return pid.isdigit() and Path(f"/proc/{pid}").exists()
