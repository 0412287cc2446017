"""A real web process on the test's engines: killed, started again, two at once."""

import os
import signal
import subprocess
from dataclasses import dataclass, fields
from pathlib import Path

import httpx

from server import programs
from server.core.settings import Settings
from tests.postgres import free_port
from tests.waiting import eventually


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables that make these settings."""
    named = {item.metadata["env"]: getattr(settings, item.name) for item in fields(Settings)}
    values = {name: str(value) for name, value in named.items() if value not in ("", None)}
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | values | {"PYTHONPATH": str(Path(__file__).parents[3])}


@dataclass
class WebProcess:
    """`semma web` as a child; start it again after a kill and it listens on the same port."""

    settings: Settings
    log_path: Path
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Start and wait until it answers."""
        self.port = self.port or free_port()
        argv = programs.web_argv(host="127.0.0.1", port=self.port, workers=1, trusted_proxies="")
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                list(argv), env=environment_of(self.settings), stdout=log, stderr=log, cwd=self.log_path.parent
            )
        eventually(self._answers, timeout_s=120, what=f"the web process, see {self.log_path}")

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.said()[-2000:]
        try:
            # verify: this is asked again and again, and every time reading the certificates of all authorities is dear
            answer = httpx.get(f"{self.url}/healthz", timeout=2, trust_env=False, verify=False)
            return answer.status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """SIGKILL, at once and without goodbye."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """End it in order, by force when it does not."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()

    def rss_mib(self) -> float:
        """Resident memory now."""
        return _status_mib(self.pid, "VmRSS")

    def peak_rss_mib(self) -> float:
        """The most resident memory since its start."""
        return _status_mib(self.pid, "VmHWM")

    def said(self) -> str:
        """Its log."""
        return self.log_path.read_text()


def _status_mib(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(f"{name}:")).split()[1]) / 1024


def browser(web: WebProcess) -> httpx.AsyncClient:
    """A client of the process."""
    return httpx.AsyncClient(base_url=web.url, timeout=60, trust_env=False)
