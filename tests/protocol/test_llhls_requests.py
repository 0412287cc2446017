"""Low-latency HLS requests as a table (RFC 8216bis 6.2.5, appendix B.1), asked of the real application over HTTP.

The room stands at segment 5, part 2 (segments 1 to 4 are whole) whenever a request of the table is made. `after` rows
are then published while the request waits.
"""

import asyncio
import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from server.live import playlist_requests
from server.live.playlist_requests import LONGEST_WAIT_S
from server.media.live import TARGET_DURATION_S
from server.media.playlist_check import check_playlist
from server.media.playlist_check_live import check_low_latency
from server.media.playlist_read_live import read_live_playlist
from tests.server.live.stage import OnAir, Stage, stage, stage_settings
from tests.server.live.synthetic import body_of, init_name

__all__ = ["stage", "stage_settings"]  # fixtures

STANDS = 4 * 8 + 3


@pytest.fixture
async def air(stage: Stage) -> AsyncIterator[OnAir]:
    """A room that stands where the table wants it."""
    made = await stage.room()
    await made.add(STANDS)
    yield made


@dataclass(frozen=True)
class Ask:
    """A request and its answer: at once, or after so many more rows; the newest (segment, part) it then lists."""

    query: str
    status: int = 200
    after: int = 0
    end: tuple[int, int] = (5, 2)

    def __str__(self) -> str:
        return self.query or "plain"


TABLE = [
    # No directives, and those that ask for what is there: at once
    Ask(""),
    Ask("_HLS_msn=5&_HLS_part=2"),
    Ask("_HLS_msn=5&_HLS_part=0"),
    Ask("_HLS_msn=4"),
    Ask("_HLS_msn=4&_HLS_part=7"),
    Ask("_HLS_part=1&_HLS_msn=4"),
    Ask("_HLS_msn=4&_HLS_part=6&other=1"),
    # Below the window: 200 and the whole present playlist
    Ask("_HLS_msn=0"),
    Ask("_HLS_msn=1&_HLS_part=99"),
    # What comes next: held until it is there
    Ask("_HLS_msn=5&_HLS_part=3", after=1, end=(5, 3)),
    Ask("_HLS_msn=5&_HLS_part=4", after=2, end=(5, 4)),
    Ask("_HLS_msn=5", after=5, end=(5, 7)),
    Ask("_HLS_msn=6&_HLS_part=0", after=6, end=(6, 0)),
    Ask("_HLS_msn=6", after=13, end=(6, 7)),
    # Past the end of a segment is the first part of the next
    Ask("_HLS_msn=5&_HLS_part=8", after=6, end=(6, 0)),
    Ask("_HLS_msn=4&_HLS_part=8"),
    # Nonsense, and too far ahead
    Ask("_HLS_part=1", 400),
    Ask("_HLS_msn=x", 400),
    Ask("_HLS_msn=5.0", 400),
    Ask("_HLS_msn=-1", 400),
    Ask("_HLS_msn=", 400),
    Ask("_HLS_msn=5&_HLS_part=x", 400),
    Ask("_HLS_msn=5&_HLS_part=-1", 400),
    Ask("_HLS_msn=99999999999999999999", 400),
    Ask("_HLS_msn=7", 400),
    Ask("_HLS_msn=5&_HLS_part=9", 400),  # more than the advance part limit, 3 / 0.533 s, after part 2
    Ask("_HLS_msn=6&_HLS_part=6", 400),
]


@pytest.mark.parametrize("ask", TABLE, ids=str)
@pytest.mark.parametrize("track", ["720p", "audio"])
async def test_playlist_request(ask: Ask, track: str, stage: Stage, air: OnAir) -> None:
    url = air.track(track=track) + (f"?{ask.query}" if ask.query else "")
    asking = asyncio.create_task(stage.client.get(url))
    if ask.after:
        await stage.until_waiting(air)
        assert not asking.done()
        await air.add(ask.after - 1)
        assert ask.after == 1 or not asking.done()
        await air.add()
    answer = await asking
    assert answer.status_code == ask.status
    if ask.status != 200:
        assert answer.json()["code"] == "live.directive_invalid"
        assert answer.headers["cache-control"] == "no-store"
        return
    assert read_live_playlist(answer.text).end == ask.end
    assert check_playlist(answer.text) == []
    assert (
        check_low_latency(answer.text, others=[f"../{n}/index.m3u8" for n in ("720p", "360p", "audio") if n != track])
        == []
    )


async def test_a_held_request_is_given_up_after_three_target_durations(
    stage: Stage, air: OnAir, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LONGEST_WAIT_S == 3 * TARGET_DURATION_S
    monkeypatch.setattr(playlist_requests, "LONGEST_WAIT_S", 0.05)
    for path in ("index.m3u8?_HLS_msn=5&_HLS_part=3", "5.3.m4s"):
        answer = await stage.client.get(air.track(path))
        assert answer.status_code == 503, path  # never an unchanged 200: AVPlayer error -15410
        assert answer.json()["code"] == "live.media_late"
    room = stage.mirrors.find(air.room_id)
    assert room is not None
    assert room.waiters == 0


async def test_delta_updates(stage: Stage, air: OnAir) -> None:
    short = await stage.client.get(air.track() + "?_HLS_skip=YES")
    assert "EXT-X-SKIP" not in short.text  # nothing lies before the boundary yet
    await air.add(8 * 5)
    whole = await stage.client.get(air.track())
    for value in ("YES", "v2"):
        answer = await stage.client.get(air.track() + f"?_HLS_skip={value}")
        playlist = read_live_playlist(answer.text)
        assert playlist.skipped == 3  # segments 1 to 3 end before 24 s from the end: 10.2 is the newest
        assert playlist.first == 1
        assert answer.text.startswith("#EXTM3U\n#EXT-X-VERSION:9\n")
        assert check_playlist(answer.text) == []
    assert "EXT-X-SKIP" not in whole.text
    other = await stage.client.get(air.track() + "?_HLS_skip=maybe")
    assert other.text == whole.text
    asking = asyncio.create_task(stage.client.get(air.track() + "?_HLS_skip=YES&_HLS_msn=10&_HLS_part=3"))
    await stage.until_waiting(air)
    await air.add()
    blocked = read_live_playlist((await asking).text)
    assert (blocked.end, blocked.skipped) == ((10, 3), 3)


async def test_ended_playlists_ignore_directives(stage: Stage, air: OnAir) -> None:
    asking = [
        asyncio.create_task(stage.client.get(air.track() + query))
        for query in ("?_HLS_msn=5&_HLS_part=3", "?_HLS_msn=6")
    ]
    await stage.until_waiting(air, 2)
    await air.close()
    held = await asyncio.gather(*asking)
    plain = await stage.client.get(air.track())
    assert plain.text.endswith("#EXT-X-ENDLIST\n")
    assert "EXT-X-PRELOAD-HINT" not in plain.text
    assert [answer.text for answer in held] == [plain.text] * 2
    for query in ("_HLS_msn=99", "_HLS_part=1", "_HLS_msn=x", "_HLS_skip=YES", "_HLS_msn=5&_HLS_part=3"):
        answer = await stage.client.get(air.track() + f"?{query}")
        assert (answer.status_code, answer.text) == (200, plain.text), query
    assert (await stage.client.get(air.track("5.3.m4s"))).status_code == 404
    multivariant = await stage.client.get(air.url())
    assert multivariant.status_code == 200


async def test_a_hinted_part_blocks_and_then_comes_whole(stage: Stage, air: OnAir) -> None:
    asking = [asyncio.create_task(stage.client.get(air.track("5.3.m4s", track=name))) for name in ("720p", "audio")]
    await stage.until_waiting(air, 2)
    await air.add()
    for name, answer in zip(("720p", "audio"), await asyncio.gather(*asking), strict=True):
        assert answer.content == body_of(name, 5, 3)
        assert int(answer.headers["content-length"]) == len(answer.content)


async def test_a_hinted_part_that_does_not_come_is_not_found(stage: Stage, air: OnAir) -> None:
    asking = [
        asyncio.create_task(stage.client.get(air.track(path)))
        for path in ("5.3.m4s", "index.m3u8?_HLS_msn=5&_HLS_part=3", "index.m3u8?_HLS_msn=5")
    ]
    await stage.until_waiting(air, 3)
    air.timeline.cut()  # the encoder is gone: segment 5 ends with the parts it has
    await air.add()
    part, *playlists = await asyncio.gather(*asking)
    assert part.status_code == 404
    for playlist in playlists:
        assert read_live_playlist(playlist.text).end == (6, 0)
        assert "#EXT-X-DISCONTINUITY\n" in playlist.text
    segment = await stage.client.get(air.track("5.m4s"))
    assert segment.content == b"".join(body_of("720p", 5, part) for part in range(3))


@pytest.mark.parametrize(
    "path", ["5.9.m4s", "6.3.m4s", "7.0.m4s", "7.m4s", "99.m4s", "0.m4s", "4.8.m4s", "init-00000000000f.mp4"]
)
async def test_what_nobody_was_told_of_is_not_found_at_once(path: str, stage: Stage, air: OnAir) -> None:
    answer = await stage.client.get(air.track(path))
    assert answer.status_code == 404
    assert answer.json()["code"] == "live.not_found"


async def test_what_another_process_may_have_listed_already_is_waited_for(stage: Stage, air: OnAir) -> None:
    asking = [asyncio.create_task(stage.client.get(air.track(path))) for path in ("5.4.m4s", "5.m4s")]
    await stage.until_waiting(air, 2)
    await air.add(5)
    part, segment = await asyncio.gather(*asking)
    assert part.content == body_of("720p", 5, 4)
    assert segment.content == b"".join(body_of("720p", 5, number) for number in range(8))


async def test_parts_stay_for_three_target_durations_longer_than_they_are_listed(stage: Stage, air: OnAir) -> None:
    await air.add(8 * 6)
    listed = read_live_playlist((await stage.client.get(air.track())).text).numbered()
    oldest = min(msn for msn, segment in listed.items() if segment.parts)
    answer = await stage.client.get(air.track(f"{oldest - 3}.0.m4s"))
    assert answer.content == body_of("720p", oldest - 3, 0)


CORS = {"access-control-allow-origin": "*", "x-content-type-options": "nosniff"}


@pytest.mark.parametrize(
    ("path", "content_type", "cache"),
    [
        ("index.m3u8", "application/vnd.apple.mpegurl", "public, max-age=1"),
        ("index.m3u8?_HLS_msn=5&_HLS_part=2", "application/vnd.apple.mpegurl", "public, max-age=24"),
        ("index.m3u8?_HLS_msn=1&_HLS_part=2", "application/vnd.apple.mpegurl", "public, max-age=1"),
        ("5.2.m4s", "video/iso.segment", "public, max-age=60, immutable"),
        ("4.m4s", "video/iso.segment", "public, max-age=60, immutable"),
        (init_name("720p", 1), "video/mp4", "public, max-age=86400, immutable"),
    ],
)
async def test_headers(path: str, content_type: str, cache: str, stage: Stage, air: OnAir) -> None:
    answer = await stage.client.get(air.track(path), headers={"accept-encoding": "identity"})
    head = await stage.client.head(air.track(path), headers={"accept-encoding": "identity"})
    assert answer.status_code == head.status_code == 200
    assert head.content == b""
    assert head.headers == answer.headers
    assert {name: answer.headers.get(name) for name in CORS} == CORS
    assert {"Age", "Date"} <= set(answer.headers["access-control-expose-headers"].split(", "))
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == (content_type, cache)
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert (answer.headers.get("vary") == "Accept-Encoding") == ("m3u8" in path)
    assert "set-cookie" not in answer.headers


async def test_playlists_are_compressed_once_for_who_takes_it(stage: Stage, air: OnAir) -> None:
    plain = await stage.client.get(air.track(), headers={"accept-encoding": "identity"})
    async with stage.client.stream("GET", air.track(), headers={"accept-encoding": "br, gzip"}) as answer:
        packed = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed) == plain.content
    assert "content-encoding" not in plain.headers


@pytest.mark.parametrize(
    ("asked", "status", "span"),
    [
        ("bytes=0-9", 206, (0, 9)),
        ("bytes=10-", 206, (10, None)),
        ("bytes=-5", 206, (-5, None)),
        ("bytes=999999-", 416, (0, -1)),
    ],
)
async def test_ranges_of_segments_from_memory(
    asked: str, status: int, span: tuple[int, int | None], stage: Stage, air: OnAir
) -> None:
    whole = (await stage.client.get(air.track("4.m4s"))).content
    answer = await stage.client.get(air.track("4.m4s"), headers={"range": asked})
    assert answer.status_code == status
    first, last = span
    assert answer.content == (b"" if status == 416 else whole[first : None if last is None else last + 1])
    assert answer.headers["content-range"].endswith(f"/{len(whole)}")


async def test_a_browser_may_ask_from_another_site(stage: Stage, air: OnAir) -> None:
    answer: httpx.Response = await stage.client.options(air.track("4.m4s"))
    assert answer.status_code == 204
    assert "Range" in answer.headers["access-control-allow-headers"]
