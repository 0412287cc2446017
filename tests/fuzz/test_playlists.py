from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.media.playlist import Map, MediaPlaylist, MediaSegment, MultivariantPlaylist, Rendition, Start, Variant
from server.media.playlist_check import check_playlist
from server.media.playlist_check_growth import check_growth, check_presentation
from server.media.playlist_check_live import check_low_latency, check_reload
from server.media.playlist_read import PlaylistError, read_playlist
from tests.fuzz.mutations import mutated
from tests.server.media.test_playlist import GROWING, LADDER
from tests.server.media.test_playlist_check_live import DELTA, RIGHT

EASY = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
names = st.text("abcdefghijklmnopqrstuvwxyzäö0123456789-", min_size=1, max_size=12)
uris = st.from_regex(r"[a-z0-9/]{1,12}\.m4s", fullmatch=True)
seconds = st.integers(1, 6_400_000).map(lambda microseconds: Fraction(microseconds, 10**6))
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@st.composite
def media_playlists(draw: st.DrawFn) -> MediaPlaylist:
    maps = st.builds(Map, uri=uris, byte_range=st.none() | st.tuples(st.integers(1, 10**6), st.integers(0, 10**6)))
    moments = st.integers(0, 10**10).map(lambda milliseconds: EPOCH + timedelta(milliseconds=milliseconds))
    segments = st.builds(
        MediaSegment, uri=uris, duration=seconds, title=st.sampled_from(["", "A title, with a comma"]), map=maps,
        discontinuity=st.booleans(), program_date_time=st.none() | moments, gap=st.booleans(),
    )  # fmt: skip
    offsets = st.integers(-(10**6), 10**6).map(lambda milliseconds: Fraction(milliseconds, 1000))
    return draw(
        st.builds(
            MediaPlaylist, target_duration=st.integers(1, 20), segments=st.lists(segments, max_size=5).map(tuple),
            playlist_type=st.sampled_from([None, "EVENT", "VOD"]), media_sequence=st.integers(0, 2**63),
            discontinuity_sequence=st.integers(0, 9), independent_segments=st.booleans(), ended=st.booleans(),
            start=st.none() | st.builds(Start, time_offset=offsets, precise=st.booleans()),
        )
    )  # fmt: skip


@st.composite
def multivariant_playlists(draw: st.DrawFn) -> MultivariantPlaylist:
    renditions = st.builds(
        Rendition, type=st.sampled_from(["AUDIO", "SUBTITLES"]), group_id=names, name=names, uri=uris,
        language=st.none() | st.just("fi"), autoselect=st.booleans(), forced=st.booleans(),
        channels=st.none() | st.just("2"),
    )  # fmt: skip
    variants = st.builds(
        Variant, uri=uris, bandwidth=st.integers(0, 2**40), average_bandwidth=st.none() | st.integers(0, 2**40),
        codecs=st.just(()) | st.just(("avc1.64001F", "mp4a.40.2")), audio=st.none() | names,
        resolution=st.none() | st.tuples(st.integers(1, 9999), st.integers(1, 9999)),
        frame_rate=st.none() | st.integers(1, 120_000).map(lambda thousandths: Fraction(thousandths, 1000)),
        closed_captions=st.none() | st.just("NONE") | names.filter(lambda name: name != "NONE"),
    )  # fmt: skip
    lists = draw(st.tuples(st.lists(variants, min_size=1, max_size=4), st.lists(renditions, max_size=4)))
    return MultivariantPlaylist(variants=tuple(lists[0]), renditions=tuple(lists[1]))


@EASY
@given(media_playlists() | multivariant_playlists())
def test_playlists_survive_their_text(playlist: MediaPlaylist | MultivariantPlaylist) -> None:
    assert read_playlist(playlist.text()) == playlist
    check_playlist(playlist.text())


@EASY
@given(media_playlists(), st.integers(0, 5))
def test_a_playlist_that_only_grows_is_found_right(playlist: MediaPlaylist, shown: int) -> None:
    event = replace(playlist, playlist_type="EVENT", discontinuity_sequence=0, ended=False)
    before = replace(event, segments=event.segments[:shown])
    assert check_growth(before.text(), event.text()) == []
    assert check_growth(before.text(), replace(event, playlist_type="VOD", ended=True).text()) == []


@EASY
@given(mutated(GROWING.encode()) | mutated(LADDER.encode()) | st.binary(max_size=200))
def test_damaged_playlists_are_read_or_refused(data: bytes) -> None:
    findings = check_playlist(data)
    text = data.decode("utf-8", errors="replace")
    try:
        read_playlist(text)
    except PlaylistError as error:
        assert findings, f"the reader refuses what the checker lets pass: {error}"
    check_growth(GROWING, text)
    try:
        check_presentation(text, {"720/index.m3u8": text})
    except PlaylistError:
        return


@EASY
@given(mutated(RIGHT.encode()) | mutated(DELTA.encode()))
def test_damaged_live_playlists_are_judged_or_refused(data: bytes) -> None:
    text = data.decode("utf-8", errors="replace")
    check_playlist(data)
    check_low_latency(text, others=["../audio/index.m3u8"])
    check_reload(RIGHT, text)
    check_reload(text, DELTA)
