"""`semma ingest` as a child, killed and started again on the same port."""

import signal
import socket
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from server import programs
from server.core.settings import Settings
from tests.server.uploads.web_process import environment_of
from tests.waiting import eventually


@dataclass
class IngestProcess:
    """One that is spoken to over RTMP."""

    settings: Settings
    log_path: Path
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None

    def target(self, key: str) -> str:
        return f"rtmp://127.0.0.1:{self.port}/live/{key}"

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        self.port = self.port or _free_port()
        settings = replace(self.settings, rtmp_port=self.port, live_ladder="180", live_window_s=24)
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                list(programs.ingest_argv()), env=environment_of(settings), stdout=log, stderr=log
            )
        eventually(self._listens, timeout_s=120, what=f"ingest, see {self.log_path}")

    def _listens(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log_path.read_text(errors="replace")[-2000:]
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        """SIGKILL."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """In order, as systemd does; by force when it does not."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
