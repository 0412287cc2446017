"""Media and playlists: what a playback token opens, and who is given one."""

import json
from typing import Any

import pytest

from server.core.clock import now
from server.core.runtime import Runtime
from server.events.audience import Watched, audience_token
from server.recordings.keys import recording_prefix
from tests.policy.asking import ask
from tests.policy.table import ASKERS, VISIBILITIES
from tests.policy.world import World

# Who may watch the published recording of the world's session: by asker, for public, unlisted, closed.
WATCHES = dict.fromkeys(ASKERS, "+++") | {
    "anon": "++-",
    "other": "++-",
    "t:upload": "---",
    "t:admin": "---",
}
FILES = ("index.m3u8", "g1/360p/index.m3u8", "g1/360p/00000.m4s", "g1/360p/init-0123456789ab.mp4")


@pytest.fixture(scope="session")
async def stored(policy_runtime: Runtime, world: World) -> None:
    """The objects of every recording."""
    for words in world.words.values():
        for name in ("recording_id", "recording_hidden", "recording_deleted"):
            for file in FILES[2:]:
                await policy_runtime.store.put(recording_prefix(words[name]) + file, b"bytes")


async def _statuses(app: Any, token: str, recording_id: str) -> set[int]:
    """Who asks does not matter: only the token does, so nothing else is sent."""
    return {
        (await ask(app, method, f"/media/{token}/{recording_id}/{file}", headers={})).status
        for file in FILES
        for method in ("GET", "HEAD")
    }


@pytest.mark.parametrize("asker", ASKERS)
async def test_who_may_see_a_talk_is_given_what_opens_its_media(
    asker: str, policy_app: Any, world: World, stored: None
) -> None:
    found = ""
    for visibility in VISIBILITIES:
        words, who = world.words[visibility], world.askers[visibility][asker]
        answer = await ask(policy_app, "GET", f"/api/v1/sessions/{words['session']}/playback", headers=who.headers)
        if answer.status != 200:
            found += "-"
            continue
        hls = json.loads(answer.body)["hls"]
        _, _, token, recording_id, file = hls.split("/")
        assert (recording_id, file) == (words["recording_id"], "index.m3u8")
        assert await _statuses(policy_app, token, recording_id) == {200}
        found += "+"
    assert found == WATCHES[asker]


async def test_token_opens_its_own_audiences_media_only(
    policy_app: Any, policy_runtime: Runtime, world: World, stored: None
) -> None:
    words = world.words["closed"]

    def token(**changed: Any) -> str:
        values = {"event_id": words["event"], "visibility": "closed", "access_epoch": 0, "published": True} | changed
        return audience_token(policy_runtime.keyring, Watched(**values), moment=now())

    right = token()
    assert await _statuses(policy_app, right, words["recording_id"]) == {200}
    for wrong in (
        "public",
        "nothing",
        token(event_id=world.words["public"]["event"]),
        token(access_epoch=1),
        right[:-1] + ("A" if right[-1] != "A" else "B"),
        right.replace("a0.", "p0."),
    ):
        assert await _statuses(policy_app, wrong, words["recording_id"]) == {403}


@pytest.mark.parametrize("visibility", VISIBILITIES)
async def test_unpublished_media_opens_for_a_preview_only(
    visibility: str, policy_app: Any, policy_runtime: Runtime, world: World, stored: None
) -> None:
    words = world.words[visibility]
    watched = Watched(event_id=words["event"], visibility=visibility, access_epoch=0, published=False)
    audience = audience_token(policy_runtime.keyring, watched, moment=now())
    preview = audience_token(policy_runtime.keyring, watched, moment=now(), preview=True)
    assert await _statuses(policy_app, audience, words["recording_hidden"]) == {403}
    assert await _statuses(policy_app, preview, words["recording_hidden"]) == {200}


@pytest.mark.parametrize("visibility", VISIBILITIES)
async def test_deleted_media_opens_for_nobody(
    visibility: str, policy_app: Any, policy_runtime: Runtime, world: World, stored: None
) -> None:
    words = world.words[visibility]
    watched = Watched(event_id=words["event"], visibility=visibility, access_epoch=0, published=True)
    for preview in (False, True):
        token = audience_token(policy_runtime.keyring, watched, moment=now(), preview=preview)
        assert await _statuses(policy_app, token, words["recording_deleted"]) == {404}
