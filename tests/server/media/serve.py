"""A small object server: one file over HTTP with ranges, as a presigned URL gives it, and able to fail on demand."""

import re
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests.web_site import LocalServer


class ObjectServer(LocalServer):
    """Serves a file. With `stop_after` set, answers end after so many bytes in all; later requests are refused."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.data = path.read_bytes()
        self.stop_after: int | None = None
        self.sent = 0
        self.requests = 0

    @property
    def object_url(self) -> str:
        """With a query, as presigned ones have, that must not get into messages."""
        return self.url("/bucket/object?X-Amz-Signature=secret")

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.requests += 1
        if self.stop_after is not None and self.sent >= self.stop_after:
            request.close_connection = True
            request.connection.close()
            return
        size = len(self.data)
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
        first = int(match[1]) if match else 0
        if first >= size:
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{size}")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        last = min(int(match[2]), size - 1) if match and match[2] else size - 1
        request.send_response(206 if match else 200)
        request.send_header("Content-Length", str(last - first + 1))
        request.send_header("Accept-Ranges", "bytes")
        if match:
            request.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        request.end_headers()
        self._send(request, first, last)

    def _send(self, request: BaseHTTPRequestHandler, first: int, last: int) -> None:
        try:
            for at in range(first, last + 1, 16_384):
                piece = self.data[at : min(at + 16_384, last + 1)]
                if self.stop_after is not None and self.sent + len(piece) > self.stop_after:
                    self.sent = self.stop_after
                    request.close_connection = True
                    request.connection.close()
                    return
                request.wfile.write(piece)
                self.sent += len(piece)
        except OSError:
            request.close_connection = True
