"""Requests for live playlists and parts, and messages of the room's channel, as nobody should send them."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import MsgspecError

from server.live.playlist_requests import (
    LONGEST_WAIT_S,
    Verdict,
    decide_part,
    decide_playlist,
    decide_segment,
    read_directives,
)
from server.live.rows import Published, head_of, note, pack, read_message
from server.live.viewers import read_id
from server.media.live_timeline import LiveTimeline, PartMark
from tests.fuzz.mutations import mutated
from tests.server.live.synthetic import Timeline, layout_of

EASY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LAYOUT = layout_of(heights=(360,))
ROWS = list(Timeline(LAYOUT).rows(30))
numbers = st.integers(-3, 40).map(str) | st.sampled_from(["", "x", "1.5", "1e3", "٣", "9" * 30, "0x1", "+1", " 1"])
pieces = st.tuples(st.sampled_from(["_HLS_msn", "_HLS_part", "_HLS_skip", "_HLS_push", "x"]), numbers | st.just("YES"))
queries = st.lists(pieces, max_size=4).map(lambda found: "&".join(f"{name}={value}" for name, value in found))


def timeline_of(rows: int, *, ended: bool) -> LiveTimeline:
    timeline = LiveTimeline(LAYOUT)
    for row in ROWS[:rows]:
        head = head_of(row)
        marks = {track: PartMark(share.duration, share.independent) for track, share in head.pieces.items()}
        assert timeline.add_part(
            msn=head.msn,
            part=head.part,
            last=head.last,
            wall=head.wall,
            discontinuity=False,
            inits=head.inits,
            marks=marks,
        )
    if ended:
        timeline.close()
    return timeline


@EASY
@given(queries.map(lambda text: text.encode("utf-8")) | st.binary(max_size=60), st.integers(0, 30), st.booleans())
def test_every_playlist_request_is_decided(query: bytes, rows: int, ended: bool) -> None:
    timeline = timeline_of(rows, ended=ended)
    decision = decide_playlist(read_directives(query), timeline)
    assert decision.verdict is not Verdict.MISSING
    if ended or b"_HLS_" not in query:
        assert decision.verdict is Verdict.NOW
    if decision.verdict is Verdict.WAIT:
        assert decision.target is not None
        assert decision.wait_s <= LONGEST_WAIT_S
        assert not decision.target.is_there(timeline)
        msn, _part = timeline.end
        assert decision.target.msn <= msn + 2  # it can come within the time


@EASY
@given(st.integers(0, 2**31), st.integers(0, 9999) | st.none(), st.integers(0, 30), st.booleans())
def test_every_media_request_is_decided(msn: int, part: int | None, rows: int, ended: bool) -> None:
    timeline = timeline_of(rows, ended=ended)
    decision = decide_segment(msn, timeline) if part is None else decide_part(msn, part, timeline)
    assert decision.verdict in (Verdict.NOW, Verdict.WAIT, Verdict.MISSING)
    if decision.verdict is Verdict.NOW:
        assert timeline.find(msn) is not None
    assert not (ended and decision.verdict is Verdict.WAIT)


@EASY
@given(mutated(pack(Published("b" * 32, 1, ROWS[0]))) | mutated(note("ended", "b" * 32)) | st.binary(max_size=100))
def test_messages_are_read_or_refused(data: bytes) -> None:
    try:
        read_message(data)
    except MsgspecError:
        return


@EASY
@given(st.binary(max_size=200))
def test_any_beacon_gives_an_id(body: bytes) -> None:
    assert 8 <= len(read_id(body, otherwise="address agent")) <= 64
