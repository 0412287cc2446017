"""What one process works with to take uploads, and who in it is writing right now.

A root makes one Desk after the fork and hands in, per purpose, who consumes a finished upload, and who knows the
sessions: uploads know neither (DESIGN §5).
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from server.core.db import Db
from server.core.redis import listen, make_listener, publish
from server.core.runtime import Runtime

LET_GO = "uploads:let_go"
# Parts on their way to the storage at once, in one request and in the whole process: with one more part filling per
# request this bounds memory (8 MiB parts: 24 MiB for one upload, 128 MiB for eight).
FLYING_PER_REQUEST = 2
FLYING_PER_PROCESS = 8
SAVE_WAIT_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Target:
    """The session an upload is for, as far as uploads need to know it."""

    event_id: str
    session_id: str
    visibility: str
    do_not_record: bool


@dataclass(frozen=True, kw_only=True)
class FinishedUpload:
    """A whole file, stored as one object under `key`."""

    id: str
    event_id: str
    session_id: str
    user_id: str | None
    link_id: str | None
    purpose: str
    filename: str
    language: str
    key: str
    size_bytes: int
    slot: str = ""  # which of several of its kind it replaces, as the uploader says


class Consumer(Protocol):
    """Makes something of a finished upload, in the transaction that finishes it; returns the id of what it made.

    A SemmaError that is not retryable fails the upload, in the error's words.
    """

    async def __call__(self, db: Db, upload: FinishedUpload, /) -> str: ...


class Herald(Protocol):
    """Hears that an upload of a purpose began, and that it ended without a file, in the transactions that say so."""

    async def begun(self, db: Db, upload_id: str, session_id: str, /) -> None:
        """The upload was made."""

    async def ended(self, db: Db, upload_id: str, /) -> None:
        """It was terminated, expired or refused."""


class Writer(Protocol):
    """A request that is writing to an upload in this process."""

    def let_go(self, fence: int | None = None) -> None:
        """Stop, save and release, unless this writer's fence is above the one given."""


Locate = Callable[[Db, str], Awaitable[Target | None]]


@dataclass(kw_only=True)
class Desk:
    """Engines, limits, consumers and the writers of this process."""

    runtime: Runtime
    consumers: Mapping[str, Consumer]
    locate: Locate
    heralds: Mapping[str, Herald] = field(default_factory=dict)
    writers: dict[str, Writer] = field(default_factory=dict)
    flying: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(FLYING_PER_PROCESS))

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hear from other processes that a writer here shall let go, as long as the block lasts.

        At its end every writer here saves what has come; the engines must not be closed before.
        """
        hearing = asyncio.create_task(self._hear())
        try:
            yield
        finally:
            hearing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await hearing
            await self._let_all_go()

    async def _let_all_go(self) -> None:
        give_up_at = monotonic() + SAVE_WAIT_S
        while self.writers and monotonic() < give_up_at:
            for writer in list(self.writers.values()):
                writer.let_go()
            await asyncio.sleep(0.02)

    async def _hear(self) -> None:
        async with make_listener(self.runtime.redis_url) as redis:
            async for message in listen(redis, LET_GO):
                if message is not None:
                    self._tell(str(message.get("upload")), int(message.get("fence", 0)))

    def _tell(self, upload_id: str, fence: int) -> bool:
        writer = self.writers.get(upload_id)
        if writer is not None:
            writer.let_go(fence)
        return writer is not None

    async def ask_to_let_go(self, upload_id: str, fence: int) -> None:
        """Ask the writer with this fence, here or in another process, to stop, save and release."""
        if not self._tell(upload_id, fence):
            await publish(self.runtime.redis, LET_GO, {"upload": upload_id, "fence": fence})
