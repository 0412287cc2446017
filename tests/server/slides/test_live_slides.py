"""Slides in step in a room that is on air: a real ingest, pages that change, and a follower that is killed."""

import asyncio
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from server.core.clock import now
from server.core.ids import new_id
from server.core.redis import listen, make_listener
from server.core.runtime import Runtime
from server.core.settings import Settings
from server.core.storage import ObjectStore
from server.live.broadcasts import next_talk
from server.live.models import Broadcast
from server.room_programme import ROOM_PROGRAMME
from server.sessions.models import Session
from server.slides.keys import deck_prefix, page_path
from server.slides.live_cues import live_cues_of
from server.slides.models import READY, Deck, DeckPage, LiveCue
from tests.live.projector import Projector, projecting
from tests.server.live.hall import Hall, make_hall, open_hall
from tests.slide_films.decks import Deck as Drawn
from tests.slide_films.decks import make_deck
from tests.waiting import soon

LATEST_S = 5.0
NEAR_S = 1.5  # the very picture is told; its moment is that of its arrival, later on a machine that is busy


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path) -> str:
    """One kind of database: here it is about time."""
    (tmp_path / "semma.db").write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{tmp_path / 'semma.db'}"


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return make_deck(3, kind="bullets", pages=6)


class Lecture:
    """A talk of the hall that is on now, and its deck."""

    def __init__(self, hall: Hall, runtime: Runtime, drawn: Drawn) -> None:
        self.hall, self.runtime, self.drawn = hall, runtime, drawn
        self.session, self.deck = new_id(), new_id()

    async def plan(self, slug: str = "first", *, title: str = "Cranes") -> None:
        async with self.hall.database.write() as db:
            db.add(
                Session(
                    id=self.session, event_id=self.hall.event_id, room_id=self.hall.room_id, guid=slug, slug=slug,
                    title=title, starts_at=now() - timedelta(minutes=1), duration_ms=3_600_000,
                )
            )  # fmt: skip

    async def bring_deck(self, folder: Path) -> None:
        """Its pages are drawn and stored, as a worker leaves them."""
        files = self.drawn.write(folder, long_edge=800)
        for file in files:
            key = deck_prefix(self.deck) + page_path(1, file.number, "large")
            await self.hall.store.put(key, Path(file.picture).read_bytes(), content_type="image/webp")
        async with self.hall.database.write() as db:
            db.add(
                Deck(
                    id=self.deck, event_id=self.hall.event_id, session_id=self.session, slot="a", filename="s.pdf",
                    kind="pdf", size_bytes=1, key=f"decks/{self.deck}/file", state=READY, rendering=1,
                    page_count=len(files),
                )
            )  # fmt: skip
            await db.flush()
            for file in files:
                db.add(DeckPage(deck_id=self.deck, number=file.number, slide=file.slide, width_px=800, height_px=450))

    async def cues(self) -> list[LiveCue]:
        async with self.hall.database.read() as db:
            return await live_cues_of(db, self.session)

    async def told(self, page: int, *, after: int = 0) -> LiveCue:
        """The cue of this page, once it is told; `after` so many that there were before."""

        async def look() -> LiveCue | None:
            return next((one for one in (await self.cues())[after:] if one.page == page), None)

        found = await soon(look, timeout_s=60, what=f"page {page} to be told")
        assert found is not None and found.deck_id == self.deck
        return found

    async def turn_to(self, projector: Projector, page: int, *, near_s: float = NEAR_S) -> None:
        """The speaker goes on, and everybody hears of it in time."""
        before = len(await self.cues())
        shown_at = datetime.fromtimestamp(await asyncio.to_thread(projector.show, page), UTC)
        cue = await self.told(page, after=before)
        assert -0.1 <= (cue.wall - shown_at).total_seconds() <= near_s
        assert (cue.told_at - shown_at).total_seconds() <= LATEST_S


async def the_next_talk(hall: Hall, broadcast_id: str, session_id: str) -> None:
    """The organiser moves on."""
    assert hall.ingest is not None
    async with hall.database.write() as db:
        broadcast = await db.get_one(Broadcast, broadcast_id)
        await next_talk(db, hall.ingest.runtime, broadcast, ROOM_PROGRAMME, session_id=session_id)


def follower() -> int | None:
    """The process that looks at the room: a child of this one."""
    for entry in Path("/proc").iterdir():
        try:
            is_child = entry.name.isdigit() and f"\nPPid:\t{os.getpid()}\n" in (entry / "status").read_text()
            if is_child and b"live_child.py" in (entry / "cmdline").read_bytes():
                return int(entry.name)
        except OSError:
            continue
    return None


@pytest.mark.ffmpeg
@pytest.mark.timeout(180)
async def test_every_page_is_told_in_time_also_after_the_follower_was_killed(
    settings: Settings, runtime: Runtime, store: ObjectStore, drawn: Drawn, tmp_path: Path
) -> None:
    hall = await make_hall(settings, runtime.database, store, runtime)
    lecture = Lecture(hall, runtime, drawn)
    await lecture.plan()
    heard: list[dict[str, object]] = []
    redis = make_listener(settings.redis_url)

    async def hear() -> None:
        async for change in listen(redis, f"changes:{hall.event_id}"):
            if change and change["kind"] == "live_slides":
                heard.append(change)

    hearing = asyncio.create_task(hear())
    async with open_hall(hall, live_ladder="360"):
        with projecting(hall.main, drawn) as projector:
            broadcast = await hall.on_air()
            assert follower() is None
            await lecture.bring_deck(tmp_path / "pages")  # while the talk is on
            await lecture.told(1)
            for page in (2, 4):
                await lecture.turn_to(projector, page)
            killed = follower()
            assert killed is not None
            os.kill(killed, signal.SIGKILL)

            async def another() -> bool:
                return follower() not in (None, killed)

            await soon(another, what="another follower")
            # While that one begins nobody looks: the page is seen from its newest keyframe on.
            await lecture.turn_to(projector, 5, near_s=LATEST_S)
            await lecture.turn_to(projector, 1)
            following = Lecture(hall, runtime, drawn)
            await following.plan("next", title="Herons")
            await following.bring_deck(tmp_path / "pages")
            await the_next_talk(hall, broadcast.id, following.session)
            await following.told(1)
            await following.turn_to(projector, 3)
            await hall.end(broadcast.id)
        assert follower() is None
    hearing.cancel()
    cues = [*await lecture.cues(), *await following.cues()]
    assert [cue.page for cue in cues if cue.page is not None] == [1, 2, 4, 5, 1, 1, 3]
    assert [(one["session"], one["page"], one["at"]) for one in heard] == [
        (cue.session_id, cue.page, cue.wall.isoformat()) for cue in cues
    ]
    # The stream knew nothing of it.
    assert not any(row.slate or row.discontinuity for row in await hall.segments())
    assert list(settings.scratch_path.glob("live-slides-*")) == []
    async with hall.database.read() as db:
        assert len(list(await db.scalars(select(LiveCue)))) == len(cues)
