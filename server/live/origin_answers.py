"""Answers of the live origin as plain ASGI messages: the same bytes to everybody who waits, no copy, no framework."""

from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from server.core.errors import SemmaError
from server.core.http import PROBLEM, Problem, status_of, title_of
from server.core.metrics import MEDIA_BYTES
from server.core.ranges import Unsatisfiable, wanted_span
from server.media.playlist_live import Text

Header = tuple[bytes, bytes]
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]

_CORS: tuple[Header, ...] = (
    (b"access-control-allow-origin", b"*"),  # the token is in the path; no cookie is ever looked at here
    (b"access-control-expose-headers", b"Age, Date, Content-Length, Content-Range"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"x-content-type-options", b"nosniff"),
)
_PLAYLIST: tuple[Header, ...] = (
    (b"content-type", b"application/vnd.apple.mpegurl"),
    (b"vary", b"Accept-Encoding"),
    *_CORS,
)
_GZIP: Header = (b"content-encoding", b"gzip")
_TYPES = {"m4s": b"video/iso.segment", "mp4": b"video/mp4"}


@dataclass(slots=True)
class Answer:
    """Status, headers and the pieces of the body; a stream of unknown pieces when `stream` is there."""

    status: int
    headers: Sequence[Header]
    pieces: Sequence[bytes] = ()
    stream: AsyncIterator[bytes] | None = None


def header_of(scope: Scope, name: bytes) -> bytes | None:
    """A request's header; ASGI gives names in lower case."""
    for found, value in scope["headers"]:
        if found == name:
            return bytes(value)
    return None


def playlist(scope: Scope, text: Text, *, cache: bytes) -> Answer:
    """A playlist, compressed for who takes that."""
    accepted = header_of(scope, b"accept-encoding")
    if accepted is not None and b"gzip" in accepted:
        body = text.gzip
        return Answer(200, [*_PLAYLIST, _GZIP, (b"cache-control", cache), _length(len(body))], (body,))
    body = text.plain
    return Answer(200, [*_PLAYLIST, (b"cache-control", cache), _length(len(body))], (body,))


def media(scope: Scope, kind: str, pieces: Sequence[bytes], *, kept_s: int) -> Answer:
    """Bytes from memory, or the asked range of them (RFC 9110 §14)."""
    size_bytes = sum(map(len, pieces))
    headers = media_headers(kind, kept_s=kept_s)
    asked = header_of(scope, b"range")
    if asked is None:
        return Answer(200, [*headers, _length(size_bytes)], pieces)
    try:
        span = wanted_span(asked.decode("latin-1"), size_bytes=size_bytes)
    except Unsatisfiable:
        return Answer(416, [*headers, (b"content-range", b"bytes */%d" % size_bytes), _length(0)])
    if span is None:
        return Answer(200, [*headers, _length(size_bytes)], pieces)
    body = b"".join(pieces)[span.first : span.last + 1]
    place = b"bytes %d-%d/%d" % (span.first, span.last, size_bytes)
    return Answer(206, [*headers, (b"content-range", place), _length(len(body))], (body,))


def media_headers(kind: str, *, kept_s: int) -> list[Header]:
    """Headers of a segment, part or init: its name is never given to other bytes."""
    return [
        (b"content-type", _TYPES[kind]),
        (b"cache-control", b"public, max-age=%d, immutable" % max(kept_s, 0)),
        (b"accept-ranges", b"bytes"),
        *_CORS,
    ]


def json_answer(body: Any) -> Answer:
    """A small JSON answer that no cache keeps."""
    data = msgspec.json.encode(body)
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store"), *_CORS, _length(len(data))]
    return Answer(200, headers, (data,))


def problem(error: SemmaError) -> Answer:
    """An error of the domain as problem+json (RFC 9457)."""
    status = status_of(error)
    body = msgspec.json.encode(Problem(title=title_of(status), status=status, code=error.code, detail=error.detail))
    headers: list[Header] = [
        (b"content-type", PROBLEM.encode()),
        (b"cache-control", b"no-store"),
        *_CORS,
        _length(len(body)),
    ]
    return Answer(status, headers, (body,))


def no_method(allowed: bytes) -> Answer:
    """405, saying which methods there are."""
    return Answer(405, [(b"allow", allowed), *_CORS, _length(0)])


def preflight() -> Answer:
    """What a browser asks before another site's player sends a range or a beacon (Fetch §3.3)."""
    headers = [
        (b"access-control-allow-methods", b"GET, HEAD, POST"),
        (b"access-control-allow-headers", b"Range, Content-Type"),
        (b"access-control-max-age", b"86400"),
    ]
    return Answer(204, [*headers, *_CORS])


def _length(size_bytes: int) -> Header:
    return (b"content-length", b"%d" % size_bytes)


async def send_answer(scope: Scope, send: Send, answer: Answer) -> None:
    """Send it; the body not to who asked for the head only."""
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    if scope["method"] == "HEAD":
        await send({"type": "http.response.body", "body": b""})
    elif answer.stream is not None:
        async for piece in answer.stream:
            MEDIA_BYTES.inc(len(piece))
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    elif len(answer.pieces) == 1:
        await send({"type": "http.response.body", "body": answer.pieces[0]})
    else:
        for piece in answer.pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
