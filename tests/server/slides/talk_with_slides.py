"""A talk with a recording and a deck as they stand in the rows, and results as the matcher brings them."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import httpx
from sqlalchemy import select

from server.core.clock import now
from server.core.ids import new_id
from server.core.jobs import DONE, ENDED, JobRow, enqueue
from server.core.runtime import Runtime
from server.recordings.models import READY, Recording, Rendition, Source
from server.slides.jobs import MATCH, DecksChanged, MatchSlides
from server.slides.models import READY as DRAWN
from server.slides.models import Deck, DeckPage, SlideSync
from server.slides.sync import Outcome, keep_outcome, take_turn
from server.slides.sync_found import Found, FoundCue, FoundDoubt, FoundRegion
from server.slides.sync_inputs import read_inputs
from tests.server.uploads.world import World
from workers.runtime import run_claimed

TITLES = ("Cranes in autumn", "How we counted", "How we counted", "What we found", "", "Thank you")
SLIDES = (1, 2, 2, 3, 4, 5)  # pages 2 and 3 are build steps of one
QUAD = (0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0)
# What the matcher finds, in seconds: (start, page)
FOUND = ((0, None), (30, 1), (90, 2), (150, 3), (240, 4), (300, 5), (330, 4), (400, 6))
DURATION_S = 480


@dataclass
class Talk:
    """The world's talk."""

    client: httpx.AsyncClient
    runtime: Runtime
    world: World
    recording: str = ""
    source: str = ""

    @property
    def root(self) -> str:
        return f"/api/v1/sessions/{self.world.talk}"

    async def record(
        self,
        *,
        seconds: int = DURATION_S,
        published: bool = True,
        has_picture: bool = True,
        cut: list[Any] | None = None,
    ) -> str:
        """A complete recording of one uploaded source, the newest; returns its id."""
        self.source, self.recording = new_id(), new_id()
        ranges = cut or [{"source_id": self.source, "start_ms": 0, "end_ms": None}]
        recording = Recording(
            id=self.recording, event_id=self.world.event, session_id=self.world.talk, state=READY, playable=True,
            published_at=now() if published else None, cut=ranges, duration_ms=seconds * 1000,
        )  # fmt: skip
        async with self.runtime.database.write() as db:
            db.add(Source(id=self.source, event_id=self.world.event, key=f"sources/{self.source}", size_bytes=1))
            db.add(recording)
            await db.flush()
            kind = "video" if has_picture else "audio"
            db.add(Rendition(recording_id=self.recording, name="360p", kind=kind, width=640, height=360))
        return self.recording

    async def draw(
        self, titles: tuple[str, ...] = TITLES, slides: tuple[int, ...] = SLIDES, *, slot: str = "", revision: int = 1
    ) -> str:
        """A deck with its pages, in place of the older ones of its slot; returns its id."""
        deck, slot = new_id(), slot or "a"
        async with self.runtime.database.write() as db:
            for older in await db.scalars(select(Deck).where(Deck.slot == slot)):
                older.replaced_at = now()
            db.add(
                Deck(id=deck, event_id=self.world.event, session_id=self.world.talk, slot=slot, revision=revision,
                     filename="s.pdf", kind="pdf", size_bytes=1, key=f"decks/{deck}/file", state=DRAWN, rendering=1,
                     page_count=len(titles))
            )  # fmt: skip
            await db.flush()
            for number, (title, slide) in enumerate(zip(titles, slides, strict=True), 1):
                text = f"{title or 'photograph'} part {titles[:number].count(title)}"
                db.add(DeckPage(deck_id=deck, number=number, slide=slide, title=title, label=str(number), width_px=1600,
                                height_px=900, text=text))  # fmt: skip
        return deck

    async def settle(self) -> None:
        """A fact arrived, and a worker acts on it."""
        async with self.runtime.database.write() as db:
            job = await enqueue(db, DecksChanged(session=self.world.talk), subject=self.world.talk)
        await run_claimed(self.runtime, job, owner="test")

    async def follow(self, fact: str) -> None:
        """A worker acts on the facts of this name that arrived."""
        async with self.runtime.database.read() as db:
            jobs = list(await db.scalars(select(JobRow.id).where(JobRow.name == fact, JobRow.state.not_in(ENDED))))
        assert jobs, f"nobody said {fact}"
        for job in jobs:
            await run_claimed(self.runtime, job, owner="test")

    async def sync(self) -> SlideSync:
        async with self.runtime.database.read() as db:
            return await db.get_one(SlideSync, self.world.talk)

    async def orders(self) -> list[MatchSlides]:
        """What is waiting to be matched."""
        async with self.runtime.database.read() as db:
            rows = await db.scalars(select(JobRow).where(JobRow.name == MATCH, JobRow.state.not_in(ENDED)))
            return [MatchSlides(**row.arguments) for row in rows]

    async def bring(
        self,
        order: MatchSlides,
        found: tuple[tuple[int, int | None], ...] = FOUND,
        *,
        end_s: int = DURATION_S,
        start_s: int = 0,
        unsure: tuple[FoundDoubt, ...] = (),
        source: str = "",
    ) -> None:
        """The matcher's answer to an order."""
        ends = [start for start, _page in found[1:]] + [end_s]
        async with self.runtime.database.write() as db:
            await take_turn(db, self.runtime, order)
            inputs = await read_inputs(db, self.world.talk)
            assert inputs is not None
            deck = inputs.decks[0].id
            cues = tuple(
                FoundCue(max(start, start_s) * 1000, end * 1000, (deck, page) if page else None, 0.95, "features")
                for (start, page), end in zip(found, ends, strict=True)
            )
            regions = (FoundRegion(1, QUAD),)
            one = Found(decks=inputs.looked_for, cues=cues, unsure=unsure, regions=regions)
            outcome = Outcome(looked_for=inputs.looked_for, found={source or self.source: one}, anew=order.anew)
            await keep_outcome(db, self.runtime, order, outcome)
            for row in await db.scalars(select(JobRow).where(JobRow.name == MATCH, JobRow.state.not_in(ENDED))):
                row.state = DONE if row.arguments["turn"] == order.turn else row.state

    async def matched(self, found: tuple[tuple[int, int | None], ...] = FOUND, **more: Any) -> str:
        """Recording, deck and cues; returns the deck's id."""
        await self.record()
        deck = await self.draw()
        await self.settle()
        await self.bring((await self.orders())[0], found, **more)
        return deck

    async def look(self, who: str = "nobody", **headers: str) -> Any:
        """The session's slides as somebody sees them."""
        answer = await self.client.get(f"{self.root}/slides", headers=self.world.askers[who] | headers)
        assert answer.status_code in (200, 304), answer.text
        return answer.json() if answer.status_code == 200 else None

    async def edit(self, who: str = "speaker", path: str = "cues", headers: Any = None, **body: Any) -> httpx.Response:
        """One edit."""
        url = f"{self.root}/{path}"
        return await self.client.post(url, json=body or None, headers=self.world.askers[who] | (headers or {}))


def pages(view: Any) -> list[tuple[float, int | None]]:
    """(start in seconds, page) of each cue; they cover the recording."""
    cues = view["cues"]
    assert all(cue["end_ms"] == after["start_ms"] for cue, after in pairwise(cues))
    return [(cue["start_ms"] / 1000, cue["page"]) for cue in cues]
