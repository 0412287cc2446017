"""A web site of one's own: what it answers is set by tests, what it was asked is kept."""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Answer:
    """One answer. `cut`: the connection ends after so many bytes of the body; `before` is called first of all."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    before: Callable[[], object] | None = None


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    headers: Mapping[str, str]


class WebSite:
    """Answers by path. With an ETag or Last-Modified among an answer's headers, 304 where it was named."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[Asked] = []
        handler = type("Handler", (_Handler,), {"site": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._scheme = "http"
        if tls is not None:
            self._scheme = "https"
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """The address of a path."""
        return f"{self._scheme}://{host}:{self._server.server_port}{path}"

    @contextmanager
    def running(self) -> Iterator["WebSite"]:
        """Serve while the block runs."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    site: WebSite
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.site.asked.append(Asked(self.path, dict(self.headers)))
        answer = self.site.answers.get(self.path.split("?")[0], Answer(404))
        if answer.before is not None:
            answer.before()
        given = answer.headers
        same = (given.get("ETag"), given.get("Last-Modified"))
        named = (self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since"))
        if any(have and have == wanted for have, wanted in zip(same, named, strict=True)):
            self._send(Answer(304, headers=given))
        else:
            self._send(answer)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 304 and "Transfer-Encoding" not in answer.headers:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body[: answer.cut])
        if answer.cut is not None:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing is written."""
