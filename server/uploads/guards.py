"""What every answer under /uploads carries, and how a body is read and, when it is refused, let go."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import (
    ASGIApp,
    HTTPReceiveMessage,
    HTTPResponseBodyEvent,
    Message,
    Receive,
    Scope,
    Send,
    WebSocketReceiveMessage,
)

from server.uploads.errors import ClientGone
from server.uploads.protocol import VERSION

# After an answer that did not wait for the body: long enough to be read, too short for much to be sent in vain.
LINGER_S = 2.0


async def body_chunks(receive: Receive) -> AsyncIterator[bytes]:
    """The request's body as it comes; raises ClientGone when the connection ends before it does."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        if message["type"] == "http.request":
            if message["body"]:
                yield message["body"]
            if not message["more_body"]:
                return


class TusAnswers(ASGIMiddleware):
    """Tus-Resumable and no caching on every answer, errors included (tus 1.0.0, §Headers).

    An answer that comes before the whole body has come (a wrong offset, the storage away) closes the connection, so
    that gigabytes are not sent in vain. Closing at once would reset the connection, and the client would never see
    the answer: what comes in the next two seconds is read and thrown away (RFC 9112 §9.6).
    """

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Answer with the headers of tus; linger when the body was not read to its end."""
        ended = False

        async def receive_noting() -> HTTPReceiveMessage | WebSocketReceiveMessage:
            nonlocal ended
            message = await receive()
            ended = ended or message["type"] != "http.request" or not message.get("more_body", False)
            return message

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                headers["Tus-Resumable"] = VERSION
                headers.setdefault("Cache-Control", "no-store")
                if not ended and _has_body(scope):
                    headers["Connection"] = "close"
            if message["type"] == "http.response.body" and not (message.get("more_body") or ended) and _has_body(scope):
                await send(_body(message["body"], more=True))
                await _drain(receive_noting, lambda: ended)
                await send(_body(b"", more=False))
            else:
                await send(message)

        await next_app(scope, receive_noting, send_with_headers)


def _body(data: bytes, *, more: bool) -> HTTPResponseBodyEvent:
    return {"type": "http.response.body", "body": data, "more_body": more}


def _has_body(scope: Scope) -> bool:
    """Whether the request announced a body."""
    names = {name: value for name, value in scope["headers"]}
    return names.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in names


async def _drain(receive: Receive, is_over: Callable[[], bool]) -> None:
    """Read and forget until the body ends, the client goes, or LINGER_S have passed."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            while not is_over():
                await receive()
