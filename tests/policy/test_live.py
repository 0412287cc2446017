"""The live origin: what a token opens, and who is given one. Only the token counts there, never who asks."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from server.core.clock import now
from server.core.runtime import Runtime
from server.events.audience import Watched, audience_token
from server.live.models import Broadcast, LiveSegment
from server.live.storage_keys import broadcast_prefix
from tests.policy.asking import ask
from tests.policy.table import ASKERS, VISIBILITIES
from tests.policy.world import World
from tests.server.live.synthetic import layout_of

# Who may watch the world's room: by asker, for public, unlisted, closed.
WATCHES = dict.fromkeys(ASKERS, "+++") | {"anon": "++-", "other": "++-", "t:upload": "---", "t:admin": "---"}
INIT = "init-0123456789ab.mp4"
FILES = ("720p/index.m3u8", "720p/1.m4s", f"720p/{INIT}", "audio/index.m3u8")


@pytest.fixture(scope="session")
async def shown(policy_runtime: Runtime, world: World) -> AsyncIterator[None]:
    """Every room has shown one segment, which is archived."""
    layout = layout_of()
    for words in world.words.values():
        async with policy_runtime.database.write() as db:
            await db.execute(
                update(Broadcast).where(Broadcast.id == words["broadcast"]).values(layout=msgspec.to_builtins(layout))
            )
            db.add(
                LiveSegment(
                    broadcast_id=words["broadcast"],
                    msn=1,
                    start=0,
                    duration=360_000,
                    wall=datetime(2026, 9, 1, 9, tzinfo=UTC),
                    tracks={track.name: [4 * track.timescale, 5, INIT] for track in layout.tracks},
                    archived_at=now(),
                )
            )
        for file in FILES[1:3]:
            await policy_runtime.store.put(broadcast_prefix(words["broadcast"]) + file, b"bytes")
    yield


async def _statuses(app: Any, token: str, words: dict[str, str]) -> set[int]:
    room = f"/live/{token}/{words['room']}"
    addresses = [("GET", f"{room}/index.m3u8"), ("POST", f"{room}/beacon")]
    addresses += [(method, f"{room}/{words['broadcast']}/{file}") for file in FILES for method in ("GET", "HEAD")]
    return {(await ask(app, method, address, headers={})).status for method, address in addresses}


@pytest.mark.parametrize("asker", ASKERS)
async def test_who_may_see_a_room_is_given_what_opens_it(
    asker: str, policy_app: Any, world: World, shown: None
) -> None:
    found = ""
    for visibility in VISIBILITIES:
        words, who = world.words[visibility], world.askers[visibility][asker]
        answer = await ask(policy_app, "GET", f"/api/v1/rooms/{words['room']}/live", headers=who.headers)
        if answer.status != 200:
            found += "-"
            continue
        _, _, token, room_id, file = json.loads(answer.body)["hls"].split("/")
        assert (room_id, file) == (words["room"], "index.m3u8")
        assert await _statuses(policy_app, token, words) == {200}
        found += "+"
    assert found == WATCHES[asker]


async def test_a_token_opens_its_own_rooms_only(
    policy_app: Any, policy_runtime: Runtime, world: World, shown: None
) -> None:
    words = world.words["closed"]

    def token(**changed: Any) -> str:
        values = {"event_id": words["event"], "visibility": "closed", "access_epoch": 0, "published": True} | changed
        return audience_token(policy_runtime.keyring, Watched(**values), moment=now())

    right = token()
    assert await _statuses(policy_app, right, words) == {200}
    wrong = [
        "public",
        "nothing",
        token(event_id=world.words["public"]["event"]),
        token(access_epoch=1),
        right[:-1] + ("A" if right[-1] != "A" else "B"),
    ]
    for other in wrong:
        assert await _statuses(policy_app, other, words) == {403}, other


async def test_what_is_not_there_is_not_found(policy_app: Any, world: World, shown: None) -> None:
    words, other = world.words["public"], world.words["unlisted"]
    room, nobody = f"/live/public/{words['room']}", "0" * 32
    for address in (
        f"/live/public/{nobody}/index.m3u8",
        f"{room}/{nobody}/720p/index.m3u8",
        f"{room}/{other['broadcast']}/720p/index.m3u8",  # of another room
        f"{room}/{words['broadcast']}/1080p/index.m3u8",
        f"{room}/{words['broadcast']}/720p/2.m4s",
        f"{room}/{words['broadcast']}/720p/../../index.m3u8",
        f"{room}/{words['broadcast']}",
        "/live/public",
        "/live/",
    ):
        assert (await ask(policy_app, "GET", address, headers={})).status == 404, address


@pytest.mark.parametrize(("method", "path"), [("POST", "index.m3u8"), ("DELETE", "index.m3u8"), ("GET", "beacon")])
async def test_other_methods_are_refused(method: str, path: str, policy_app: Any, world: World, shown: None) -> None:
    answer = await ask(policy_app, method, f"/live/public/{world.words['public']['room']}/{path}", headers={})
    assert answer.status == 405
    assert method not in answer.headers["allow"].split(", ")
