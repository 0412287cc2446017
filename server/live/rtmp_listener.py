"""Takes encoders over RTMP: one task a connection, which ends with it and harms no other.

A connection has a few seconds to bring a valid key, then is a feed of its room until the encoder leaves, falls silent
or is dropped. When the room does not read, the socket is not read: memory stays bounded and TCP holds the encoder
back. Stream keys are never logged.
"""

import asyncio
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass

import structlog

from server.core.errors import SemmaError
from server.live.feed import Admission, Reception
from server.live.proxy_line import BadProxyLine, read_proxy_line
from server.live.rtmp_feed import RtmpFeed
from server.media.rtmp import Event, Media, Metadata, PublishRequest, RtmpSession, Unpublish
from server.media.rtmp_chunks import BadRtmp

log = structlog.get_logger(__name__)

_READ_BYTES = 64 << 10
_STOPPING = "The service is being restarted; the encoder may connect again at once."
_FAILED = "Something went wrong here; try again."


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a connection may take, in seconds, and how much it may send before it has shown a key."""

    publish_s: float = 10.0  # from the connection to a checked key
    silent_s: float = 10.0  # without any byte from a publisher, or with answers it does not take
    taken_s: float = 0.2  # how long the room may think before the encoder is told to send
    linger_s: float = 2.0  # for the last words to arrive before the connection is closed
    unknown_bytes: int = 64 << 10
    waiting: int = 256  # connections without a key yet
    waiting_per_address: int = 32


class _Left(Exception):
    """The encoder has gone, or must go: says why, for the log."""


class RtmpListener:
    """The RTMP port. `start`, then `close`; `port` is the real one when 0 was asked for.

    `takes_enhanced`: ffmpeg is new enough (6.1) to read HEVC and AV1 from FLV. `proxies`: addresses whose connections
    may begin with a line of the PROXY protocol (the TLS proxy's), so that attempts are counted by encoder.
    """

    def __init__(
        self,
        reception: Reception,
        *,
        host: str,
        port: int,
        takes_enhanced: bool = False,
        proxies: Collection[str] = (),
        patience: Patience | None = None,
    ) -> None:
        self.port = port
        self._proxies = frozenset(proxies)
        self._reception = reception
        self._host = host
        self._takes_enhanced = takes_enhanced
        self._patience = patience or Patience()
        self._server: asyncio.Server | None = None
        self._is_closed = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: Counter[str] = Counter()

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        self._server = await asyncio.start_server(self._welcome, self._host, self.port, limit=_READ_BYTES)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and send every encoder away."""
        self._is_closed = True
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if self._is_closed or task is None:
            writer.close()
            return
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        connection = _Connection(reader, writer, self._patience)
        try:
            await self._talk(connection)
        except asyncio.CancelledError:
            connection.session.refuse(_STOPPING, "NetStream.Publish.Denied")
            connection.send_nowait()
        except _Left as left:
            log.info("rtmp.left", peer=connection.peer, reason=str(left))
        except (BadRtmp, BadProxyLine, SemmaError, OSError, EOFError, asyncio.LimitOverrunError) as error:
            log.info("rtmp.gone", peer=connection.peer, reason=str(error) or type(error).__name__)
        except Exception:
            log.exception("rtmp.failed", peer=connection.peer)
        finally:
            writer.close()

    async def _talk(self, connection: "_Connection") -> None:
        if connection.peer in self._proxies:
            async with asyncio.timeout(self._patience.publish_s):
                await connection.learn_peer()
        peer = connection.peer
        if self._waiting.total() >= self._patience.waiting or self._waiting[peer] >= self._patience.waiting_per_address:
            raise _Left("too many connections wait to show a key")
        self._waiting[peer] += 1
        try:
            async with asyncio.timeout(self._patience.publish_s):
                request, events = await connection.until_publish()
                admission = await self._admit(request, connection)
        finally:
            self._waiting[peer] -= 1
            self._waiting += Counter()  # forgets addresses that wait for nothing
        feed = RtmpFeed(admission, peer, takes_enhanced=self._takes_enhanced)
        await _serve(feed, connection, self._reception, events)

    async def _admit(self, request: PublishRequest, connection: "_Connection") -> Admission:
        try:
            return await self._reception.admit(request.stream_key, peer=connection.peer)
        except SemmaError as refusal:
            await connection.refuse(refusal.detail)
            raise _Left(f"refused: {refusal.code}") from None
        except Exception:
            await connection.refuse(_FAILED, "NetStream.Publish.Failed")
            raise


async def _serve(feed: RtmpFeed, connection: "_Connection", reception: Reception, events: list[Event]) -> None:
    """Let the room read the feed, and fill it, until one of both has enough."""
    serving = asyncio.ensure_future(reception.serve(feed))
    filling = asyncio.ensure_future(_fill(feed, connection, serving, events))
    dropped = asyncio.ensure_future(feed.dropped.wait())
    try:
        await asyncio.wait({serving, filling, dropped}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done() or dropped.done():
            filling.cancel()
            await asyncio.wait({filling})
            await _say_goodbye(feed, connection, serving)
        else:
            feed.finish()  # the encoder is gone; the room still has what is queued to read
            await connection.part()
            await asyncio.wait({serving})
            serving.result()
            filling.result()
    except asyncio.CancelledError:
        feed.drop(_STOPPING)
        await asyncio.wait({serving}, timeout=connection.patience.linger_s)
        raise
    finally:
        feed.finish()
        for task in (serving, filling, dropped):
            task.cancel()
        await asyncio.gather(serving, filling, dropped, return_exceptions=True)


async def _say_goodbye(feed: RtmpFeed, connection: "_Connection", serving: asyncio.Future[None]) -> None:
    """The room has enough of the encoder: tell it why."""
    failure = serving.exception() if serving.done() else None
    if isinstance(failure, SemmaError):
        await connection.refuse(failure.detail)
        raise _Left(f"refused: {failure.code}")
    if failure is not None:
        await connection.refuse(_FAILED, "NetStream.Publish.Failed")
        raise failure
    await connection.refuse(feed.drop_reason or "The broadcast has ended.", "NetStream.Publish.Denied")
    if not serving.done():
        await asyncio.wait({serving})  # it sees the feed's end
    raise _Left(f"sent away: {feed.drop_reason or 'the room has ended'}")


async def _fill(feed: RtmpFeed, connection: "_Connection", serving: asyncio.Future[None], events: list[Event]) -> None:
    """Bring what the encoder sends into the feed, as fast as the room reads, until the encoder leaves."""
    # A room that is taken says so at once; then the encoder should hear that and not "send".
    await asyncio.wait({serving}, timeout=connection.patience.taken_s)
    if serving.done():
        return
    connection.session.accept()
    await connection.send()
    log.info("rtmp.publishing", peer=connection.peer, room=feed.admission.room_id, role=feed.admission.role)
    while True:
        for event in events:
            if isinstance(event, Unpublish):
                raise _Left("the encoder has stopped")
            if isinstance(event, Media | Metadata):
                await _take(feed, event, connection)
        events = await connection.receive(connection.patience.silent_s)


async def _take(feed: RtmpFeed, event: Media | Metadata, connection: "_Connection") -> None:
    try:
        await feed.take(event)
    except SemmaError as refusal:
        await connection.refuse(refusal.detail, "NetStream.Publish.Denied")
        raise _Left(f"refused: {refusal.code}") from None


class _Connection:
    """One socket with its protocol state."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, patience: Patience) -> None:
        self.session = RtmpSession()
        self.patience = patience
        self._reader = reader
        self._writer = writer
        address = writer.get_extra_info("peername")
        self.peer = str(address[0]) if address else ""

    async def learn_peer(self) -> None:
        """Read whom the proxy speaks for, if it says so: an RTMP handshake begins with no letter."""
        first = await self._reader.readexactly(1)
        if first == b"P":
            self.peer = read_proxy_line(first + await self._reader.readuntil(b"\n")) or self.peer
        else:
            self.session.receive(first)

    async def until_publish(self) -> tuple[PublishRequest, list[Event]]:
        """The request to publish, and the events that already came behind it."""
        while True:
            events = await self.receive(self.patience.publish_s)
            for index, event in enumerate(events):
                if isinstance(event, PublishRequest):
                    return event, events[index + 1 :]
            if self.session.received_bytes > self.patience.unknown_bytes:
                raise _Left("sent much and no key")

    async def receive(self, silent_s: float) -> list[Event]:
        """The events of the next read, after the session's answers were sent. Raises _Left at the end."""
        try:
            async with asyncio.timeout(silent_s):
                data = await self._reader.read(_READ_BYTES)
        except TimeoutError:
            raise _Left(f"silent for {silent_s:g} s") from None
        if not data:
            raise _Left("the connection was closed")
        events = self.session.receive(data)
        await self.send()
        return events

    async def send(self) -> None:
        """Send what the session has to say; an encoder that does not take it has gone."""
        if self.send_nowait():
            async with asyncio.timeout(self.patience.silent_s):
                await self._writer.drain()

    def send_nowait(self) -> bool:
        """Hand what the session has to say to the socket; whether there was anything."""
        output = self.session.take_output()
        if output and not self._writer.is_closing():
            self._writer.write(output)
        return bool(output)

    async def refuse(self, description: str, code: str = "NetStream.Publish.BadName") -> None:
        """Say no in words, and part."""
        self.session.refuse(description, code)
        await self.part()

    async def part(self) -> None:
        """Close after both sides had their say: closing at once would discard our words, and break the encoder's."""
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(self.patience.linger_s):
                await self.send()
                if self._writer.can_write_eof():
                    self._writer.write_eof()
                while await self._reader.read(_READ_BYTES):
                    pass
        self.close()

    def close(self) -> None:
        """Close the socket."""
        self._writer.close()
