"""Web servers of one's own in this process: a site whose answers are set by tests, which keeps what it was asked."""

import ssl
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


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


class LocalServer(ABC):
    """Serves on a loopback port in threads of its own; what it answers to a GET is a subclass's business."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        handler = type("Handler", (_Handler,), {"server_of_it": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._scheme = "http"
        if tls is not None:
            self._scheme = "https"
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)

    @abstractmethod
    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one GET."""

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """The address of a path."""
        return f"{self._scheme}://{host}:{self._server.server_port}{path}"

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Serve while the block runs."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server_of_it: LocalServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server_of_it.answer(self)

    def log_message(self, *_: object) -> None:
        """Nothing is written."""


class WebSite(LocalServer):
    """Answers by path. With an ETag or Last-Modified among an answer's headers, 304 where it was named."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self.answers: dict[str, Answer] = {}
        self.asked: list[Asked] = []

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.asked.append(Asked(request.path, dict(request.headers)))
        answer = self.answers.get(request.path.split("?")[0], Answer(404))
        if answer.before is not None:
            answer.before()
        given = answer.headers
        same = (given.get("ETag"), given.get("Last-Modified"))
        named = (request.headers.get("If-None-Match"), request.headers.get("If-Modified-Since"))
        if any(have and have == wanted for have, wanted in zip(same, named, strict=True)):
            _send(request, Answer(304, headers=given))
        else:
            _send(request, answer)


def _send(request: BaseHTTPRequestHandler, answer: Answer) -> None:
    request.send_response(answer.status)
    for name, value in answer.headers.items():
        request.send_header(name, value)
    if answer.status != 304 and "Transfer-Encoding" not in answer.headers:
        request.send_header("Content-Length", str(len(answer.body)))
    request.end_headers()
    request.wfile.write(answer.body[: answer.cut])
    if answer.cut is not None:
        request.close_connection = True
