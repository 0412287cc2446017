"""The stream of changes through a real web server and a real Valkey, its restart included."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from server.app import create_app
from server.core.changes import announce
from server.core.db import Database
from server.core.redis import make_redis
from server.core.settings import Settings
from server.engines import launch_valkey
from server.events.editions import create_event
from server.events.routes import changes as changes_routes
from server.programs import web_argv
from tests.server.events.people import Asker, somebody
from tests.waiting import soon


@asynccontextmanager
async def web_server(settings: Settings) -> AsyncIterator[str]:
    """The application behind uvicorn, in this loop."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        create_app(settings), log_config=None, access_log=False, timeout_graceful_shutdown=5, lifespan="on"
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))

    async def started() -> bool:
        return server.started or serving.done()

    await soon(started)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


class Stream:
    """What one open stream has told so far."""

    def __init__(self) -> None:
        self.lines: asyncio.Queue[str | None] = asyncio.Queue()

    async def next(self, *starts: str) -> str:
        """The next line that starts like one of these."""
        async with asyncio.timeout(30):
            while True:
                line = await self.lines.get()
                assert line is not None, "the stream ended"
                if line.startswith(starts):
                    return line

    async def change(self) -> dict[str, Any]:
        """The next change."""
        await self.next("event: change")
        found: dict[str, Any] = json.loads((await self.next("data: ")).removeprefix("data: "))
        return found

    async def end(self) -> None:
        """Wait until the server ends the stream."""
        async with asyncio.timeout(30):
            while await self.lines.get() is not None:
                pass


@asynccontextmanager
async def following(base: str, asker: Asker, **headers: str) -> AsyncIterator[Stream]:
    """An open stream of the event's changes."""
    stream = Stream()
    async with (
        httpx.AsyncClient(base_url=base, timeout=60) as client,
        client.stream("GET", "/api/v1/events/seminar/changes", headers=asker.headers | headers) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"

        async def read() -> None:
            async for line in answer.aiter_lines():
                stream.lines.put_nowait(line)
            stream.lines.put_nowait(None)

        reading = asyncio.create_task(read())
        assert await stream.next("retry: ") == "retry: 3000"
        try:
            yield stream
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError, httpx.HTTPError):
                await reading


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    with launch_valkey(folder) as engine:
        yield engine.url


async def _seminar(database: Database) -> str:
    async with database.write() as db:
        return (await create_event(db, title="Seminar")).id


async def test_viewers_and_organisers_follow_an_event(
    kept_settings: Settings, database: Database, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes_routes, "PING_EVERY_S", 0.2)
    event_id = await _seminar(database)
    async with web_server(kept_settings) as base, httpx.AsyncClient(base_url=base) as client:
        viewer = Asker(client)
        organiser = await somebody(client, database, roles=(("organiser", event_id, None),))
        async with following(base, viewer) as seen, following(base, organiser) as all_seen:
            await all_seen.next(": ping")
            redis = make_redis(valkey_url)
            work = {"kind": "recording", "id": "r", "state": "encoding", "progress": 0.5, "published": False}
            async with database.write() as db:
                announce(db, redis, event_id=event_id, change=work)
            await redis.aclose()
            room = await organiser.post("/events/seminar/rooms", {"name": "Hall"})
            told = {"kind": "room", "id": room["id"], "act": "created", "version": 1}
            assert await seen.change() == told
            assert await all_seen.change() == work
            assert await all_seen.change() == told
            session = await organiser.post("/events/seminar/sessions", {"title": "A talk"})
            await organiser.patch(f"/sessions/{session['id']}", {"title": "The talk"})
            await organiser.delete(f"/sessions/{session['id']}")
            await organiser.post(f"/sessions/{session['id']}/restore", status=200)
            for act in ("created", "changed", "deleted", "restored"):
                change = await seen.change()
                assert (change["kind"], change["id"], change["act"]) == ("session", session["id"], act)
            # Closed doors: the stream ends, and coming back is refused.
            await organiser.patch("/events/seminar", {"visibility": "closed"})
            assert (await seen.change())["kind"] == "event"
            await seen.end()
            await viewer.refused("GET", "/events/seminar/changes", "auth.required", status=401)
        async with following(base, organiser, **{"Last-Event-ID": "7"}) as again:
            await again.next("event: resync")


@pytest.mark.parametrize("kept_settings", ["sqlite"], indirect=True)
async def test_a_stream_survives_the_restart_of_redis(
    kept_settings: Settings, database: Database, tmp_path: Path
) -> None:
    event_id = await _seminar(database)
    engine = valkey(tmp_path / "own")
    url = await asyncio.to_thread(engine.__enter__)
    async with web_server(replace(kept_settings, redis_url=url)) as base, httpx.AsyncClient(base_url=base) as client:
        organiser = await somebody(client, database, roles=(("organiser", event_id, None),))
        client.timeout = httpx.Timeout(30)
        async with following(base, organiser) as stream:
            await organiser.post("/events/seminar/rooms", {"name": "One"})
            assert (await stream.change())["act"] == "created"
            await asyncio.to_thread(engine.__exit__, None, None, None)
            await organiser.post("/events/seminar/rooms", {"name": "Two"})
            # A stream opened while Redis is away starts all the same, and is told once it is back.
            async with following(base, organiser) as late:
                engine = valkey(tmp_path / "own")
                assert await asyncio.to_thread(engine.__enter__) == url
                await stream.next("event: resync")
                await late.next("event: resync")
                room = await organiser.post("/events/seminar/rooms", {"name": "Three"})
                assert (await stream.change())["id"] == (await late.change())["id"] == room["id"]
    await asyncio.to_thread(engine.__exit__, None, None, None)


@pytest.mark.parametrize("kept_settings", ["sqlite"], indirect=True)
async def test_an_open_stream_does_not_hold_up_the_end_of_the_process(
    kept_settings: Settings, database: Database, tmp_path: Path
) -> None:
    await _seminar(database)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    argv = web_argv(host="127.0.0.1", port=port, workers=1, trusted_proxies="")
    environment = os.environ | {
        "SEMMA_DATA_DIR": str(tmp_path),
        "SEMMA_SECRET_KEY": kept_settings.secret_key,
        "DATABASE_URL": kept_settings.database_url,
        "REDIS_URL": kept_settings.redis_url,
        "S3_ENDPOINT_URL": kept_settings.s3_endpoint_url,
        "S3_BUCKET": "none",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
    }
    log_path = tmp_path / "web.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(argv, env=environment, stdout=log, stderr=log)
    try:
        base = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=base) as client:

            async def alive() -> bool:
                assert process.poll() is None, log_path.read_text()
                with contextlib.suppress(httpx.TransportError):
                    return (await client.get("/healthz")).status_code == 200
                return False

            await soon(alive, timeout_s=60)
            async with following(base, Asker(client)) as stream:
                process.send_signal(signal.SIGTERM)
                await stream.end()
        await asyncio.to_thread(process.wait, 30)
        assert "graceful shutdown exceeded" not in log_path.read_text()
    finally:
        process.kill()
        process.wait()
