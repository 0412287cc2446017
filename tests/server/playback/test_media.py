"""Files and playlists below /media: ranges, conditions, caching, closed doors, what is not there."""

from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from server.app import create_app
from server.core.clock import now
from server.core.ids import new_id
from server.core.runtime import Runtime
from server.core.settings import Settings
from server.events.models import Event
from server.media.playlist_check import check_playlist
from server.playback.models import CaptionTrack
from server.recordings.keys import recording_prefix
from server.recordings.models import Chunk, Recording, Rendition
from tests.server.uploads.world import World, make_world

SEGMENT = bytes(range(256)) * 4
INIT = "init-0123456789ab.mp4"


@dataclass
class Shown:
    """A published recording with one rung of two segments, sound and captions."""

    client: httpx.AsyncClient
    runtime: Runtime
    world: World
    id: str
    captions: str

    async def get(self, path: str, token: str = "public", method: str = "GET", **headers: str) -> httpx.Response:
        names = {key.replace("_", "-"): value for key, value in headers.items()}
        return await self.client.request(method, f"/media/{token}/{self.id}/{path}", headers=names)

    async def change(self, **values: Any) -> None:
        async with self.runtime.database.write() as db:
            recording = await db.get_one(Recording, self.id)
            for name, value in values.items():
                setattr(recording, name, value)


@pytest.fixture
async def shown(client: httpx.AsyncClient, runtime: Runtime) -> Shown:
    world = await make_world(runtime.database)
    recording = Recording(
        id=new_id(),
        event_id=world.event,
        session_id=world.talk,
        state="ready",
        playable=True,
        published_at=now(),
        duration_ms=8000,
        playable_ms=8000,
        cut=[],
    )
    track = CaptionTrack(
        id=new_id(),
        event_id=world.event,
        session_id=world.talk,
        language="fi",
        label="suomi",
        cues=[[0, 2000, "Hei", ""]],
    )
    chunk = Chunk(
        recording_id=recording.id,
        position=0,
        start_ms=0,
        end_ms=8000,
        first_segment=0,
        done_at=now(),
        segments={"360p": [[360_000, 1024], [360_000, 1024]]},
        details={"init": {"360p": INIT}},
    )
    video = Rendition(
        recording_id=recording.id,
        name="360p",
        kind="video",
        width=640,
        height=360,
        frame_rate="25/1",
        codecs="avc1.64001e",
    )
    audio = Rendition(
        recording_id=recording.id,
        name="audio",
        kind="audio",
        position=1,
        codecs="mp4a.40.2",
        init_key=INIT,
        segments=[[192_512, 900], [191_488, 900]],
    )
    async with runtime.database.write() as db:
        db.add_all([recording, track])
        await db.flush()
        db.add_all([video, audio, chunk])
    await runtime.store.put(recording_prefix(recording.id) + "g1/360p/00000.m4s", SEGMENT)
    return Shown(client, runtime, world, recording.id, track.id)


async def test_playlists_pass_the_strict_check_and_name_everything(shown: Shown) -> None:
    index = await shown.get("index.m3u8")
    assert index.headers["content-type"].startswith("application/vnd.apple.mpegurl")
    assert check_playlist(index.text) == []
    for part in ('CODECS="avc1.64001e,mp4a.40.2"', "RESOLUTION=640x360", "FRAME-RATE=25.000", "AVERAGE-BANDWIDTH="):
        assert part in index.text
    assert f'URI="captions/{shown.captions}.m3u8"' in index.text and 'LANGUAGE="fi"' in index.text
    for name in ("g1/360p/index.m3u8", "g1/audio/index.m3u8", f"captions/{shown.captions}.m3u8"):
        text = (await shown.get(name)).text
        assert check_playlist(text) == [] and text.rstrip().endswith("#EXT-X-ENDLIST"), name
    captions = await shown.get(f"captions/{shown.captions}.vtt")
    assert captions.text.startswith("WEBVTT") and "Hei" in captions.text
    assert captions.headers["content-type"].startswith("text/vtt")


async def test_segment_whole_in_part_and_conditionally(shown: Shown) -> None:
    path = "g1/360p/00000.m4s"
    whole = await shown.get(path)
    assert (whole.status_code, whole.content) == (200, SEGMENT)
    assert "immutable" in whole.headers["cache-control"] and whole.headers["accept-ranges"] == "bytes"
    etag = whole.headers["etag"]
    part = await shown.get(path, Range="bytes=10-19")
    assert (part.status_code, part.content) == (206, SEGMENT[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(SEGMENT)}"
    assert (await shown.get(path, Range="bytes=-4")).content == SEGMENT[-4:]
    assert (await shown.get(path, If_None_Match=etag)).status_code == 304
    assert (await shown.get(path, Range="bytes=0-1", If_Range='"other"')).status_code == 200
    assert (await shown.get(path, Range="bytes=0-1", If_Range=etag)).status_code == 206
    outside = await shown.get(path, Range="bytes=5000-")
    assert (outside.status_code, outside.headers["content-range"]) == (416, f"bytes */{len(SEGMENT)}")
    head = await shown.get(path, method="HEAD")
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(SEGMENT)))


async def test_playlist_is_not_sent_twice(shown: Shown) -> None:
    first = await shown.get("g1/360p/index.m3u8")
    again = await shown.get("g1/360p/index.m3u8", If_None_Match=first.headers["etag"])
    assert again.status_code == 304 and again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize(
    "path",
    [
        "g1/360p/00009.m4s",
        "g1/999p/index.m3u8",
        "../../uploads/x",
        "g1/360p/%2e%2e/00000.m4s",
        "g1/chunks/0000.json",
        "nothing",
        "captions/00000000000000000000000000000000.vtt",
    ],
)
async def test_what_is_not_there_is_not_found(shown: Shown, path: str) -> None:
    assert (await shown.get(path)).status_code == 404


async def test_replaced_generation_is_gone(shown: Shown) -> None:
    await shown.change(generation=2)
    answer = await shown.get("g1/360p/index.m3u8")
    assert (answer.status_code, answer.json()["code"]) == (410, "playback.media_replaced")


async def test_hidden_recording_opens_to_nobody_but_those_who_preview(shown: Shown) -> None:
    await shown.change(published_at=None)
    answer = await shown.get("index.m3u8")
    assert (answer.status_code, answer.json()["code"]) == (403, "playback.token_invalid")
    talk = f"/api/v1/sessions/{shown.world.talk}/playback"
    address = (await shown.client.get(talk, headers=shown.world.organiser)).json()["hls"]
    assert (await shown.client.get(address)).status_code == 200


async def test_closed_event_needs_its_audience_token_and_closing_the_doors_ends_it(shown: Shown) -> None:
    async with shown.runtime.database.write() as db:
        (await db.get_one(Event, shown.world.event)).visibility = "closed"
    assert (await shown.get("index.m3u8")).status_code == 403
    talk = f"/api/v1/sessions/{shown.world.talk}/playback"
    found = (await shown.client.get(talk, headers=shown.world.organiser)).json()
    token = found["hls"].split("/")[2]
    assert found["expires_at"] is not None and token != "public"
    for path in ("index.m3u8", "g1/360p/index.m3u8", "g1/360p/00000.m4s"):
        assert (await shown.get(path, token)).status_code == 200, path
        assert (await shown.get(path, token[:-1] + ("A" if token[-1] != "A" else "B"))).status_code == 403
    kept = (await shown.get("g1/360p/00000.m4s", token)).headers["cache-control"]
    assert int(kept.split("max-age=")[1].split(",")[0]) <= 86_400


async def test_proxy_is_told_where_the_object_is(shown: Shown, settings: Settings) -> None:
    app = create_app(replace(settings, x_accel_prefix="/_objects/"))
    async with (
        app.lifespan(),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://testserver") as client,
    ):
        answer = await client.get(f"/media/public/{shown.id}/g1/360p/00000.m4s")
    target = answer.headers["x-accel-redirect"]
    assert target.startswith(f"/_objects/{settings.s3_bucket}/recordings/{shown.id}/") and "X-Amz-Signature=" in target
    assert answer.content == b"" and "immutable" in answer.headers["cache-control"]
