"""Broadcasts over HTTP: what is shown, moving on by hand and by the schedule, the end; on both databases."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from server.core.clock import now
from server.core.runtime import Runtime
from server.live.broadcasts import begin_broadcast, close_broadcast, note_encoder
from server.live.follow import follow_room
from server.live.models import Broadcast
from server.room_programme import ROOM_PROGRAMME
from tests.server.events.people import Asker, counted_statements
from tests.server.live.routes.stage import Stage, ended_facts, listening


async def follow(stage: Stage, minute: float, *, away_since: float | None = None) -> bool:
    """What ingest does, as if it were so many minutes after the first talk's start."""
    return await follow_room(
        stage.runtime,
        ROOM_PROGRAMME,
        stage.broadcast,
        moment=stage.minute(minute),
        away_since=None if away_since is None else stage.minute(away_since),
    )


async def steer(asker: Asker, stage: Stage, act: str, body: Any = None, **more: Any) -> Any:
    return await asker.post(f"/broadcasts/{stage.broadcast}/{act}", body, **({"status": 200} | more))


async def test_a_day_by_the_schedule(stage: Stage) -> None:
    await stage.go_on_air(at=-5)
    assert await follow(stage, -5)
    assert await stage.stretches() == [("a", -5, None)]
    for minute in (-4, 15, 29.9):
        assert not await follow(stage, minute)
    assert await follow(stage, 30.02)
    assert not await follow(stage, 30.05)
    assert await stage.stretches() == [("a", -5, 30), ("b", 30, None)]
    assert not await follow(stage, 69)
    assert await follow(stage, 70)
    assert await stage.stretches() == [("a", -5, 30), ("b", 30, 70)]
    assert await follow(stage, 90)
    assert not await follow(stage, 129, away_since=121)
    assert await follow(stage, 130, away_since=121)  # the talk's own grace
    assert not await follow(stage, 130.5, away_since=121)
    assert await follow(stage, 131, away_since=121)
    assert await stage.stretches() == [("a", -5, 30), ("b", 30, 70), ("c", 90, 130)]
    row = await stage.row()
    assert (row.state, row.ended_at, row.encoder) == ("ended", stage.minute(131), "away")
    assert [session for _, session in await ended_facts(stage.runtime.database)] == [
        stage.sessions[name] for name in "abc"
    ]
    assert not await follow(stage, 140)


async def test_following_reads_and_only_writes_when_something_is_to_be_done(stage: Stage) -> None:
    await stage.go_on_air()
    await follow(stage, 1)
    with counted_statements() as statements:
        assert not await follow(stage, 2)
    assert len(statements) == 3
    assert all(statement.startswith("SELECT") for statement in statements)


async def test_what_a_broadcast_shows_to_whom(admin: Asker, anybody: Asker, stage: Stage) -> None:
    await stage.go_on_air()
    await follow(stage, 1)
    async with stage.runtime.database.write() as db:
        row = await db.get_one(Broadcast, stage.broadcast)
        row.health = {"light": "yellow", "notes": [{"code": "quiet", "detail": "Turn the microphone up."}]}
    shown = await anybody.get(f"/broadcasts/{stage.broadcast}")
    [stretch] = shown.pop("stretches")
    assert stretch == {
        "id": stretch["id"],
        "version": 1,
        "session": stage.sessions["a"],
        "slug": "talk-a",
        "title": "Talk a",
        "starts_at": stage.start.isoformat().replace("+00:00", "Z"),
        "ends_at": None,
        "do_not_record": False,
    }
    assert shown == {
        "id": stage.broadcast,
        "event": stage.event,
        "room": stage.room,
        "state": "on_air",
        "started_at": stage.start.isoformat().replace("+00:00", "Z"),
        "ended_at": None,
        "by_hand": False,
        "encoder": "main",
        "health": None,
    }
    assert (await admin.get(f"/broadcasts/{stage.broadcast}"))["health"]["light"] == "yellow"
    assert (await admin.get(f"/rooms/{stage.room}/broadcasts"))["items"][0]["id"] == stage.broadcast
    await anybody.refused("GET", "/broadcasts/nothing", "live.broadcast_not_found", status=404)
    await admin.delete(f"/sessions/{stage.sessions['a']}")
    assert (await anybody.get(f"/broadcasts/{stage.broadcast}"))["stretches"] == []


async def test_the_organiser_moves_on_and_the_schedule_keeps_still(admin: Asker, anybody: Asker, stage: Stage) -> None:
    await stage.go_on_air()
    await follow(stage, 1)
    await stage.grow_old()
    shown = await steer(admin, stage, "next")
    assert shown["by_hand"] is True
    assert [one["session"] for one in shown["stretches"]] == [stage.sessions["a"], stage.sessions["b"]]
    assert shown["stretches"][0]["ends_at"] == shown["stretches"][1]["starts_at"]
    assert [session for _, session in await ended_facts(stage.runtime.database)] == [stage.sessions["a"]]
    assert not await follow(stage, 95)
    await steer(admin, stage, "next", {"session": stage.sessions["c"]})
    assert [name for name, _, _ in await stage.stretches()] == ["a", "c"]  # b's had not lasted a second
    again = await steer(admin, stage, "next", {"session": stage.sessions["c"]})
    assert len(again["stretches"]) == 2
    await anybody.refused("POST", f"/broadcasts/{stage.broadcast}/next", "auth.required", status=401)
    await admin.refused(
        "POST", f"/broadcasts/{stage.broadcast}/next", "live.session_unfit", status=400, json={"session": "\u0000"}
    )
    await admin.refused(
        "POST",
        f"/broadcasts/{stage.broadcast}/next",
        "request.stale",
        status=412,
        json={},
        headers={"If-Match": '"v1"'},
    )


async def test_a_break_by_hand_and_the_last_talk(admin: Asker, stage: Stage) -> None:
    await stage.go_on_air()
    path = f"/broadcasts/{stage.broadcast}/next"
    await follow(stage, 1)
    shown = await steer(admin, stage, "next", {"session": None})
    assert [one["ends_at"] is None for one in shown["stretches"]] == [False]
    await admin.refused("POST", path, "live.nothing_next", status=409, json={"session": None})
    for talk in ("b", "c"):
        shown = await steer(admin, stage, "next", {})
        assert shown["stretches"][-1]["session"] == stage.sessions[talk]
        await stage.grow_old()
    shown = await steer(admin, stage, "next")  # none follows: the talk ends
    assert len(shown["stretches"]) == 3 and all(one["ends_at"] is not None for one in shown["stretches"])
    await admin.refused("POST", path, "live.nothing_next", status=409)


async def test_back_to_the_schedule_from_now_on(admin: Asker, stage: Stage) -> None:
    await stage.go_on_air()
    await follow(stage, 1)
    await steer(admin, stage, "next", {"session": stage.sessions["c"]})
    shown = await steer(admin, stage, "auto")
    # c was opened ahead of its time: the schedule goes forward only
    assert shown["by_hand"] is False
    assert [one["ends_at"] is None for one in shown["stretches"]] == [False, True]
    again = await steer(admin, stage, "auto")
    assert again == shown
    assert not await follow(stage, 31)


async def test_taking_over_late_leaves_what_was_shown_to_its_talk(admin: Asker, stage: Stage) -> None:
    """b was due 10 minutes ago; the organiser kept a on, and now hands over."""
    late = replace(stage, start=stage.start)
    for name, minute in (("a", -20), ("b", 10)):
        await admin.patch(f"/sessions/{late.sessions[name]}", {"starts_at": late.minute(minute).isoformat()})
    await late.go_on_air(at=-20)
    await follow(late, -19)
    async with late.runtime.database.write() as db:
        (await db.get_one(Broadcast, late.broadcast)).by_hand = True
    before = now()
    shown = await steer(admin, late, "auto")
    first, second = shown["stretches"]
    assert second["session"] == late.sessions["b"]
    assert first["ends_at"] == second["starts_at"] >= before.isoformat()[:19]


async def test_the_organiser_ends_it(admin: Asker, anybody: Asker, runtime: Runtime, stage: Stage) -> None:
    await stage.go_on_air()
    await follow(stage, 1)
    async with listening(runtime, "live:commands") as ear, listening(runtime, f"changes:{stage.event}") as changes:
        ended = await steer(admin, stage, "end")
        assert await ear.next() == {"kind": "ended", "broadcast_id": stage.broadcast, "room_id": stage.room}
        heard = [await changes.next(), await changes.next()]
    assert [(one["kind"], one["act"]) for one in heard] == [("stretch", "ended"), ("broadcast", "ended")]
    assert (heard[1]["room"], heard[1]["state"]) == (stage.room, "ended")
    assert ended["state"] == "ended" and ended["stretches"][0]["ends_at"] == ended["ended_at"]
    assert await steer(admin, stage, "end") == ended
    assert len(await ended_facts(runtime.database)) == 1
    for act in ("next", "auto"):
        await admin.refused("POST", f"/broadcasts/{stage.broadcast}/{act}", "live.broadcast_ended", status=409)
    first = stage.broadcast
    assert await stage.go_on_air(at=21) != first
    assert [one["id"] for one in (await anybody.get(f"/rooms/{stage.room}/broadcasts"))["items"]] == [
        stage.broadcast,
        first,
    ]


async def test_a_room_goes_on_air_once(stage: Stage) -> None:
    assert len(set(await asyncio.gather(*(stage.go_on_air() for _ in range(4))))) == 1


async def test_what_ingest_notes_is_told_once(runtime: Runtime, stage: Stage) -> None:
    async with listening(runtime, f"changes:{stage.event}") as changes:
        await stage.go_on_air()
        assert await stage.go_on_air(at=5) == stage.broadcast  # on air already
        for encoder in ("main", "away", "away", "backup"):
            async with runtime.database.write() as db:
                await note_encoder(db, runtime, await db.get_one(Broadcast, stage.broadcast), encoder)
        for _ in range(2):
            async with runtime.database.write() as db:
                row = await db.get_one(Broadcast, stage.broadcast)
                await close_broadcast(db, runtime, row, moment=stage.minute(9))
        heard = [await changes.next() for _ in range(4)]
    assert [(one["act"], one["encoder"]) for one in heard] == [
        ("started", "main"),
        ("changed", "away"),
        ("changed", "backup"),
        ("closed", "backup"),
    ]
    assert (await stage.row()).closed_at == stage.minute(9)


async def test_organiser_and_ingest_at_once_move_on_once(admin: Asker, stage: Stage) -> None:
    """The next talk is due this very moment, and the organiser says so too."""
    await stage.go_on_air()
    await follow(stage, 1)
    await stage.grow_old()
    await admin.patch(f"/sessions/{stage.sessions['b']}", {"starts_at": now().isoformat()})
    late = (now() - stage.start) / timedelta(minutes=1)
    await asyncio.gather(steer(admin, stage, "next"), follow(stage, late), follow(stage, late))
    assert [(name, end is None) for name, _, end in await stage.stretches()] == [("a", False), ("b", True)]
    assert len(await ended_facts(stage.runtime.database)) == 1


async def test_next_pressed_twice_is_meant_once(admin: Asker, stage: Stage) -> None:
    await stage.go_on_air()
    await follow(stage, 1)
    await stage.grow_old()
    first = await steer(admin, stage, "next")
    again = await steer(admin, stage, "next")
    assert again["stretches"] == first["stretches"]
    await stage.grow_old()
    await steer(admin, stage, "next")
    assert [name for name, _, _ in await stage.stretches()] == ["a", "b", "c"]


async def test_broadcasts_are_listed_in_pages_at_a_fixed_number_of_statements(
    anybody: Asker, runtime: Runtime, stage: Stage
) -> None:
    made = []
    for number in range(3):
        async with runtime.database.write() as db:
            row = await begin_broadcast(
                db,
                runtime,
                event_id=stage.event,
                room_id=stage.room,
                started_at=stage.minute(number),
                layout={},
            )
            row.state, row.ended_at = "ended", row.started_at + timedelta(seconds=30)
            made.append(row.id)
    counts = []
    for limit in (1, 3):
        with counted_statements() as statements:
            await anybody.get(f"/rooms/{stage.room}/broadcasts?limit={limit}")
        counts.append(len(statements))
    assert counts == [3, 3]
    first = await anybody.get(f"/rooms/{stage.room}/broadcasts?limit=2")
    second = await anybody.get(f"/rooms/{stage.room}/broadcasts?limit=2&after={first['next']}")
    assert [one["id"] for one in first["items"] + second["items"]] == made[::-1]
    await anybody.refused("GET", f"/rooms/{stage.room}/broadcasts?after=x", "request.invalid", status=400)


@pytest.mark.parametrize("act", ["access/close", "patch", "delete", "room"])
async def test_closing_the_doors_is_told_to_who_serves_the_room(
    admin: Asker, runtime: Runtime, stage: Stage, act: str
) -> None:
    async with listening(runtime, f"live:{stage.room}") as ear:
        if act == "access/close":
            await admin.post("/events/seminar/access/close", {}, status=200)
        elif act == "patch":
            await admin.patch("/events/seminar", {"title": "Renamed"})  # nothing to tell
            await admin.patch("/events/seminar", {"visibility": "closed"})
        elif act == "room":
            await admin.delete(f"/events/seminar/rooms/{stage.room}")
        else:
            await admin.delete("/events/seminar")
        told = await ear.next()
    wanted = ("public", 1) if act == "access/close" else ("closed", 1) if act == "patch" else ("public", 0)
    assert told["kind"] == "doors" and told["event_id"] == stage.event
    assert (told["visibility"], told["access_epoch"]) == wanted


async def test_recordings_of_live_talks_wait_where_the_event_says_so(admin: Asker) -> None:
    made = await admin.post("/events", {"title": "Careful", "publish_live": False})
    assert made["publish_live"] is False
    assert (await admin.patch("/events/careful", {"publish_live": True}))["publish_live"] is True
    assert (await admin.post("/events", {"title": "Open"}))["publish_live"] is True
