"""Live playlists as text: every one served during a broadcast is strictly right, and so is what changed since."""

import gzip
from datetime import timedelta
from fractions import Fraction

import pytest

from server.live.mirror_broadcast import BroadcastMirror
from server.live.rows import head_of
from server.media.live import Row
from server.media.live_timeline import Segment
from server.media.playlist_check import check_playlist
from server.media.playlist_check_growth import check_growth, check_presentation
from server.media.playlist_check_live import check_low_latency, check_reload
from server.media.playlist_live import live_multivariant, seconds
from server.media.playlist_read_live import read_live_playlist
from tests.server.live.synthetic import BEGAN, Timeline, init_name, layout_of

BOTH = ("720p", "audio")


def mirror_of(timeline: Timeline, window_s: float = 32) -> BroadcastMirror:
    return BroadcastMirror("0" * 32, timeline.layout, window_s=window_s)


def full(mirror: BroadcastMirror, track: str = "720p") -> str:
    return mirror.playlists[track].full().plain.decode()


def delta(mirror: BroadcastMirror, track: str = "720p") -> str | None:
    text = mirror.playlists[track].delta()
    return text.plain.decode() if text else None


def others(mirror: BroadcastMirror, track: str) -> list[str]:
    return [f"../{name}/index.m3u8" for name in mirror.playlists if name != track]


class Watcher:
    """Looks at every playlist of a track after every row, as a strict player would."""

    def __init__(self, mirror: BroadcastMirror, track: str) -> None:
        self.mirror, self.track = mirror, track
        self.full = self.delta = ""
        self.looked = 0

    def look(self) -> None:
        text, shorter = full(self.mirror, self.track), delta(self.mirror, self.track)
        for answer in filter(None, [text, shorter]):
            assert check_playlist(answer) == []
            assert check_low_latency(answer, others=others(self.mirror, self.track)) == []
            assert all(check_reload(before, answer) == [] for before in filter(None, [self.delta or self.full]))
        if self.full:
            assert check_growth(self.full, text) == []
        if shorter:
            self.assert_same(text, shorter)
        assert gzip.decompress(self.mirror.playlists[self.track].full().gzip).decode() == text
        self.full, self.delta, self.looked = text, shorter or self.delta, self.looked + 1

    def assert_same(self, text: str, shorter: str) -> None:
        """What a delta update lists is what the whole playlist lists there, line by line."""
        head, _, rest = shorter.partition("#EXT-X-SKIP")
        rest = rest.partition("\n")[2]
        assert text.endswith(rest)
        assert head.replace("VERSION:9", "VERSION:6") == text[: len(head)]
        whole, part = read_live_playlist(text), read_live_playlist(shorter)
        assert whole.end == part.end
        assert part.skipped is not None
        assert whole.first + part.skipped == min(part.numbered())


def feed(mirror: BroadcastMirror, rows: list[Row]) -> None:
    for row in rows:
        assert mirror.take(row)


@pytest.mark.parametrize("rate", ["25/1", "30000/1001"])
def test_every_playlist_of_a_broadcast_is_right(rate: str) -> None:
    timeline = Timeline(layout_of(rate))
    mirror = mirror_of(timeline)
    watchers = [Watcher(mirror, track) for track in BOTH]
    for count, gap_s in ((11, 31), (1, 0), (9, 0.25), (52, 0)):
        for row in timeline.rows(count):
            assert mirror.take(row)
            for watcher in watchers:
                watcher.look()
        timeline.cut(gap_s=gap_s)
    mirror.close()
    for watcher in watchers:
        ended = full(mirror, watcher.track)
        assert check_playlist(ended) == []
        assert check_low_latency(ended) == []
        assert check_growth(watcher.full, ended) == []
        assert ended.endswith("#EXT-X-ENDLIST\n")
        assert delta(mirror, watcher.track) is None
        assert watcher.looked == 73
    assert (
        check_presentation(
            live_multivariant(timeline.layout, ""),
            {f"{name}/index.m3u8": full(mirror, name) for name in mirror.playlists},
        )
        == []
    )


def test_the_multivariant_playlist_is_right() -> None:
    for layout in (layout_of("30000/1001", (1080, 720, 360)), layout_of(heights=())):
        text = live_multivariant(layout, "b/")
        assert check_playlist(text) == []
        assert "EXT-X-START" not in text  # newer ffmpegs refuse it there
        assert text.count("b/audio/index.m3u8") == 2  # beside every picture, and alone


def test_head_of_a_low_latency_playlist() -> None:
    timeline = Timeline(layout_of())
    mirror = mirror_of(timeline)
    feed(mirror, list(timeline.rows(3)))
    assert full(mirror) == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:6\n"
        "#EXT-X-TARGETDURATION:4\n"
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.600,CAN-SKIP-UNTIL=24.0,HOLD-BACK=12.0\n"
        "#EXT-X-PART-INF:PART-TARGET=0.533333\n"
        "#EXT-X-MEDIA-SEQUENCE:1\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        '#EXT-X-MAP:URI="init-000000000001.mp4"\n'
        "#EXT-X-PROGRAM-DATE-TIME:2026-09-01T09:00:00.000Z\n"
        '#EXT-X-PART:DURATION=0.520000,URI="1.0.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PART:DURATION=0.480000,URI="1.1.m4s"\n'
        '#EXT-X-PART:DURATION=0.520000,URI="1.2.m4s"\n'
        '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="1.3.m4s"\n'
        '#EXT-X-RENDITION-REPORT:URI="../360p/index.m3u8",LAST-MSN=1,LAST-PART=2\n'
        '#EXT-X-RENDITION-REPORT:URI="../audio/index.m3u8",LAST-MSN=1,LAST-PART=2\n'
    )


def test_parts_are_listed_for_three_target_durations() -> None:
    timeline = Timeline(layout_of())
    mirror = mirror_of(timeline)
    feed(mirror, list(timeline.rows(8 * 10 + 1)))
    listed = {msn for msn, segment in read_live_playlist(full(mirror)).numbered().items() if segment.parts}
    assert listed == {8, 9, 10, 11}


def test_a_new_init_stands_where_it_begins_and_only_there() -> None:
    timeline = Timeline(layout_of())
    mirror = mirror_of(timeline)
    feed(mirror, list(timeline.rows(11)))
    timeline.cut()
    feed(mirror, list(timeline.rows(80)))
    text = full(mirror)
    assert text.count("#EXT-X-MAP") == 2
    assert '#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="init-000000000002.mp4"\n#EXT-X-PROGRAM-DATE-TIME' in text
    shorter = delta(mirror)
    assert shorter is not None
    assert "#EXT-X-MAP" not in shorter  # skipped with the segment that carries it


def test_what_was_dropped_begins_no_playlist() -> None:
    timeline = Timeline(layout_of())
    mirror = mirror_of(timeline)
    feed(mirror, list(timeline.rows(20)))
    timeline.cut()
    feed(mirror, list(timeline.rows(8 * 4)))
    before = full(mirror)
    mirror.set_dropped([3, 4])
    assert full(mirror) == before  # still live: what was shown is shown
    for row in timeline.rows(8 * 12):
        mirror.take(row)
        assert check_playlist(full(mirror)) == []
        assert check_reload(before, full(mirror)) == []
        assert check_growth(before, full(mirror)) == []
        before = full(mirror)
    after = read_live_playlist(full(mirror))
    assert after.first == 5
    assert after.discontinuity_sequence == 1  # that of segment 4 is not listed any more, but counted
    assert check_low_latency(full(mirror), others=others(mirror, "720p")) == []


def test_both_ways_of_knowing_give_the_same_text() -> None:
    """From rows as they come, or from heads later: byte for byte the same."""
    timeline = Timeline(layout_of())
    streamed, read = mirror_of(timeline), mirror_of(timeline)
    rows = list(timeline.rows(100))
    timeline.cut(gap_s=5)
    rows += timeline.rows(50)
    feed(streamed, rows)
    for row in rows:
        assert read.take_head(head_of(row))
    for track in streamed.playlists:
        assert full(streamed, track) == full(read, track)
        assert delta(streamed, track) == delta(read, track)


def test_eight_hours_cost_what_the_end_costs() -> None:
    """A change writes and compresses the last lines only: nothing of 7,200 segments is written again."""
    timeline = Timeline(layout_of(heights=(360,)))
    mirror = mirror_of(timeline)
    playlist = mirror.playlists["360p"]
    ticks = {"360p": 360_000, "audio": 192_000}
    inits = {track: init_name(track, 1) for track in ticks}
    for msn in range(1, 7201):
        wall = BEGAN + timedelta(seconds=4 * (msn - 1))
        mirror.timeline.add_closed(Segment(msn=msn, wall=wall, discontinuity=False, inits=inits, durations=dict(ticks)))
    timeline.msn, timeline.frames = 7201, 7200 * 100
    playlist.full()
    settled = list(playlist._settled)
    text, packed = playlist.full().plain, playlist.full().gzip
    assert len(settled) >= 7190
    feed(mirror, list(timeline.rows(8)))
    again, packed_again = playlist.full().plain, playlist.full().gzip
    assert all(one is other for one, other in zip(settled, playlist._settled, strict=False))
    assert again != text
    assert gzip.decompress(packed_again) == again
    assert gzip.decompress(packed) == text
    assert len(packed_again) < len(again) / 8
    small = playlist.delta()
    assert small is not None
    assert len(small.plain) < 5000


@pytest.mark.parametrize(
    ("ticks", "timescale", "text"),
    [(360_000, 90_000, "4.000000"), (1024, 48_000, "0.021333"), (3003, 90_000, "0.033367"), (1, 90_000, "0.000011")],
)
def test_seconds_are_rounded_to_the_microsecond(ticks: int, timescale: int, text: str) -> None:
    assert seconds(ticks, timescale) == text
    assert abs(Fraction(text) - Fraction(ticks, timescale)) <= Fraction(1, 2_000_000)
