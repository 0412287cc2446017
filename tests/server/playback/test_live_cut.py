"""A recording that is still the live segments: playlists, the files below them, captions, exact borders."""

from pathlib import Path

import av
import httpx
import pytest

from server.core.clock import now
from server.core.ids import new_id
from server.core.runtime import Runtime
from server.events.models import CLOSED, Event
from server.live.models import LiveSegment
from server.media.captions_read import read_captions
from server.media.playlist_check import check_playlist
from server.media.playlist_check_growth import check_bandwidths, check_growth, check_presentation
from server.media.playlist_read import read_media_playlist, read_multivariant_playlist
from server.playback.models import CaptionTrack
from server.recordings.cut import cut_talk, recording_id_of
from server.recordings.cut_rows import read_archive
from server.recordings.models import Recording
from tests.frame_code import read_codes
from tests.server.recordings.on_air import OnAir, put_on_air
from tests.server.uploads.world import make_world

pytestmark = pytest.mark.ffmpeg
VIDEO, SOUND = "g1/180p/index.m3u8", "g1/audio/index.m3u8"


async def _cut(on_air: OnAir) -> str:
    async with on_air.runtime.database.write() as db:
        archive = await read_archive(db, on_air.broadcast)
        assert archive is not None
        await cut_talk(db, archive, on_air.world.talk, token_overlap_s=60)
    return recording_id_of(on_air.broadcast, on_air.world.talk)


@pytest.fixture
async def on_air(runtime: Runtime) -> OnAir:
    """A talk from 5 s to 17.52 s of its broadcast; two encoders sent it."""
    made = await put_on_air(runtime, await make_world(runtime.database))
    await made.talk(made.world.talk, 5, 17.52)
    return made


async def _get(client: httpx.AsyncClient, recording: str, path: str, token: str = "public") -> httpx.Response:
    return await client.get(f"/media/{token}/{recording}/{path}")


async def _save(client: httpx.AsyncClient, recording: str, folder: Path, names: tuple[str, ...]) -> None:
    """What players fetch, as files beside each other."""
    for name in names:
        text = (await _get(client, recording, name)).text
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        for segment in read_media_playlist(text).segments:
            for uri in (segment.uri, segment.map.uri if segment.map else segment.uri):
                path = uri.removeprefix("../../")
                answer = await _get(client, recording, path)
                assert answer.status_code == 200, path
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(answer.content)


async def test_playlists_pass_the_strict_check_and_say_where_the_talk_is(
    client: httpx.AsyncClient, on_air: OnAir
) -> None:
    recording = await _cut(on_air)
    answer = await _get(client, recording, "index.m3u8")
    assert answer.headers["cache-control"] == "public, max-age=1", "a better encode may take its place any moment"
    index = answer.text
    media = {name: (await _get(client, recording, name)).text for name in (VIDEO, SOUND)}
    for text in (index, *media.values()):
        assert check_playlist(text) == []
    assert check_presentation(index, media) == []
    for name, text in media.items():
        assert "#EXT-X-START:TIME-OFFSET=1,PRECISE=YES" in text.replace("=1.000,", "=1,"), name
        assert text.count("#EXT-X-DISCONTINUITY\n") == 1 and text.count("#EXT-X-PROGRAM-DATE-TIME") == 4
        assert [one.uri.rsplit("/", 1)[1] for one in read_media_playlist(text).segments] == [
            f"{n}.m4s" for n in (2, 3, 4, 5)
        ]
    sizes = {}
    for name, text in media.items():
        files = [(await _get(client, recording, one.uri.removeprefix("../../"))).content for one in
                 read_media_playlist(text).segments]  # fmt: skip
        sizes[name] = [
            (len(body), one.duration) for body, one in zip(files, read_media_playlist(text).segments, strict=True)
        ]
    assert check_bandwidths(index, sizes, 4) == []


async def test_it_plays_from_the_first_to_the_last_second(
    client: httpx.AsyncClient, on_air: OnAir, tmp_path: Path
) -> None:
    recording = await _cut(on_air)
    shown = (await client.get(f"/api/v1/sessions/{on_air.world.talk}/playback")).json()
    assert (shown["duration_ms"], shown["clip"]) == (12_520, {"start_ms": 1000, "end_ms": 13_520})
    await _save(client, recording, tmp_path, (VIDEO, SOUND))
    pictures = [code for _time, code in read_codes(tmp_path / VIDEO)]
    assert pictures == list(range(100, 500)), "every picture of the four segments, in order, across the reconnect"
    first, last = pictures[round(1.0 * 25)], pictures[round(13.52 * 25) - 1]
    assert (first, last) == (125, 437), "the talk's own first and last picture, where the clip says"
    with av.open(str(tmp_path / SOUND)) as sound:
        samples = sum(frame.samples for frame in sound.decode(audio=0))
    assert abs(samples / 48_000 - 16) < 0.1


async def test_only_its_own_segments_are_given_out(
    client: httpx.AsyncClient, on_air: OnAir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.playback.media_routes._KEEP_S", 0.0)  # as if two seconds had passed
    recording = await _cut(on_air)
    answer = await _get(client, recording, "live/180p/3.m4s")
    assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"]
    part = await client.get(f"/media/public/{recording}/live/180p/3.m4s", headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.content) == (206, answer.content[:10])
    for path in ("live/180p/1.m4s", "live/180p/6.m4s", "live/audio/1.m4s", "live/180p/03x.m4s", "live/../x", "live/x"):
        assert (await _get(client, recording, path)).status_code == 404, path
    async with on_air.runtime.database.write() as db:
        (await db.get_one(LiveSegment, (on_air.broadcast, 3))).dropped_at = now()
    await _cut(on_air)
    assert (await _get(client, recording, "live/180p/3.m4s")).status_code == 404
    name = read_multivariant_playlist((await _get(client, recording, "index.m3u8")).text).variants[0].uri
    text = (await _get(client, recording, name)).text
    assert check_playlist(text) == [] and "/3.m4s" not in text and text.count("#EXT-X-DISCONTINUITY\n") == 1
    assert (await _get(client, recording, VIDEO)).status_code == 410, "the list that named it is gone"


async def test_a_closed_event_asks_for_its_token(client: httpx.AsyncClient, on_air: OnAir) -> None:
    recording = await _cut(on_air)
    await on_air.change(Event, on_air.world.event, visibility=CLOSED)
    shown = await client.get(f"/api/v1/sessions/{on_air.world.talk}/playback", headers=on_air.world.organiser)
    token = shown.json()["hls"].split("/")[2]
    assert token != "public"
    for path in ("index.m3u8", VIDEO, "live/180p/3.m4s"):
        assert (await _get(client, recording, path)).status_code == 403, path
        assert (await _get(client, recording, path, token)).status_code == 200, path


async def test_a_playlist_that_grows_only_grows(runtime: Runtime, client: httpx.AsyncClient) -> None:
    on_air = await put_on_air(runtime, await make_world(runtime.database), archived=4)
    await on_air.talk(on_air.world.talk, 1, 22)
    recording = await _cut(on_air)
    before = [(await _get(client, recording, name)).text for name in (VIDEO, SOUND)]
    await on_air.archive(5, 6)
    await _cut(on_air)
    after = [(await _get(client, recording, name)).text for name in (VIDEO, SOUND)]
    for old, new in zip(before, after, strict=True):
        assert "TYPE:EVENT" in old and "ENDLIST" not in old and "TYPE:VOD" in new and "ENDLIST" in new
        assert check_playlist(old) == [] and check_playlist(new) == [] and check_growth(old, new) == []


async def test_captions_are_where_the_words_are_said(client: httpx.AsyncClient, on_air: OnAir) -> None:
    recording = await _cut(on_air)
    track = CaptionTrack(
        id=new_id(), event_id=on_air.world.event, session_id=on_air.world.talk, language="fi",
        cues=[[500, 2000, "Hei", ""]],
    )  # fmt: skip
    async with on_air.runtime.database.write() as db:
        db.add(track)
    text = (await _get(client, recording, f"captions/{track.id}.vtt")).text
    assert text.splitlines()[1] == f"X-TIMESTAMP-MAP=MPEGTS:{4 * 90_000},LOCAL:00:00:00.000"
    assert [(cue.start_ms, cue.end_ms) for cue in read_captions(text.encode()).cues] == [(1500, 3000)]
    listed = (await _get(client, recording, f"captions/{track.id}.m3u8")).text
    assert check_playlist(listed) == []


async def test_unpublished_it_is_out_of_reach(client: httpx.AsyncClient, on_air: OnAir) -> None:
    recording = await _cut(on_air)
    await on_air.change(Recording, recording, published_at=None)
    for path in ("index.m3u8", "live/180p/3.m4s"):
        assert (await _get(client, recording, path)).status_code == 403
