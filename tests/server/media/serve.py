"""A small object server: one file over HTTP with ranges, as a presigned URL gives it, and able to fail on demand."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class ObjectServer:
    """Serves `path`. With `stop_after` set, answers end after so many bytes in all, and later requests are refused."""

    def __init__(self, path: Path) -> None:
        self.data = path.read_bytes()
        self.stop_after: int | None = None
        self.sent = 0
        self.requests = 0
        handler = type("Handler", (_Handler,), {"store": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """With a query, as presigned ones have, that must not get into messages."""
        return f"http://127.0.0.1:{self._server.server_port}/bucket/object?X-Amz-Signature=secret"

    @contextmanager
    def running(self) -> Iterator["ObjectServer"]:
        """Serve while the block runs."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    store: ObjectServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        store = self.store
        store.requests += 1
        if store.stop_after is not None and store.sent >= store.stop_after:
            self.close_connection = True
            self.connection.close()
            return
        size = len(store.data)
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        first = int(match[1]) if match else 0
        if first >= size:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{size}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        last = min(int(match[2]), size - 1) if match and match[2] else size - 1
        self.send_response(206 if match else 200)
        self.send_header("Content-Length", str(last - first + 1))
        self.send_header("Accept-Ranges", "bytes")
        if match:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.end_headers()
        self._send(first, last)

    def _send(self, first: int, last: int) -> None:
        store = self.store
        try:
            for at in range(first, last + 1, 16_384):
                piece = store.data[at : min(at + 16_384, last + 1)]
                if store.stop_after is not None and store.sent + len(piece) > store.stop_after:
                    store.sent = store.stop_after
                    self.close_connection = True
                    self.connection.close()
                    return
                self.wfile.write(piece)
                store.sent += len(piece)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""
