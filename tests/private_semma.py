"""A Semma of one's own: `semma up` in a fresh data directory on a free port, spoken to as any client would.

For benchmarks and fault tests. Everything goes through the public contract (command line, HTTP API, tus, media
addresses), except that processes are found through /proc to measure and to kill them.
"""

import base64
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from server.accounts.commands import make_account, make_api_token
from server.core.queue import Ringer
from server.core.settings import read_settings
from server.local import local_environment
from server.process import make_runtime
from tests.databases import run_apart
from tests.waiting import eventually

ADMIN = "bench@example.org"
# The exceptions of a server that is away for a moment.
AWAY = (httpx.TransportError, httpx.RemoteProtocolError)


def _client() -> httpx.Client:
    """For all requests: making one costs 20 ms. No connection is kept, as the server may be killed between two."""
    return httpx.Client(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))


@dataclass
class PrivateSemma:
    """A running instance."""

    data_dir: Path
    port: int
    env: Mapping[str, str]
    process: "subprocess.Popen[bytes]"
    token: str = ""
    http: httpx.Client = field(default_factory=_client, repr=False)
    _event: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def authorization(self) -> dict[str, str]:
        """The header that makes a request the administrator's."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def api(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request as the administrator; raises for an error answer, saying what it said."""
        headers = {**self.authorization, **options.pop("headers", {})}
        answer = self.http.request(method, f"{self.url}{path}", headers=headers, timeout=30, **options)
        if answer.status_code >= 400:
            raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        return answer

    def get(self, path: str) -> Any:
        """The JSON at a path; a server that is away, or not itself, is asked again for a minute."""

        def ask() -> Any:
            with contextlib.suppress(*AWAY):
                answer = self.http.get(f"{self.url}{path}", headers=self.authorization, timeout=10)
                if answer.status_code < 500:
                    answer.raise_for_status()
                    return answer
            return None

        return eventually(ask, timeout_s=60, what=path).json()

    def command(self, *words: str) -> str:
        """Run `semma …` for this data directory; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "server.cli", *words],
            env={**os.environ, **self.env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"semma {' '.join(words)}: {done.stdout[-500:]} {done.stderr[-1500:]}")
        return done.stdout

    def restart(self) -> None:
        """Start the supervisor again after its end, and wait until all serves."""
        self.process.wait(30)
        self.process = _start(self.data_dir, self.env)
        _wait_serving(self)

    def log(self) -> str:
        """What the supervisor said."""
        return (self.data_dir / "up.log").read_text(errors="replace")

    def make_session(self, title: str) -> str:
        """A session to upload to (in an event made at the first call); its id."""
        if not self._event:
            slug = "bench"
            event = {"title": "Bench", "slug": slug, "visibility": "public", "languages": ["en"]}
            self._event = self.api("POST", "/api/v1/events", json=event).json()["id"]
        asked = {"event": self._event, "title": title, "language": "en"}
        return str(self.api("POST", "/api/v1/sessions", json=asked).json()["id"])

    def new_upload(self, session: str, size_bytes: int, filename: str = "talk.mp4") -> str:
        """Create a tus upload; its URL."""
        metadata = {"session": session, "purpose": "recording", "filename": filename}
        pairs = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in metadata.items())
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(size_bytes), "Upload-Metadata": pairs}
        answer = self.api("POST", "/api/v1/uploads", headers=headers)
        return str(httpx.URL(f"{self.url}/").join(httpx.URL(answer.headers["location"]).raw_path.decode()))

    def upload(self, session: str, path: Path) -> str:
        """Upload a file in one request; the id of the recording made of it."""
        address = self.new_upload(session, path.stat().st_size, path.name)
        headers = {
            **self.authorization,
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": "0",
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(path.stat().st_size),
        }
        with path.open("rb") as body:
            answer = self.http.patch(address, headers=headers, content=body, timeout=600)
        assert answer.status_code == 204, answer.text
        return self.recording_of(session)

    def recording_of(self, session: str) -> str:
        """The id of the session's recording."""
        found = eventually(
            lambda: self.get(f"/api/v1/sessions/{session}")["recording"], what=f"the recording of {session}"
        )
        return str(found["id"])

    def wait_ready(self, recording: str, *, timeout_s: float, every_s: float = 0.2) -> dict[str, Any]:
        """Wait until the recording is ready; fails at once when it failed."""

        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self.get(f"/api/v1/recordings/{recording}")
            assert found["state"] not in ("failed", "cancelled"), found
            return found if found["state"] == "ready" else None

        ready = eventually(look, timeout_s=timeout_s, every_s=every_s, what=f"recording {recording} to be ready")
        assert ready is not None
        return ready


@contextlib.contextmanager
def private_semma(settings: Mapping[str, str], *, keep: bool = False) -> Iterator[PrivateSemma]:
    """Run a Semma while the block lasts; `settings` are further variables. Its data goes with it unless `keep`."""
    data_dir = Path(tempfile.mkdtemp(prefix="semma-"))
    port = free_port()
    engines = ("DATABASE_URL", "REDIS_URL", "S3_ENDPOINT_URL", "S3_BUCKET", "AWS_ACCESS_KEY_ID")
    inherited = {name: value for name, value in os.environ.items() if name not in engines}
    env = {
        **{name: value for name, value in inherited.items() if not name.startswith("SEMMA_")},
        "SEMMA_DATA_DIR": str(data_dir),
        "SEMMA_PORT": str(port),
        "SEMMA_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "SEMMA_RTMP_PORT": str(free_port()),
        "SEMMA_SRT_PORT": str(free_udp_port()),
        **settings,
    }
    semma = PrivateSemma(data_dir, port, env, _start(data_dir, env))
    try:
        _wait_serving(semma)
        semma.token = run_apart(_make_admin(env))
        yield semma
    finally:
        stop(semma)
        semma.http.close()
        if not keep:
            shutil.rmtree(data_dir, ignore_errors=True)


def _start(data_dir: Path, env: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    with (data_dir / "up.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "server.cli", "up"], env=dict(env), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )


async def _make_admin(env: Mapping[str, str]) -> str:
    """What `semma user create --admin` and `semma user token` do, without two processes; the token."""
    settings = read_settings(local_environment(env))
    runtime = make_runtime(settings, Ringer(settings.redis_url), threads=2)
    try:
        await make_account(runtime, email=ADMIN, is_admin=True)
        return await make_api_token(runtime, email=ADMIN, name="bench", scopes=["read", "upload", "write", "admin"])
    finally:
        await runtime.database.close()
        await runtime.redis.aclose()
        runtime.store.close()


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_udp_port() -> int:
    """A UDP port that is free now, with room above it for further doors."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return min(int(probe.getsockname()[1]), 65_000)


def _wait_serving(semma: PrivateSemma) -> None:
    def serving() -> bool:
        assert semma.process.poll() is None, f"semma up ended:\n{semma.log()[-3000:]}"
        return "Stop" in semma.log()  # the table's last line comes when every child is ready

    eventually(serving, timeout_s=120, every_s=0.1, what="semma up")


def stop(semma: PrivateSemma) -> None:
    """Ask the supervisor to stop, and wait; kill it when it does not."""
    if semma.process.poll() is None:
        semma.process.send_signal(signal.SIGTERM)
    try:
        semma.process.wait(60)
    except subprocess.TimeoutExpired:
        semma.process.kill()
        semma.process.wait()


# --- its processes ---


@dataclass(frozen=True)
class Proc:
    """A process of the instance: which child of the supervisor it belongs to, and its command line."""

    pid: int
    child: str
    command: str


def processes(semma: PrivateSemma) -> list[Proc]:
    """Every living process that carries the instance's data directory in its environment, the supervisor too.

    Processes whose parent is another one of Semma's are found too, and those that lost their parent.
    """
    wanted = f"SEMMA_DATA_DIR={semma.data_dir}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            variables = (entry / "environ").read_bytes().split(b"\0")
            if wanted not in variables and not _works_in(entry, semma.data_dir):
                continue
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            if command:  # an ended process that nobody has waited for has none
                found.append(Proc(int(entry.name), _child_of(variables, command), command))
    return found


def _child_of(variables: list[bytes], command: str) -> str:
    """The child of the supervisor a process belongs to. Valkey writes its title over its environment."""
    if "valkey-server" in command:
        return "valkey"
    mark = next((v for v in variables if v.startswith(b"SEMMA_SUPERVISED=")), b"/semma").decode()
    return mark.rpartition("/")[2]


def _works_in(entry: Path, folder: Path) -> bool:
    return (entry / "cwd").resolve().is_relative_to(folder.resolve())


def is_ffmpeg(proc: Proc) -> bool:
    """Whether the process is an ffmpeg (or the child that a confined run became)."""
    return "ffmpeg" in Path(proc.command.split(" ")[0]).name
