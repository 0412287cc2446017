"""Sources of programmes, polled from a real site; consent that a programme takes back; the command by hand."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from server.commands import programme as command
from server.core.clock import now
from server.core.fetch import fetch
from server.core.jobs import ENDED, JobRow, enqueue
from server.core.runtime import Runtime
from server.recordings.models import READY, Recording
from server.sessions.imports.apply import apply_import
from server.sessions.imports.models import APPLYING, Import, ProgrammeSource
from server.sessions.imports.sources import add_source, pause_after
from server.sessions.imports.take import Brought, take_programme
from server.sessions.jobs import ApplyProgramme
from server.sessions.models import Session
from tests.server.sessions.imports.test_apply import schedule, talk
from tests.server.uploads.world import World, make_world
from tests.web_site import Answer, WebSite
from workers import programmes
from workers.housekeeping import follow_programmes
from workers.runtime import run_claimed

FILE = "/schedule.json"


@pytest.fixture
async def world(runtime: Runtime) -> World:
    return await make_world(runtime.database)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebSite]:
    """A site on this machine, which only tests may fetch from."""
    monkeypatch.setattr(programmes, "fetch", partial(fetch, allow_private=True))
    with WebSite().running() as site:
        site.answers[FILE] = Answer(body=schedule(talk(1), talk(2)), headers={"ETag": '"1"'})
        yield site


async def go_round(runtime: Runtime) -> list[str]:
    """What a round of housekeeping orders, done; the names of the jobs."""
    await follow_programmes(runtime)
    async with runtime.database.read() as db:
        rows = (await db.scalars(select(JobRow).where(JobRow.state.not_in(ENDED)).order_by(JobRow.id))).all()
    for row in rows:
        await run_claimed(runtime, row.id, owner="test")
    return [row.name for row in rows]


async def due_again(runtime: Runtime) -> None:
    async with runtime.database.write() as db:
        await db.execute(update(ProgrammeSource).values(next_look_at=now()))


async def the_source(runtime: Runtime) -> ProgrammeSource:
    async with runtime.database.read() as db:
        return (await db.scalars(select(ProgrammeSource))).one()


async def titles(runtime: Runtime) -> set[str]:
    async with runtime.database.read() as db:
        return set(await db.scalars(select(Session.title).where(Session.deleted_at.is_(None))))


async def imports(runtime: Runtime) -> list[Import]:
    async with runtime.database.read() as db:
        return list(await db.scalars(select(Import).order_by(Import.id)))


async def test_an_address_is_looked_at_applied_and_left_alone_when_it_fails(
    runtime: Runtime, world: World, site: WebSite
) -> None:
    async with runtime.database.write() as db:
        await add_source(db, world.event, url=site.url(FILE), apply_itself=True)
    assert await go_round(runtime) == ["programme.poll"]
    assert {"Talk 1", "Talk 2"} <= await titles(runtime)
    source = await the_source(runtime)
    assert (source.state, source.validator, source.form) == ("ok", '"1"', "schedule.json 1")
    assert await go_round(runtime) == [], "not before its time"

    await due_again(runtime)
    await go_round(runtime)
    assert site.asked[-1].headers["If-None-Match"] == '"1"' and len(await imports(runtime)) == 1

    site.answers[FILE] = Answer(body=schedule(talk(1), talk(2)), headers={"ETag": '"same file, other tag"'})
    await due_again(runtime)
    await go_round(runtime)
    assert len(await imports(runtime)) == 1, "nothing happened, nothing is noted"

    before = await titles(runtime)
    failures: list[tuple[Answer, str]] = [
        (Answer(status=404, body=b""), "fetch.not_there"),
        (Answer(body=b"<!doctype html><html><body>Sign in</body></html>", headers={"ETag": '"3"'}), "import.web_page"),
        (Answer(body=schedule(), headers={"ETag": '"4"'}), "import.no_sessions"),
    ]
    for answer, code in failures:
        site.answers[FILE] = answer
        await due_again(runtime)
        await go_round(runtime)
        source = await the_source(runtime)
        assert (source.state, source.error_code) == ("failed", code) and len(source.error_detail or "") > 20
        assert await titles(runtime) == before, "what is here stays"
    assert source.next_look_at is not None and source.next_look_at > now() + timedelta(hours=1)

    site.answers[FILE] = Answer(body=schedule(talk(1), talk(2, title="Other")), headers={"ETag": '"5"'})
    await due_again(runtime)
    await go_round(runtime)
    source = await the_source(runtime)
    assert (source.state, source.failures, source.error_code) == ("ok", 0, None)
    assert "Other" in await titles(runtime) and [one.state for one in await imports(runtime)] == ["applied"] * 2


async def test_without_a_yes_it_is_shown_and_a_newer_reading_takes_its_place(
    runtime: Runtime, world: World, site: WebSite
) -> None:
    async with runtime.database.write() as db:
        await add_source(db, world.event, url=site.url(FILE))
    await go_round(runtime)
    assert "Talk 1" not in await titles(runtime)
    site.answers[FILE] = Answer(body=schedule(talk(1), talk(3)), headers={"ETag": '"2"'})
    await due_again(runtime)
    await go_round(runtime)
    older, newer = await imports(runtime)
    assert (older.state, newer.state, newer.way) == ("discarded", "shown", "poll")
    async with runtime.database.write() as db:
        await db.execute(update(Import).where(Import.id == newer.id).values(state=APPLYING))
        await enqueue(db, ApplyProgramme(programme_import=newer.id), subject=newer.id)
        await enqueue(db, ApplyProgramme(programme_import=newer.id), subject=newer.id)
    assert "programme.apply" in await go_round(runtime), "twice is once"
    assert {"Talk 1", "Talk 3"} <= await titles(runtime)


async def test_a_recording_is_hidden_while_its_programme_says_do_not_record(runtime: Runtime, world: World) -> None:
    async def bring(**more: Any) -> None:
        data = schedule(talk(1, **more))
        row = await take_programme(runtime, Brought(event_id=world.event, data=data, name="s.json"), apply=True)
        assert row.state == "applied"
        await go_round(runtime)

    async def published() -> bool:
        async with runtime.database.read() as db:
            recording = (await db.scalars(select(Recording))).one()
            assert recording.deleted_at is None and recording.state == READY
            return recording.published_at is not None

    await bring()
    async with runtime.database.write() as db:
        session_id = (await db.scalars(select(Session.id).where(Session.title == "Talk 1"))).one()
        made = Recording(event_id=world.event, session_id=session_id, state=READY, playable=True, published_at=now())
        db.add(made)
    await bring(do_not_record=True)
    assert not await published()
    await bring(do_not_record=False)
    assert await published()


def test_a_source_that_fails_is_looked_at_less_and_less_often() -> None:
    pauses = [pause_after(failures, 900) for failures in range(12)]
    assert pauses[:3] == [900, 1800, 3600] and pauses[-1] == 86_400 and pauses == sorted(pauses)
    assert pause_after(1, 900, retryable=False) == 86_400 and pause_after(0, 900, is_over=True) == 86_400


async def test_the_command_says_what_changes_and_applies_it(
    runtime: Runtime, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "schedule.json"
    file.write_bytes(schedule(talk(1)))
    lines = await command.bring(runtime, "e26", str(file), apply=False, is_dry=True)
    assert lines[0] == "New: 1" and "--dry-run" in lines[-1] and await imports(runtime) == []
    lines = await command.bring(runtime, "e26", str(file), apply=False, is_dry=False)
    (row,) = await imports(runtime)
    assert lines[-1].endswith(f"/studio/e26/programme/imports/{row.id}") and row.by_name == "semma import"
    await apply_import(runtime, row.id)
    file.write_bytes(schedule(talk(1, room="Cellar")))
    lines = await command.bring(runtime, "e26", str(file), apply=True, is_dry=False)
    assert "Moved: 1" in lines and "    Room: Hall → Cellar" in lines and lines[-1] == "Applied."
    assert (await command.bring(runtime, "e26", str(file), apply=True, is_dry=False))[-1] == "Nothing is new."
    assert CliRunner().invoke(command.import_, ["--help"]).exit_code == 0
