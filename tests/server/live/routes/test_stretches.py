"""The borders of talks in a broadcast, and what may not be kept; on both databases."""

from typing import Any

from sqlalchemy import func, select

from server.core.removals import Removal
from server.core.runtime import Runtime
from server.live.follow import follow_room
from server.live.keep import may_keep
from server.live.models import Broadcast
from server.room_programme import ROOM_PROGRAMME
from tests.server.events.people import Asker
from tests.server.live.routes.stage import Stage, ended_facts, listening


async def filled(stage: Stage) -> list[str]:
    """A broadcast of the last 20 minutes with a from 0 to 5, b from 5 to 10, c from 12 to 15; the stretches' ids."""
    await stage.go_on_air()
    ids = []
    for name, start, end in (("a", 0, 5), ("b", 5, 10), ("c", 12, 15)):
        ids.append(await stage.put(name, start, end))
    return ids


def path_of(stage: Stage, stretch: str = "") -> str:
    return f"/broadcasts/{stage.broadcast}/stretches{f'/{stretch}' if stretch else ''}"


def borders(stage: Stage, start: float | None = None, end: float | None = None, **more: Any) -> dict[str, Any]:
    found = {"starts_at": start, "ends_at": end}
    return {key: stage.minute(value).isoformat() for key, value in found.items() if value is not None} | more


MOVES: list[tuple[str, str, dict[str, Any], list[tuple[float, float]] | str]] = [
    # (what, whose, to where, the borders then or the refusal)
    ("the end, into the gap", "b", {"end": 11.5}, [(0, 5), (5, 11.5), (12, 15)]),
    ("the start, later: a gap opens", "b", {"start": 6}, [(0, 5), (6, 10), (12, 15)]),
    ("into the one before", "b", {"start": 4}, "live.borders_overlap"),
    ("into the one before, pushing", "b", {"start": 4, "push": True}, [(0, 4), (4, 10), (12, 15)]),
    ("away from the one before, pushing", "b", {"start": 6, "push": True}, [(0, 6), (6, 10), (12, 15)]),
    ("into the one after, pushing", "b", {"end": 13, "push": True}, [(0, 5), (5, 13), (13, 15)]),
    ("a border that touches nothing, pushing", "b", {"end": 11, "push": True}, [(0, 5), (5, 11), (12, 15)]),
    ("over the whole one before, pushing", "c", {"start": 4, "push": True}, "live.borders_invalid"),
    ("both borders", "c", {"start": 10, "end": 20}, [(0, 5), (5, 10), (10, 20)]),
    ("end before start", "b", {"end": 5}, "live.borders_invalid"),
    ("before the broadcast", "a", {"start": -1}, "live.borders_invalid"),
    ("less than a second before the broadcast", "a", {"start": -0.01, "end": 4}, [(0, 4), (5, 10), (12, 15)]),
    ("into the future", "c", {"end": 25}, "live.borders_invalid"),
]


async def test_borders_move(admin: Asker, stage: Stage) -> None:
    for what, whose, to, wanted in MOVES:
        await stage.clear()
        ids = dict(zip("abc", await filled(stage), strict=True))
        before, facts = await stage.stretches(), await ended_facts(stage.runtime.database)
        body = borders(stage, **to)
        if isinstance(wanted, str):
            status = 409 if wanted.endswith("overlap") else 400
            await admin.refused("PATCH", path_of(stage, ids[whose]), wanted, status=status, json=body)
        else:
            assert (await admin.patch(path_of(stage, ids[whose]), body))["version"] == 2
        after = await stage.stretches()
        assert after == before if isinstance(wanted, str) else [one[1:] for one in after] == wanted, what
        # Exactly those whose borders moved are cut anew
        changed = {ids[one[0]] for one, other in zip(after, before, strict=True) if one != other}
        told = {stretch for stretch, _ in (await ended_facts(stage.runtime.database))[len(facts) :]}
        assert told == changed, what


async def test_moving_by_what_was_seen_before_is_refused(admin: Asker, anybody: Asker, stage: Stage) -> None:
    _, b, _ = await filled(stage)
    shown = await anybody.get(f"/broadcasts/{stage.broadcast}")
    version = shown["stretches"][1]["version"]
    tag = {"If-Match": f'"v{version}"'}
    await admin.patch(path_of(stage, b), borders(stage, 6), headers=tag)
    await admin.refused("PATCH", path_of(stage, b), "request.stale", status=412, json=borders(stage, 7), headers=tag)
    await admin.refused("DELETE", path_of(stage, b), "request.stale", status=412, headers=tag)
    await admin.refused("PATCH", path_of(stage, "nothing"), "live.stretch_not_found", status=404, json={})


async def test_the_open_talk_has_borders_too(admin: Asker, stage: Stage) -> None:
    await stage.go_on_air()
    await follow_room(stage.runtime, ROOM_PROGRAMME, stage.broadcast, moment=stage.minute(1))
    [shown] = (await admin.get(f"/broadcasts/{stage.broadcast}"))["stretches"]
    moved = await admin.patch(path_of(stage, shown["id"]), borders(stage, 3))
    assert moved["ends_at"] is None
    assert await ended_facts(stage.runtime.database) == []
    moved = await admin.patch(path_of(stage, shown["id"]), borders(stage, None, 10))
    assert moved["ends_at"] is not None
    assert [stretch for stretch, _ in await ended_facts(stage.runtime.database)] == [shown["id"]]
    # It had its time: the schedule does not open it again
    assert not await follow_room(stage.runtime, ROOM_PROGRAMME, stage.broadcast, moment=stage.minute(20))


async def test_a_talk_is_added_after_the_fact_and_taken_out(admin: Asker, runtime: Runtime, stage: Stage) -> None:
    await stage.go_on_air()
    async with listening(runtime, f"changes:{stage.event}") as changes:
        made = await admin.post(path_of(stage), borders(stage, 2, 8, session=stage.sessions["a"]))
        heard = await changes.next()
    assert heard == {
        "kind": "stretch",
        "id": made["id"],
        "act": "added",
        "version": 1,
        "broadcast": stage.broadcast,
        "room": stage.room,
        "session": stage.sessions["a"],
    }
    assert await ended_facts(runtime.database) == [(made["id"], stage.sessions["a"])]
    for body, code, status in (
        (borders(stage, 7, 9, session=stage.sessions["b"]), "live.borders_overlap", 409),
        (borders(stage, 9, 9, session=stage.sessions["b"]), "live.borders_invalid", 400),
        (borders(stage, 9, 10, session="nothing"), "live.session_unfit", 400),
        ({"session": stage.sessions["b"], "starts_at": "2027-05-20T10:00:00", "ends_at": "x"}, "request.invalid", 400),
    ):
        await admin.refused("POST", path_of(stage), code, status=status, json=body)
    await admin.delete(path_of(stage, made["id"]))
    assert await stage.stretches() == []
    again = await admin.post(path_of(stage), borders(stage, 2, 8, session=stage.sessions["a"]))
    assert (again["starts_at"], again["ends_at"]) == (made["starts_at"], made["ends_at"])


async def test_a_session_of_another_event_was_never_on(admin: Asker, stage: Stage) -> None:
    await stage.go_on_air()
    await admin.post("/events", {"title": "Elsewhere"})
    other = await admin.post("/events/elsewhere/sessions", {"title": "T"})
    await admin.refused(
        "POST",
        path_of(stage),
        "live.session_unfit",
        status=400,
        json=borders(stage, 1, 2, session=other["id"]),
    )


async def keeps(stage: Stage, start: float, end: float) -> bool:
    async with stage.runtime.database.read() as db:
        return await may_keep(db, ROOM_PROGRAMME, stage.broadcast, stage.minute(start), stage.minute(end))


async def test_what_reaches_into_a_do_not_record_talk_is_not_kept(admin: Asker, stage: Stage) -> None:
    await admin.patch(f"/sessions/{stage.sessions['b']}", {"do_not_record": True})
    await filled(stage)
    wanted = {(0, 4): True, (0, 5): True, (4.9, 5.1): False, (6, 7): False, (9.9, 10.1): False, (10, 11): True}
    assert {span: await keeps(stage, *span) for span in wanted} == wanted
    assert stage.sessions["b"] not in [session for _, session in await ended_facts(stage.runtime.database)]


async def test_a_talk_marked_in_the_middle_counts_from_its_start(admin: Asker, runtime: Runtime, stage: Stage) -> None:
    await stage.go_on_air()
    await follow_room(runtime, ROOM_PROGRAMME, stage.broadcast, moment=stage.minute(1))
    await stage.archive(0, 4)
    assert await keeps(stage, 3, 4)
    await admin.patch(f"/sessions/{stage.sessions['a']}", {"do_not_record": True})
    assert not await keeps(stage, 3, 4)
    assert not await keeps(stage, 0, 1)
    async with listening(runtime, f"live:{stage.room}") as ear:
        assert await follow_room(runtime, ROOM_PROGRAMME, stage.broadcast, moment=stage.minute(4))
        assert await ear.next() == {"kind": "dropped", "broadcast": stage.broadcast}
    assert await stage.dropped() == list(range(1, 9))
    async with runtime.database.read() as db:
        assert await db.scalar(select(func.count()).select_from(Removal)) == 16
        keys = set(await db.scalars(select(Removal.prefix)))
    assert f"live/{stage.broadcast}/360p/1.m4s" in keys and f"live/{stage.broadcast}/audio/8.m4s" in keys
    assert not await follow_room(runtime, ROOM_PROGRAMME, stage.broadcast, moment=stage.minute(5))
    # Taken back while it is on: kept again from here
    await admin.patch(f"/sessions/{stage.sessions['a']}", {"do_not_record": False})
    assert await follow_room(runtime, ROOM_PROGRAMME, stage.broadcast, moment=stage.minute(6))
    assert await keeps(stage, 6, 7)
    assert len(await stage.dropped()) == 8


async def test_a_border_moved_over_what_was_kept_drops_it(admin: Asker, stage: Stage) -> None:
    await admin.patch(f"/sessions/{stage.sessions['b']}", {"do_not_record": True})
    ids = await filled(stage)
    await stage.archive(0, 5)
    await admin.patch(path_of(stage, ids[1]), borders(stage, 4.25, push=True))
    assert await stage.dropped() == [9, 10]  # from minute 4 and from 4.5
    assert (await admin.get(f"/broadcasts/{stage.broadcast}"))["stretches"][1]["do_not_record"] is True
    # What is dropped is dropped, also when the border goes back
    await admin.patch(path_of(stage, ids[1]), borders(stage, 5, push=True))
    assert await stage.dropped() == [9, 10]


async def test_ended_talks_stay_unrecorded(admin: Asker, runtime: Runtime, stage: Stage) -> None:
    """Once its talk has ended, a mark can be set and not be taken away: what was promised holds."""
    await filled(stage)
    async with runtime.database.write() as db:
        (await db.get_one(Broadcast, stage.broadcast)).by_hand = True
    for mark in (True, False):
        await admin.patch(f"/sessions/{stage.sessions['b']}", {"do_not_record": mark})
        await follow_room(runtime, ROOM_PROGRAMME, stage.broadcast, moment=stage.minute(16))
        assert not await keeps(stage, 6, 7)
    assert await keeps(stage, 1, 2)


async def test_an_open_do_not_record_talk_has_no_end_yet(admin: Asker, stage: Stage) -> None:
    await admin.patch(f"/sessions/{stage.sessions['a']}", {"do_not_record": True})
    await stage.go_on_air()
    await stage.archive(0, 2)
    await follow_room(stage.runtime, ROOM_PROGRAMME, stage.broadcast, moment=stage.minute(1))
    assert not await keeps(stage, 600, 601)
    assert await stage.dropped() == [1, 2, 3, 4]
    await admin.post(f"/broadcasts/{stage.broadcast}/end", status=200)
    assert await ended_facts(stage.runtime.database) == []
    assert [(name, end is None) for name, _, end in await stage.stretches()] == [("a", False)]
