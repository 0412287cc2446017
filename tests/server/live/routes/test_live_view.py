"""What a room shows of itself at every moment of a day, and to whom; on both databases."""

from datetime import datetime
from typing import Any

from server.accounts.actor import ANONYMOUS, Actor
from server.core.redis import PREFIX
from server.core.runtime import Runtime
from server.live.broadcasts import end_broadcast, note_encoder
from server.live.follow import follow_room
from server.live.live_view import LiveView, read_live, rooms_on_air
from server.live.models import Broadcast
from server.live.queries import get_live_room
from server.live.viewers import see_viewer
from server.room_programme import ROOM_PROGRAMME
from tests.server.events.people import Asker, counted_statements, somebody
from tests.server.live.routes.stage import Stage


async def view(stage: Stage, minute: float, actor: Actor = ANONYMOUS) -> LiveView:
    """What the room shows so many minutes after the first talk was to begin."""
    async with stage.runtime.database.read() as db:
        room = await get_live_room(db, stage.room, actor=actor)
        moment: datetime = stage.minute(minute)
        return await read_live(db, stage.runtime, ROOM_PROGRAMME, actor=actor, room=room, moment=moment)


async def follow(stage: Stage, minute: float) -> None:
    await follow_room(stage.runtime, ROOM_PROGRAMME, stage.broadcast, moment=stage.minute(minute))


def names(stage: Stage, shown: LiveView) -> tuple[str | None, str | None]:
    """The talks that are on and next, by their names."""
    by_id = {session: name for name, session in stage.sessions.items()}
    return by_id.get(shown.now.session) if shown.now else None, by_id.get(shown.next.session) if shown.next else None


async def test_a_day_of_a_room(stage: Stage) -> None:
    early = await view(stage, -90)
    assert (early.state, early.starts_at, early.hls, early.broadcast) == ("before", stage.minute(0), None, None)
    assert names(stage, early) == (None, "a")
    late = await view(stage, 5)  # should have begun
    assert (late.state, late.starts_at) == ("before", stage.minute(0))
    assert names(stage, late) == ("a", "b")

    await stage.go_on_air(at=10)
    await follow(stage, 10)
    shown = await view(stage, 15)
    assert (shown.state, shown.starts_at) == ("on_air", None)
    assert (shown.broadcast, shown.started_at) == (stage.broadcast, stage.minute(10))
    assert shown.hls == f"/live/public/{stage.room}/index.m3u8"
    assert names(stage, shown) == ("a", "b")
    assert [one.starts_at for one in shown.stretches] == [stage.minute(10)]

    await follow(stage, 30)
    await follow(stage, 70)
    in_break = await view(stage, 75)
    assert names(stage, in_break) == (None, "c")
    assert [one.ends_at for one in in_break.stretches] == [stage.minute(30), stage.minute(70)]

    async with stage.runtime.database.write() as db:
        row = await db.get_one(Broadcast, stage.broadcast)
        await note_encoder(db, stage.runtime, row, "away")
    assert (await view(stage, 80)).state == "away"
    await follow(stage, 90)
    async with stage.runtime.database.write() as db:
        await end_broadcast(db, stage.runtime, await db.get_one(Broadcast, stage.broadcast), moment=stage.minute(125))
    over = await view(stage, 126)
    assert (over.state, over.ended_at, len(over.stretches)) == ("ended", stage.minute(125), 3)
    assert over.hls is not None and names(stage, over) == (None, None)


async def test_a_room_that_never_was_on_air(admin: Asker, stage: Stage) -> None:
    assert (await view(stage, 500)).state == "never"
    room = await admin.post("/events/seminar/rooms", {"name": "Attic"})
    shown = await admin.get(f"/rooms/{room['id']}/live")
    assert (shown["state"], shown["now"], shown["next"], shown["hls"]) == ("never", None, None, None)


async def test_the_evening_belongs_to_what_was_the_morning_to_what_comes(admin: Asker, stage: Stage) -> None:
    tomorrow = stage.minute(24 * 60).isoformat()
    body = {"title": "Tomorrow", "room": "hall", "starts_at": tomorrow, "duration_ms": 1_800_000}
    await admin.post("/events/seminar/sessions", body)
    await stage.go_on_air()
    for minute in (0, 30, 70, 90, 130):
        await follow(stage, minute)
    async with stage.runtime.database.write() as db:
        await end_broadcast(db, stage.runtime, await db.get_one(Broadcast, stage.broadcast), moment=stage.minute(131))
    assert (await view(stage, 140)).state == "ended"
    morning = await view(stage, 23 * 60)
    assert (morning.state, morning.starts_at) == ("before", stage.minute(24 * 60))


async def test_what_was_shown_is_not_announced_again(admin: Asker, stage: Stage) -> None:
    """Opened ahead of its time, a talk is neither next nor counted down to."""
    await stage.go_on_air()
    await follow(stage, 1)
    await admin.post(f"/broadcasts/{stage.broadcast}/next", {"session": stage.sessions["c"]}, status=200)
    assert names(stage, await view(stage, 21)) == ("c", "b")
    await admin.post(f"/broadcasts/{stage.broadcast}/next", {"session": stage.sessions["b"]}, status=200)
    await stage.grow_old()
    await admin.delete(f"/sessions/{stage.sessions['a']}")
    shown = await view(stage, 22)
    assert stage.sessions["a"] not in [one.session for one in shown.stretches]


async def test_organisers_see_the_light_and_who_moves_on(admin: Asker, anybody: Asker, stage: Stage) -> None:
    await stage.go_on_air()
    async with stage.runtime.database.write() as db:
        (await db.get_one(Broadcast, stage.broadcast)).health = {"light": "green", "notes": []}
    path = f"/rooms/{stage.room}/live"
    shown = await anybody.get(path)
    assert (shown["light"], shown["by_hand"], shown["encoder"]) == (None, None, None)
    shown = await admin.get(path)
    assert (shown["light"], shown["by_hand"], shown["encoder"]) == ({"light": "green", "notes": []}, False, "main")


async def test_viewers_are_counted_while_on_air(anybody: Asker, runtime: Runtime, stage: Stage) -> None:
    path = f"/rooms/{stage.room}/live"
    for viewer in ("first-page", "second-page", "first-page"):
        await see_viewer(runtime, stage.room, viewer)
    assert (await anybody.get(path))["viewers"] is None
    await stage.go_on_air()
    assert (await anybody.get(path))["viewers"] == 2
    assert await runtime.redis.delete(f"{PREFIX}live:{stage.room}:viewers") == 1


async def test_a_closed_event_shows_its_rooms_to_those_let_in(
    admin: Asker, anybody: Asker, runtime: Runtime, stage: Stage
) -> None:
    await stage.go_on_air()
    await admin.patch("/events/seminar", {"visibility": "closed"})
    path = f"/rooms/{stage.room}/live"
    await anybody.refused("GET", path, "auth.required", status=401)
    viewer = await somebody(anybody.client, runtime.database, roles=(("viewer", stage.event, None),))
    stranger = await somebody(anybody.client, runtime.database)
    await stranger.refused("GET", path, "room.not_found", status=404)
    first = (await viewer.get(path))["hls"]
    assert first.startswith("/live/a1.") and first.endswith(f"/{stage.room}/index.m3u8")
    await admin.post("/events/seminar/access/close", {}, status=200)
    assert (await viewer.get(path))["hls"] not in (first, None)
    for wrong in ("nothing", "0" * 32, "%00"):
        await admin.refused("GET", f"/rooms/{wrong}/live", "room.not_found", status=404)


async def test_badges_of_an_event(admin: Asker, runtime: Runtime, stage: Stage) -> None:
    async def badges() -> dict[str, Any]:
        async with runtime.database.read() as db:
            with counted_statements() as statements:
                found = await rooms_on_air(db, stage.event)
            assert len(statements) == 1
            return {room: (one.session, one.away, one.started_at) for room, one in found.items()}

    assert await badges() == {}
    await stage.go_on_air(at=-30)
    assert await badges() == {stage.room: (None, False, stage.minute(-30))}
    await follow(stage, 1)
    assert await badges() == {stage.room: (stage.sessions["a"], False, stage.minute(-30))}
    await admin.post(f"/broadcasts/{stage.broadcast}/end", status=200)
    assert await badges() == {}


async def test_it_is_read_in_few_statements(anybody: Asker, stage: Stage) -> None:
    await stage.go_on_air()
    await follow(stage, 1)
    with counted_statements() as statements:
        await anybody.get(f"/rooms/{stage.room}/live")
    assert len(statements) == 4
