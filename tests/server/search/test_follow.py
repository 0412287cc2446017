"""The index follows what changed, whoever wrote; killed anywhere, nothing is lost or doubled."""

from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from server.core.db import Database
from server.core.jobs import JobRow
from server.events.models import Event
from server.playback.models import CaptionTrack
from server.recordings.models import Recording
from server.search import follow as following
from server.search.follow import FOLLOW_ID, follow_here, is_behind, read_state, rebuild, rouse
from server.search.models import SearchChange, SearchPassage, SearchPosting, SearchTalk, SearchWord
from server.search.triggers import WATCHED, take_triggers
from server.sessions.models import Session, SessionLink, Speaker
from server.slides.models import Deck, DeckPage
from tests.server.events.people import Asker
from tests.server.search.conftest import Follow, draw, record
from tests.server.web.events import a_session, an_event


async def noted(database: Database) -> set[str]:
    async with database.write() as db:
        found = set(await db.scalars(select(SearchChange.session_id)))
        await db.execute(text("DELETE FROM search_changes"))
    return found


async def sizes(database: Database) -> tuple[int, ...]:
    async with database.read() as db:
        return tuple(
            [
                await db.scalar(select(func.count()).select_from(table)) or 0
                for table in (SearchTalk, SearchPosting, SearchPassage)
            ]
        )


async def test_every_change_of_what_is_searched_is_noted_and_nothing_else(admin: Asker, database: Database) -> None:
    event = await an_event(admin)
    talk = await a_session(admin, event, links=[{"kind": "blog", "url": "https://example.org/a"}])
    recording = await record(database, talk, "Words")
    deck = await draw(database, talk, "Page")
    assert await noted(database) == {talk["id"]}
    changes: list[tuple[Any, dict[str, Any]]] = [
        (Session, {"title": "Other"}),
        (Session, {"deleted_at": None}),
        (Speaker, {"name": "Other"}),
        (SessionLink, {"title": "Other"}),
        (Event, {"time_zone": "UTC"}),
        (Deck, {"rendering": 2}),
        (DeckPage, {"text": "Other"}),
        (CaptionTrack, {"cues": []}),
        (Recording, {"published_at": None}),
    ]
    for model, values in changes:
        async with database.write() as db:
            await db.execute(update(model).values(**values))
        assert await noted(database) == {talk["id"]}, (model, values)
    for model, values in [(Recording, {"progress": 0.5}), (Deck, {"progress": 0.5}), (Event, {"title": "Other"})]:
        async with database.write() as db:
            await db.execute(update(model).values(**values))
        assert await noted(database) == set(), (model, values)
    async with database.write() as db:
        for table, key, value in (("deck_pages", "deck_id", deck), ("recordings", "id", recording)):
            await db.execute(text(f"DELETE FROM {table} WHERE {key} = :value"), {"value": value})
    assert await noted(database) == {talk["id"]}
    await noted(database)
    await admin.delete(f"/sessions/{talk['id']}")
    assert await noted(database) == {talk["id"]}
    assert {watch.table for watch in WATCHED} >= {"slide_syncs", "cue_edits", "session_speakers"}


async def test_what_goes_leaves_nothing_behind_and_the_same_is_not_written_twice(
    admin: Asker, database: Database, indexed: Follow
) -> None:
    event = await an_event(admin)
    talk = await a_session(admin, event)
    await record(database, talk, "Words", "and more")
    await indexed()
    first = await sizes(database)
    async with database.read() as db:
        number = await db.scalar(select(SearchTalk.number))
    async with database.write() as db:
        await db.execute(update(Session).values(title="Still pictures"))
    await indexed()
    assert await sizes(database) == first
    async with database.write() as db:
        await db.execute(update(CaptionTrack).values(cues=[]))
    await indexed()
    assert (await sizes(database))[2] == first[2] - 2
    async with database.read() as db:
        assert await db.scalar(select(SearchTalk.number)) == number
    await admin.delete(f"/sessions/{talk['id']}")
    await indexed()
    assert await sizes(database) == (0, 0, 0)
    await admin.post(f"/sessions/{talk['id']}/restore", status=200)
    await indexed()
    assert (await sizes(database))[0] == 1


async def test_an_indexer_that_dies_loses_nothing(
    admin: Asker, database: Database, indexed: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await an_event(admin)
    for number in range(6):
        await a_session(admin, event, title=f"Talk {number}")
    real = following.put_talk
    count = 0

    async def dies(db: Any, document: Any) -> bool:
        nonlocal count
        count += 1
        written = await real(db, document)
        if count == 3:
            raise ConnectionResetError
        return written

    async with database.write() as db:
        await rouse(db)
    with monkeypatch.context() as patch:
        patch.setattr(following, "put_talk", dies)
        with pytest.raises(ConnectionResetError):
            await follow_here(database, owner="dying", lease_s=60)
    assert await sizes(database) == (0, 0, 0)
    assert not await follow_here(database, owner="another", lease_s=60)  # the dead one's lease still runs
    async with database.write() as db:
        await db.execute(update(JobRow).where(JobRow.id == FOLLOW_ID).values(lease_until=func.now()))
        assert await is_behind(db)
        await db.execute(text("UPDATE jobs SET lease_until = created_at"))
    assert await follow_here(database, owner="another", lease_s=60)
    assert (await sizes(database))[0] == 6
    async with database.read() as db:
        assert not await is_behind(db)


async def test_one_that_cannot_be_read_does_not_keep_the_others_waiting(
    admin: Asker, database: Database, indexed: Follow
) -> None:
    event = await an_event(admin)
    bad = await a_session(admin, event, title="Bad")
    await record(database, bad, "x")
    async with database.write() as db:
        await db.execute(update(CaptionTrack).values(cues=[["not", "a", "cue"], [3, None, 7]]))
    await a_session(admin, event, title="Good")
    await indexed()
    async with database.read() as db:
        assert not await is_behind(db)
    assert (await admin.get("/search?q=good"))["total"] == 1


async def test_a_rebuild_writes_everything_anew_and_is_for_admins(
    admin: Asker, anybody: Asker, database: Database, indexed: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await an_event(admin)
    await a_session(admin, event, title="Heron")
    await indexed()
    monkeypatch.setattr(following, "TIDY_AFTER", 1)
    async with database.write() as db:
        await db.execute(text("DELETE FROM search_postings"))
        db.add(SearchWord(word="unused", language="en", folded="unused", stem="unus"))
    assert (await anybody.get("/search?q=heron"))["total"] == 0
    await anybody.post("/search/rebuild", status=401)
    said = await admin.post("/search/rebuild", status=202)
    assert (said["talks"], said["waiting"], said["working"]) == (1, 1, False)
    await indexed()
    assert await admin.get("/search/index") == {"talks": 1, "waiting": 0, "working": False, "progress": 1.0}
    assert (await anybody.get("/search?q=heron"))["total"] == 1
    async with database.read() as db:
        assert await db.scalar(select(func.count()).where(SearchWord.word == "unused")) == 0
        assert (await read_state(db)).talks == 1
    async with database.write() as db:
        assert await rebuild(db) == 1


async def test_triggers_come_and_go(database: Database) -> None:
    async with database.engine.connect() as connection:
        await connection.run_sync(take_triggers)
        await connection.run_sync(take_triggers)
        left = "sqlite_master WHERE type = 'trigger'" if database.is_sqlite else "pg_trigger WHERE NOT tgisinternal"
        assert await connection.scalar(text(f"SELECT count(*) FROM {left}")) == 0
        await connection.rollback()
