"""The reader's side: any web process shows the same, whatever Redis, the archive and the doors do meanwhile."""

import asyncio
import gzip
import json
from collections.abc import Callable

import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy import update

from server.core.clock import now
from server.live import mirror, mirror_broadcast
from server.live.models import LiveSegment
from server.live.rows import room_channel
from server.live.viewers import count_viewers
from server.media.playlist_check import check_playlist
from server.media.playlist_check_growth import check_growth
from server.media.playlist_check_live import check_low_latency, check_reload
from server.media.playlist_read_live import LiveMedia, read_live_playlist
from tests.server.live.stage import OnAir, Second, Stage, mirrors_of, second, stage, stage_settings
from tests.server.live.synthetic import body_of, init_body, init_name
from tests.waiting import soon

__all__ = ["second", "stage", "stage_settings"]  # fixtures


async def read(client: httpx.AsyncClient, air: OnAir, track: str = "720p", query: str = "") -> LiveMedia:
    """A track's playlist, which must be strictly right."""
    answer = await client.get(air.track(track=track) + query)
    assert answer.status_code == 200
    assert check_playlist(answer.text) == []
    return read_live_playlist(answer.text)


async def reaches(client: httpx.AsyncClient, air: OnAir, end: tuple[int, int]) -> None:
    """Until the process knows the row."""

    async def there() -> bool:
        return (await read(client, air)).end == end

    await soon(there, every_s=0.01)


def whole(track: str, msn: int, parts: int = 8) -> bytes:
    return b"".join(body_of(track, msn, part) for part in range(parts))


# ---- several processes


async def test_two_processes_show_the_same_bytes(stage: Stage, second: Second) -> None:
    air = await stage.room()
    await air.add(50)
    await reaches(stage.client, air, (7, 1))  # one follows from now on, the other begins later
    air.timeline.cut(gap_s=3)
    await air.add(40)
    await reaches(stage.client, air, (12, 7))
    for track in ("720p", "360p", "audio"):
        for query in ("", "?_HLS_skip=YES", "?_HLS_msn=12&_HLS_part=7"):
            one = await stage.client.get(air.track(track=track) + query)
            other = await second.client.get(air.track(track=track) + query)
            assert one.content == other.content, (track, query)
            assert b"EXT-X-DISCONTINUITY" in one.content
    assert (await stage.client.get(air.url())).content == (await second.client.get(air.url())).content
    for path in ("8.0.m4s", "7.m4s", init_name("720p", 2)):
        one, other = await asyncio.gather(*(c.get(air.track(path)) for c in (stage.client, second.client)))
        assert one.status_code == 200
        assert one.content == other.content


async def test_every_process_wakes_its_own_viewers(stage: Stage, second: Second) -> None:
    air = await stage.room()
    await air.add(3)
    asking = [
        asyncio.create_task(client.get(air.track() + "?_HLS_msn=1&_HLS_part=3"))
        for client in (stage.client, second.client)
        for _ in range(20)
    ]
    await stage.until_waiting(air, 20)
    await soon(lambda: _has_waiters(mirrors_of(second.app), air, 20))
    await air.add()
    answers = await asyncio.gather(*asking)
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].status_code == 200


async def _has_waiters(mirrors: mirror.LiveMirrors, air: OnAir, count: int) -> bool:
    room = mirrors.find(air.room_id)
    return room is not None and room.waiters == count


# ---- Redis


async def test_redis_emptied_in_the_middle(stage: Stage, second: Second) -> None:
    air = await stage.room()
    await air.add(8 * 12 + 3)
    await air.archive(*range(1, 13))
    before = (await stage.client.get(air.track())).text
    asking = asyncio.create_task(stage.client.get(air.track() + "?_HLS_msn=13&_HLS_part=3"))
    await stage.until_waiting(air)
    async with Redis.from_url(stage.settings.redis_url) as redis:
        await redis.flushall()
    await air.add()
    held = await asking
    assert read_live_playlist(held.text).end == (13, 3)
    assert check_growth(before, held.text) == []
    assert check_reload(before, held.text) == []
    await air.add(10)
    await reaches(stage.client, air, (14, 5))
    one, other = [await client.get(air.track()) for client in (stage.client, second.client)]
    assert one.content == other.content  # the second process has never seen the old window
    assert read_live_playlist(other.text).first == 1
    assert (await second.client.get(air.track("14.5.m4s"))).content == body_of("720p", 14, 5)
    assert (await second.client.get(air.track("2.m4s"))).content == whole("720p", 2)


async def test_a_lost_subscription_is_made_again_and_nothing_is_missed(stage: Stage) -> None:
    air = await stage.room()
    await air.add(3)
    await reaches(stage.client, air, (1, 2))
    async with Redis.from_url(stage.settings.redis_url) as redis:
        await redis.client_kill_filter(_type="pubsub")
        await air.add(20)
        await reaches(stage.client, air, (3, 6))
        assert await read(stage.client, air, "audio")
    asking = asyncio.create_task(stage.client.get(air.track() + "?_HLS_msn=3&_HLS_part=7"))
    await stage.until_waiting(air)
    await air.add()
    assert read_live_playlist((await asking).text).end == (3, 7)


async def test_what_nobody_can_read_on_the_channel_is_passed_over(stage: Stage) -> None:
    air = await stage.room()
    await air.add(3)
    await reaches(stage.client, air, (1, 2))
    for message in (b"", b"{}", b"[1]", b"\xff\xfe\x00", b'{"kind": "never heard of"}'):
        await stage.runtime.redis.publish("semma:" + room_channel(air.room_id), message)
    await air.add()
    await reaches(stage.client, air, (1, 3))


# ---- the archive


async def test_rewinding_to_the_start_goes_through_the_storage(stage: Stage, second: Second) -> None:
    air = await stage.room()
    for _ in range(14):
        await air.add(8)
    await air.archive(*range(1, 14))
    for client in (stage.client, second.client):
        playlist = await read(client, air)
        assert sorted(playlist.numbered()) == list(range(1, 15))
        for track in ("360p", "audio"):
            answer = await client.get(air.track("1.m4s", track=track))
            assert answer.content == whole(track, 1)
            assert answer.headers["cache-control"] == "public, max-age=3600, immutable"
        part = await client.get(air.track("2.m4s"), headers={"range": "bytes=5-14"})
        assert (part.status_code, part.content) == (206, whole("720p", 2)[5:15])
        head = await client.head(air.track("2.m4s"))
        assert int(head.headers["content-length"]) == len(whole("720p", 2))
        assert (await client.get(air.track(init_name("audio", 1), track="audio"))).content == init_body("audio", 1)


async def test_what_is_not_archived_comes_from_redis(stage: Stage, second: Second) -> None:
    """The storage is away for longer than the window: nothing changes for viewers, nor for a process that starts."""
    air = await stage.room()
    await air.add(8 * 20)
    for client in (stage.client, second.client):
        assert sorted((await read(client, air)).numbered()) == list(range(1, 21))
        assert (await client.get(air.track("2.m4s"))).content == whole("720p", 2)
        assert (await client.get(air.track("2.m4s", track="audio"))).content == whole("audio", 2)


async def test_dropped_segments_go_once_they_are_no_longer_live(stage: Stage, second: Second) -> None:
    air = await stage.room()
    await air.add(8 * 6)
    await air.archive(1, 2)
    await air.archive(3, 4, dropped=True)
    await _look(stage.client, air)
    before = (await stage.client.get(air.track())).text
    assert read_live_playlist(before).first == 1  # shown live
    await air.add(8 * 8)
    await air.archive(*range(5, 13))
    for client in (stage.client, second.client):
        await reaches(client, air, (14, 7))
        after = (await client.get(air.track())).text
        assert read_live_playlist(after).first == 5
        assert check_low_latency(after, others=["../360p/index.m3u8", "../audio/index.m3u8"]) == []
        assert check_growth(before, after) == []
        for msn in (1, 2, 3, 4):
            assert (await client.get(air.track(f"{msn}.m4s"))).status_code == 404
    await _drop(stage, air, 5)  # an organiser moves a border: told on the channel

    async def gone() -> bool:
        return (await read(stage.client, air)).first == 6

    await soon(gone)
    assert (await stage.client.get(air.track("5.m4s"))).status_code == 404


async def _look(client: httpx.AsyncClient, air: OnAir) -> None:
    assert (await client.get(air.url())).status_code == 200


async def _drop(stage: Stage, air: OnAir, msn: int) -> None:
    async with stage.runtime.database.write() as db:
        await db.execute(
            update(LiveSegment)
            .where(LiveSegment.broadcast_id == air.broadcast_id, LiveSegment.msn == msn)
            .values(dropped_at=now())
        )
    await stage.runtime.redis.publish("semma:" + room_channel(air.room_id), json.dumps({"kind": "dropped"}))


# ---- broadcasts of a room


async def test_a_room_that_never_was_on_air_has_nothing(stage: Stage) -> None:
    air = await stage.room(on_air=False)
    answer = await stage.client.get(air.url())
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "live.not_found"
    assert (await stage.client.get(air.track())).status_code == 404


async def test_a_room_goes_on_air_while_it_is_asked_for(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "_DOUBT_S", 0.0)
    air = await stage.room(on_air=False)
    assert (await stage.client.get(air.url())).status_code == 404
    again = await air.go_again()
    asking = asyncio.create_task(stage.client.get(again.url()))  # nothing was shown yet, but is about to be
    await stage.until_waiting(again)
    await again.add()
    assert (await asking).status_code == 200

    async def shown() -> bool:
        return (await stage.client.get(again.url())).status_code == 200

    await soon(shown)


async def test_one_broadcast_after_another(stage: Stage, second: Second) -> None:
    first = await stage.room()
    await first.add(20)
    await reaches(stage.client, first, (3, 3))
    asking = asyncio.create_task(stage.client.get(first.track() + "?_HLS_msn=3&_HLS_part=4"))
    await stage.until_waiting(first)
    await first.archive(1, 2, 3)
    await first.close()
    ended = await asking
    assert ended.text.endswith("#EXT-X-ENDLIST\n")
    assert first.broadcast_id in (await stage.client.get(first.url())).text
    other = await second.client.get(first.track())  # from the rows and the archive's index alone
    assert other.text == ended.text
    assert check_playlist(other.text) == []
    again = await first.go_again()
    await again.add(2)

    async def switched() -> bool:
        return again.broadcast_id in (await stage.client.get(first.url())).text

    await soon(switched)
    assert (await read(stage.client, again)).end == (1, 1)
    assert (await stage.client.get(first.track())).text == ended.text  # who still watches that one
    assert (await stage.client.get(first.track("3.m4s"))).content == whole("720p", 3, 4)
    await _drop(stage, first, 2)  # marked afterwards: not to be seen in the older broadcast either

    async def gone() -> bool:
        return (await read(stage.client, first)).first == 3

    await soon(gone)
    assert (await stage.client.get(first.track("2.m4s"))).status_code == 404
    assert (await stage.client.get(first.track("2.0.m4s"))).status_code == 404


# ---- the doors


async def test_viewers_are_counted_by_their_beacons(stage: Stage, second: Second) -> None:
    air = await stage.room()
    assert await count_viewers(stage.runtime, air.room_id) == 0
    for client, body in (
        (stage.client, {"id": "viewer-one"}),
        (second.client, {"id": "viewer-two"}),
        (stage.client, {"id": "viewer-one"}),
    ):
        answer = await client.post(air.url("beacon"), json=body)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {"viewers": 2}
    assert await count_viewers(stage.runtime, air.room_id) == 2
    for strange in (b"", b"{", b'{"id": "x"}', b"x" * 5000):  # counted as the one browser that sends them
        assert (await stage.client.post(air.url("beacon"), content=strange)).json() == {"viewers": 3}
    key = f"semma:live:{air.room_id}:viewers"
    await stage.runtime.redis.zadd(key, {"viewer-one": 0})  # not heard of for long
    assert await count_viewers(stage.runtime, air.room_id) == 2


# ---- what a process keeps


async def test_playlists_are_made_once_for_everybody(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    air = await stage.room()
    await air.add(8 * 9)
    await reaches(stage.client, air, (9, 7))
    room = stage.mirrors.find(air.room_id)
    assert room is not None
    assert room.current is not None
    playlist = room.current.playlists["360p"]
    made: list[str] = []
    for kind in ("_make_full", "_make_delta"):
        _count(monkeypatch, playlist, kind, made)
    async with asyncio.TaskGroup() as group:
        for query in ("", "", "?_HLS_msn=9&_HLS_part=1", "?_HLS_skip=YES", "?_HLS_skip=YES&_HLS_msn=9") * 5:
            group.create_task(_get(stage.client, air.track(track="360p") + query))
    assert sorted(made) == ["_make_delta", "_make_full"]


async def _get(client: httpx.AsyncClient, url: str) -> None:
    assert (await client.get(url)).status_code == 200


def _count(monkeypatch: pytest.MonkeyPatch, playlist: object, name: str, made: list[str]) -> None:
    make: Callable[[], object] = getattr(playlist, name)

    def counted() -> object:
        made.append(name)
        return make()

    monkeypatch.setattr(playlist, name, counted)


async def test_memory_holds_the_window_only(stage: Stage) -> None:
    air = await stage.room()
    await air.add()
    await reaches(stage.client, air, (1, 0))
    await air.add(8 * 30)
    await reaches(stage.client, air, (31, 0))
    room = stage.mirrors.find(air.room_id)
    assert room is not None
    assert room.current is not None
    held = [msn for msn in range(1, 40) if room.current.held_parts(msn)]
    assert held == list(range(31 - 8 - mirror_broadcast._LINGER_SEGMENTS + 1, 32))
    with_parts = [segment.msn for segment in room.current.timeline.segments if segment.parts]
    assert with_parts == held


async def test_a_process_that_stops_lets_everybody_go(stage: Stage) -> None:
    air = await stage.room()
    await air.add(3)
    asking = asyncio.create_task(stage.client.get(air.track() + "?_HLS_msn=1&_HLS_part=3"))
    await stage.until_waiting(air)
    stage.mirrors.end_all()
    try:
        assert (await asking).status_code == 503  # the player asks again, and another process answers
    finally:
        stage.mirrors.closing = False


async def test_answers_are_the_same_object_for_all(stage: Stage) -> None:
    """A thousand viewers cost one compression and no copy."""
    air = await stage.room()
    await air.add(20)
    await reaches(stage.client, air, (3, 3))
    room = stage.mirrors.find(air.room_id)
    assert room is not None
    assert room.current is not None
    text = room.current.playlists["720p"].full()
    assert room.current.playlists["720p"].full() is text
    assert text.gzip is text.gzip
    assert gzip.decompress(text.gzip) == text.plain
