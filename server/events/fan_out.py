"""Tell everybody who looks at an event what changes, through one Redis subscription a process and event.

A listener has a bounded queue that drops the oldest: one slow browser costs nobody memory. Whatever may have been
missed (a full queue, Redis gone and back) becomes one `RESYNC`: fetch the present state. Public changes go to all who
may see the event, the others (work in progress, errors) to its organisers.
"""

import asyncio
import contextlib
from collections import deque
from typing import Any

import msgspec
import structlog

from server.core.redis import listen, make_listener

log = structlog.get_logger(__name__)

MOST_WAITING = 256
# Kinds of things whose changes everybody who may see the event may hear of; a recording's once it is published.
_PUBLIC_KINDS = frozenset({"event", "room", "track", "session", "broadcast", "stretch"})
_ORGANISERS_ONLY = frozenset({"error", "public"})

RESYNC = b"event: resync\ndata: {}\n\n"
PING = b": ping\n\n"


def public_view(change: dict[str, Any]) -> dict[str, Any] | None:
    """What viewers may hear of a change; None when nothing. An announcement may also say `"public": true` itself."""
    is_public = change.get("kind") in _PUBLIC_KINDS or change.get("published") is True
    if not change.get("public", is_public):
        return None
    return {name: value for name, value in change.items() if name not in _ORGANISERS_ONLY}


def as_event(change: dict[str, Any], number: int) -> bytes:
    """A change as a server-sent event; its id makes a returning browser send Last-Event-ID (HTML §9.2)."""
    return b"id: %d\nevent: change\ndata: %b\n\n" % (number, msgspec.json.encode(change))


class Listener:
    """One open stream's queue."""

    def __init__(self, *, organises: bool) -> None:
        self.organises = organises
        self.unheard = False  # opened while the subscription did not stand
        self._waiting: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._missed = False
        self.ended = False

    def put(self, message: bytes) -> None:
        """Add a message; when the queue is full the oldest goes and the listener will be told to resync."""
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self._missed = True
        self._waiting.append(message)
        self._wake.set()

    def resync(self) -> None:
        """Tell the listener that something may have been missed; what still waits is part of that."""
        self._waiting.clear()
        self._missed = True
        self._wake.set()

    def end(self) -> None:
        """Let the stream end once what waits was sent: the browser comes back and is asked anew who it is."""
        self.ended = True
        self._wake.set()

    async def take(self, *, timeout_s: float) -> bytes:
        """What waits, in one piece; a ping when nothing came in time."""
        if not self._waiting and not self._missed and not self.ended:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), timeout_s)
        self._wake.clear()
        pieces = [RESYNC] if self._missed else []
        self._missed = False
        pieces += self._waiting
        self._waiting.clear()
        return b"".join(pieces) or (b"" if self.ended else PING)


class _Channel:
    """The listeners of one event, and the task that reads for them."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self.number = 0
        self.connected = asyncio.Event()
        self.reader: asyncio.Task[None] | None = None

    def reconnected(self) -> None:
        """The subscription stands (again): who may have missed something is told."""
        again = self.connected.is_set()
        self.connected.set()
        for listener in self.listeners:
            if again or listener.unheard:
                listener.unheard = False
                listener.resync()

    def deliver(self, change: dict[str, Any]) -> None:
        """Give one change to everybody it is for; encoded once for each audience."""
        self.number += 1
        public = public_view(change)
        for_all = as_event(public, self.number) if public is not None else None
        for_organisers = as_event(change, self.number)
        for listener in self.listeners:
            message = for_organisers if listener.organises else for_all
            if message is not None:
                listener.put(message)
        if change.get("kind") == "event":
            # Its visibility may have changed: everybody is asked again whether they may see it.
            for listener in self.listeners:
                listener.end()


class ChangeFanOut:
    """All open streams of this process."""

    def __init__(self, redis_url: str) -> None:
        self._redis_url = redis_url
        self._channels: dict[str, _Channel] = {}
        self._closing = False

    def join(self, event_id: str, *, organises: bool) -> Listener:
        """Start to listen to an event; `leave` must follow. Never waits."""
        listener = Listener(organises=organises)
        if self._closing:
            listener.end()
            return listener
        channel = self._channels.get(event_id)
        if channel is None:
            channel = self._channels[event_id] = _Channel()
            channel.reader = asyncio.create_task(self._read(event_id, channel), name=f"changes:{event_id}")
        channel.listeners.add(listener)
        return listener

    def leave(self, event_id: str, listener: Listener) -> None:
        """Stop listening. Never waits, so that it works while being cancelled; leaving twice does no harm."""
        channel = self._channels.get(event_id)
        if channel is None:
            return
        channel.listeners.discard(listener)
        if not channel.listeners:
            del self._channels[event_id]
            if channel.reader is not None:
                channel.reader.cancel()

    async def until_connected(self, event_id: str, listener: Listener, *, timeout_s: float) -> None:
        """Wait until the event's subscription stands: nothing announced later is missed.

        When the time is over before, the listener is told to resync once it does.
        """
        channel = self._channels.get(event_id)
        if channel is None:
            return
        try:
            await asyncio.wait_for(channel.connected.wait(), timeout_s)
        except TimeoutError:
            listener.unheard = True

    def end_all(self) -> None:
        """End every stream and take no new one: the process is asked to stop. Browsers come back by themselves."""
        self._closing = True
        for channel in self._channels.values():
            for listener in channel.listeners:
                listener.end()

    async def close(self) -> None:
        """End every stream and subscription."""
        self.end_all()
        readers = [channel.reader for channel in self._channels.values() if channel.reader is not None]
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        self._channels.clear()

    def reopen(self) -> None:
        """Take streams again after `close`: an application may be started more than once in one process."""
        self._closing = False

    async def _read(self, event_id: str, channel: _Channel) -> None:
        redis = make_listener(self._redis_url)
        try:
            async for change in listen(redis, f"changes:{event_id}"):
                if change is None:
                    channel.reconnected()
                else:
                    channel.deliver(change)
        finally:
            await redis.aclose()
