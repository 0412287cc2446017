"""A private PostgreSQL for one test run, when its server is installed; initdb refuses root, so root borrows a user."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.waiting import eventually

# What is written does not outlast the run, and nothing is there long enough to be tidied up.
_LASTS_A_RUN = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
}


def postgres_bin() -> Path | None:
    """Where initdb and postgres are, newest version first; None when PostgreSQL is not installed."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    return candidates[0].parent if candidates else None


def _user() -> str | None:
    """Who runs the server: ourselves, or when we are root an unprivileged user."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def free_port() -> int:
    """A port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_postgres(folder: Path) -> Iterator[str]:
    """Start a server in the folder; yields postgresql://… of its `postgres` database."""
    binaries = postgres_bin()
    assert binaries is not None
    user, port = _user(), free_port()
    folder.mkdir(parents=True)
    if user is not None:
        shutil.chown(folder, user)
        for parent in folder.parents:  # the borrowed user must be able to walk down to it
            if parent.stat().st_uid == os.geteuid() and str(parent).startswith("/tmp/"):
                parent.chmod(parent.stat().st_mode | 0o011)
    data = folder / "data"
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(folder)}
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "semma", "--auth=trust", "--no-sync", "-E", "UTF8"],
        check=True,
        capture_output=True,
        user=user,
        env=environment,
        cwd=folder,
    )
    values = {**_LASTS_A_RUN, "listen_addresses": "127.0.0.1", "port": str(port), "max_connections": "200"}
    options = [word for name, value in values.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as output:
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, *options, "-c", f"unix_socket_directories={folder}"],
            stdout=output, stderr=output, user=user, env=environment, cwd=folder,
        )  # fmt: skip
    try:
        eventually(lambda: _answers(binaries, port), timeout_s=120, what="PostgreSQL to answer")
        yield f"postgresql://semma@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)  # the fast way: does not wait for connections a failed test left open
        server.wait(20)


def _answers(binaries: Path, port: int) -> bool:
    """Whether the server takes connections; one that is still starting does not."""
    asked = subprocess.run([binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)], check=False)
    return asked.returncode == 0
