"""Stream keys and SRT doors over HTTP, on both databases."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from server.core.clock import now
from server.core.runtime import Runtime
from server.core.secrets import Keyring
from server.core.settings import Settings
from server.events.models import Room
from server.live.errors import NoDoorLeft
from server.live.feed import KeyRefused
from server.live.keys import admit_key, check_stream_key
from server.live.models import SrtDoor, StreamKey
from server.live.schemas import door_out, rtmp_server
from server.live.srt_doors import doors_of, every_door
from tests.server.events.people import Asker
from tests.server.live.routes.stage import Stage, listening


def path_of(stage: Stage, rest: str = "keys") -> str:
    return f"/rooms/{stage.room}/{rest}"


async def test_a_key_is_told_once_and_lets_its_bearer_in(admin: Asker, runtime: Runtime, stage: Stage) -> None:
    made = await admin.post(path_of(stage), {"role": "backup"})
    secret = made.pop("secret")
    assert secret.startswith("live_") and len(secret) >= 37 and secret.endswith(made["hint"])
    assert (made["state"], made["role"], made["server"]) == ("valid", "backup", "rtmp://testserver:1935/live")
    listed = (await admin.get(path_of(stage)))["items"]
    assert listed == [made]
    admission = await admit_key(runtime, secret, peer="192.0.2.7:5000")
    assert (admission.room_id, admission.event_id, admission.role) == (stage.room, stage.event, "backup")
    assert admission.key_id == made["id"]
    [used] = (await admin.get(path_of(stage)))["items"]
    assert used["last_used_at"] is not None
    async with runtime.database.write() as db:
        row = await db.get_one(StreamKey, made["id"])
        assert secret not in row.secret_hash
        await check_stream_key(db, secret)  # within the minute: not noted again
    assert (await admin.get(path_of(stage)))["items"] == [used]


async def test_wrong_keys_are_refused_and_after_many_right_ones_too(
    runtime: Runtime, stage: Stage, admin: Asker
) -> None:
    secret = (await admin.post(path_of(stage), {}))["secret"]
    for wrong in ("", "live_", secret[:-1], secret + " ", "\x00", "ä" * 5000):
        with pytest.raises(KeyRefused):
            await admit_key(runtime, wrong, peer="192.0.2.9")
    await admit_key(runtime, secret, peer="192.0.2.9")
    for _ in range(60):
        with pytest.raises(KeyRefused):
            await admit_key(runtime, "live_wrong", peer="192.0.2.9:1")
    with pytest.raises(KeyRefused, match="Too many"):
        await admit_key(runtime, secret, peer="192.0.2.9:2")
    await admit_key(runtime, secret, peer="192.0.2.10:2")


async def test_rotation_lets_older_keys_run_out_and_spares_the_other_role(
    admin: Asker, runtime: Runtime, stage: Stage
) -> None:
    first = await admin.post(path_of(stage), {})
    standby = await admin.post(path_of(stage), {"role": "backup"})
    second = await admin.post(path_of(stage), {"rotate": True, "overlap_s": 600})
    states = {one["id"]: one for one in (await admin.get(path_of(stage)))["items"]}
    assert [states[one["id"]]["state"] for one in (first, standby, second)] == ["running_out", "valid", "valid"]
    for one in (first, second, standby):
        await admit_key(runtime, one["secret"], peer="192.0.2.1")
    # A second rotation never gives a key more time than it had
    await admin.post(path_of(stage), {"rotate": True})
    states = {one["id"]: one for one in (await admin.get(path_of(stage)))["items"]}
    assert states[first["id"]]["expires_at"] < states[second["id"]]["expires_at"]
    async with runtime.database.write() as db:
        past = now() - timedelta(seconds=1)
        await db.execute(update(StreamKey).where(StreamKey.id == first["id"]).values(expires_at=past))
    with pytest.raises(KeyRefused):
        await admit_key(runtime, first["secret"], peer="192.0.2.1")
    states = {one["id"]: one for one in (await admin.get(path_of(stage)))["items"]}
    assert states[first["id"]]["state"] == "expired"


async def test_revoking_drops_the_publisher(admin: Asker, runtime: Runtime, stage: Stage) -> None:
    first, second = await admin.post(path_of(stage), {}), await admin.post(path_of(stage), {})
    async with listening(runtime, "live:commands") as ear:
        await admin.delete(path_of(stage, f"keys/{first['id']}"))
        assert await ear.next() == {"kind": "revoked", "key_id": first["id"]}
        await admin.post(path_of(stage), {"rotate": True, "overlap_s": 0})
        assert await ear.next() == {"kind": "revoked", "key_id": second["id"]}
    for one in (first, second):
        with pytest.raises(KeyRefused):
            await admit_key(runtime, one["secret"], peer="192.0.2.1")
    await admin.refused("DELETE", path_of(stage, "keys/nothing"), "live.key_not_found", status=404)


async def test_a_key_of_a_deleted_room_lets_nobody_in(admin: Asker, runtime: Runtime, stage: Stage) -> None:
    secret = (await admin.post(path_of(stage), {}))["secret"]
    await admin.delete("/events/seminar/rooms/hall")
    with pytest.raises(KeyRefused):
        await admit_key(runtime, secret, peer="192.0.2.1")
    await admin.refused("POST", path_of(stage), "room.not_found", status=404, json={})
    await admin.post("/events/seminar/rooms/hall/restore", status=200)
    await admit_key(runtime, secret, peer="192.0.2.1")


@pytest.mark.parametrize(
    ("body", "code"),
    [({"role": "third"}, "live.role_invalid"), ({"overlap_s": -1}, "request.invalid"), ({"x": 1}, "request.invalid")],
)
async def test_what_no_key_can_be(admin: Asker, stage: Stage, body: dict[str, Any], code: str) -> None:
    await admin.refused("POST", path_of(stage), code, status=400, json=body)


async def test_keys_are_listed_in_pages(admin: Asker, stage: Stage) -> None:
    made = [(await admin.post(path_of(stage), {}))["id"] for _ in range(3)]
    first = await admin.get(path_of(stage, "keys?limit=2"))
    second = await admin.get(path_of(stage, f"keys?limit=2&after={first['next']}"))
    assert [one["id"] for one in first["items"] + second["items"]] == made[::-1]
    assert second["next"] is None


async def test_doors_have_stable_ports_and_a_passphrase_to_read_again(
    admin: Asker, runtime: Runtime, stage: Stage
) -> None:
    async with listening(runtime, "live:commands") as ear:
        doors = (await admin.get(path_of(stage, "srt")))["items"]
        told = [await ear.next(), await ear.next()]
    assert [door["role"] for door in doors] == ["main", "backup"]
    assert [door["port"] for door in doors] == [8890, 8891]
    assert [one["door_id"] for one in told] == [door["id"] for door in doors]
    for door in doors:
        assert 10 <= len(door["passphrase"]) <= 79 and door["passphrase"].isalnum()
        assert door["url"] == f"srt://testserver:{door['port']}?passphrase={door['passphrase']}"
    assert (await admin.get(path_of(stage, "srt")))["items"] == doors
    other = await admin.post("/events/seminar/rooms", {"name": "Attic"})
    assert [d["port"] for d in (await admin.get(f"/rooms/{other['id']}/srt"))["items"]] == [8892, 8893]
    async with runtime.database.read() as db:
        kept = list(await db.scalars(select(SrtDoor)))
        found = await every_door(db, runtime.keyring, srt_port=9000)
        assert await every_door(db, Keyring(["another key of at least 32 characters"]), srt_port=9000) == []
    assert all(door["passphrase"] not in row.passphrase_encrypted for door in doors for row in kept)
    assert [(one.port, one.passphrase) for one in found[:2]] == [
        (9000 + number, door["passphrase"]) for number, door in enumerate(doors)
    ]
    assert found[0].admission.key_id == doors[0]["id"] and found[0].admission.room_id == stage.room


async def test_a_rotated_passphrase_is_another_one(admin: Asker, runtime: Runtime, stage: Stage) -> None:
    main, standby = (await admin.get(path_of(stage, "srt")))["items"]
    async with listening(runtime, "live:commands") as ear:
        fresh = await admin.post(path_of(stage, "srt/rotate"), {"role": "main", "drop": True}, status=200)
        assert await ear.next() == {"kind": "srt", "room_id": stage.room, "door_id": main["id"], "role": "main"}
        assert await ear.next() == {"kind": "revoked", "key_id": main["id"]}
    assert (fresh["id"], fresh["port"]) == (main["id"], main["port"])
    assert fresh["passphrase"] != main["passphrase"]
    assert (await admin.get(path_of(stage, "srt")))["items"] == [fresh, standby]
    await admin.refused("POST", path_of(stage, "srt/rotate"), "live.role_invalid", status=400, json={"role": "x"})


async def test_doors_made_at_once_get_numbers_of_their_own(admin: Asker, runtime: Runtime, stage: Stage) -> None:
    rooms = [stage.room] + [(await admin.post("/events/seminar/rooms", {"name": f"R{n}"}))["id"] for n in range(3)]

    async def look(room_id: str) -> list[tuple[str, int]]:
        async with runtime.database.write() as db:
            doors = await doors_of(db, runtime, await db.get_one(Room, room_id))
            return [(door.id, door.number) for door in doors]

    found = await asyncio.gather(*(look(room_id) for room_id in rooms + rooms))
    assert found[:4] == found[4:]
    assert sorted(number for doors in found[:4] for _, number in doors) == list(range(8))
    # What a room leaves is taken by the next one
    async with runtime.database.write() as db:
        await db.delete(await db.get_one(Room, rooms[0]))
    late = (await admin.post("/events/seminar/rooms", {"name": "Late"}))["id"]
    assert {number for _, number in await look(late)} == {number for _, number in found[0]}


async def test_encoders_are_told_another_host_where_the_operator_says_so(runtime: Runtime, stage: Stage) -> None:
    elsewhere = replace(runtime, ingest_host="2001:db8::1", rtmp_port=1936, srt_port=9000)
    assert rtmp_server(elsewhere) == "rtmp://[2001:db8::1]:1936/live"
    async with runtime.database.write() as db:
        [main, _standby] = await doors_of(db, elsewhere, await db.get_one(Room, stage.room))
    assert door_out(main, elsewhere).url.startswith("srt://[2001:db8::1]:9000?passphrase=")
    assert (Settings(public_url="https://a.example").ingest_address, Settings(ingest_host="b").ingest_address) == (
        "a.example",
        "b",
    )


async def test_no_port_is_left(runtime: Runtime, stage: Stage) -> None:
    full = replace(runtime, srt_port=65_535)
    async with runtime.database.write() as db:
        with pytest.raises(NoDoorLeft):
            await doors_of(db, full, await db.get_one(Room, stage.room))
