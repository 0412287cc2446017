"""An encoder whose clock steps: the same connection, pictures and sound, but timestamps that jump ahead and back."""

import contextlib
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO
from urllib.parse import urlsplit

from server.media.rtmp_chunks import AUDIO, DATA, VIDEO
from tests.live.encoder import Sent, arguments
from tests.server.media import rtmp_client

_KINDS = {8: AUDIO, 9: VIDEO, 18: DATA}


def read_tags(stream: IO[bytes]) -> Iterator[tuple[int, int, bytes]]:
    """(type, timestamp in ms, payload) of an FLV as it is written."""
    stream.read(9 + 4)
    while len(head := stream.read(11)) == 11:
        payload = stream.read(int.from_bytes(head[1:4], "big"))
        stream.read(4)
        yield head[0], int.from_bytes(head[4:7], "big") | head[7] << 24, payload


class SteppingEncoder(threading.Thread):
    """Sends until stopped; `steps` are (at, by) in ms: from that moment of its own time on, its clock says so much more
    (or less)."""

    def __init__(self, target: str, sent: Sent, steps: Sequence[tuple[int, int]]) -> None:
        super().__init__(daemon=True)
        self._where = urlsplit(target)
        self._steps = steps
        command = arguments("rtmp://", sent)
        command[-1] = "pipe:1"
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def run(self) -> None:
        """Relay every tag with its timestamp shifted."""
        assert self.process.stdout is not None
        app, _, key = self._where.path.strip("/").partition("/")
        with socket.create_connection((self._where.hostname, self._where.port or 1935)) as line:
            line.sendall(rtmp_client.opening(key, app))
            threading.Thread(target=_drain, args=(line,), daemon=True).start()
            with contextlib.suppress(OSError):
                for kind, at, payload in read_tags(self.process.stdout):
                    shown = max(0, at + sum(by for moment, by in self._steps if at >= moment))
                    chunks = {AUDIO: 4, VIDEO: 6, DATA: 5}[_KINDS[kind]]
                    line.sendall(rtmp_client.message(_KINDS[kind], payload, at=shown, stream=1, chunks=chunks))

    def stop(self) -> None:
        """End the encoder; the connection closes after it."""
        self.process.kill()
        self.process.wait()
        self.join()


def _drain(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while line.recv(65_536):
            pass


@contextmanager
def stepping(target: str, sent: Sent, steps: Sequence[tuple[int, int]]) -> Iterator[SteppingEncoder]:
    """A stepping encoder while the block lasts."""
    encoder = SteppingEncoder(target, sent, steps)
    encoder.start()
    try:
        yield encoder
    finally:
        encoder.stop()
