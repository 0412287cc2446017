"""What encoders never send: RTMP and FLV from the network must be read or refused, and never grow."""

from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.live.feed import Admission
from server.live.flv_setup import CodecRefused
from server.live.input_times import START_MS, InputTimes
from server.live.rtmp_feed import MAX_QUEUED_BYTES, RtmpFeed
from server.media import amf, flv
from server.media.avc_config import BadConfig, read_avc_config
from server.media.rtmp import Media, Metadata, PublishRequest, RtmpSession
from server.media.rtmp_chunks import AGGREGATE, MAX_HELD_BYTES, BadRtmp
from tests.fuzz.mutations import mutated
from tests.server.media import rtmp_client as client

EASY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
AGGREGATED = (
    b"\x09\0\0\x0b" + bytes(7) + client.KEYFRAME + bytes(4) + b"\x08\0\0\x08" + bytes(7) + client.SOUND + bytes(4)
)
COMMANDS = client.connect("live/x", objectEncoding=3, list=[1, {"a": None}]) + client.publish("key?user=a&pass=b")
STREAM = (
    client.metadata(width=320, height=180, framerate=25, videocodecid=7, audiocodecid=10, encoder="x")
    + client.video(client.AVC_CONFIG_TAG)
    + client.audio(client.AAC_CONFIG_TAG)
    + client.message(1, (200).to_bytes(4, "big"), chunks=2)
    + b"".join(
        client.message(9, client.KEYFRAME + bytes(190), at=at, stream=1, chunks=6, size=200)
        + client.message(8, client.SOUND, at=at, stream=1, chunks=4, size=200)
        for at in (0, 40, 0xFFFFFE, 0x1000000, 0xFFFFFFFF)
    )
    + client.message(AGGREGATE, AGGREGATED, stream=1, size=200)
    + client.message(6, b"\0\6\0\0\0\0", chunks=2)
    + client.command("deleteStream", 6, None, 1)
)


def play(data: bytes, size: int) -> tuple[RtmpSession, RtmpFeed]:
    """A whole connection: what a listener does, without its socket and its waiting."""
    session = RtmpSession()
    feed = RtmpFeed(Admission(event_id="e", room_id="r", role="main", key_id="k"), "peer", clock=lambda: 0.0)
    for at in range(0, len(data), size):
        for event in session.receive(data[at : at + size]):
            if isinstance(event, PublishRequest):
                session.accept()
            elif isinstance(event, Media | Metadata) and feed.queued_bytes <= MAX_QUEUED_BYTES:
                take(feed, event)
        assert len(session.take_output()) <= 1 << 20
        assert session.held_bytes <= MAX_HELD_BYTES + size
    feed.finish()
    return session, feed


def take(feed: RtmpFeed, event: Media | Metadata) -> None:
    """Run `take` to where it would wait; there is no loop here, and no room to wait for."""
    taking = feed.take(event)
    try:
        taking.send(None)
    except StopIteration:
        return
    taking.close()


def test_the_undamaged_stream_is_read_whole() -> None:
    session, feed = play(client.HANDSHAKE + COMMANDS + STREAM, 100)
    assert session.state == "ended"
    assert (feed.video_frames, feed.audio_frames) == (6, 6)
    info = feed.info()
    assert info is not None and (info.width, info.frame_rate) == (320, "25/1")


@EASY
@given(mutated(STREAM), st.integers(1, 2000))
def test_damaged_streams_are_read_or_refused(data: bytes, size: int) -> None:
    try:
        _, feed = play(client.HANDSHAKE + COMMANDS + data, size)
    except (BadRtmp, CodecRefused):
        return
    assert feed.info() is None or feed.header().startswith(b"FLV")


@EASY
@given(
    st.one_of(mutated(COMMANDS), mutated(client.HANDSHAKE + COMMANDS), st.binary(max_size=5000)), st.integers(1, 4000)
)
def test_damaged_beginnings_are_read_or_refused(data: bytes, size: int) -> None:
    for start in (b"", client.HANDSHAKE):
        try:
            play(start + data, size)
        except (BadRtmp, CodecRefused):
            continue


@EASY
@given(
    st.lists(
        st.tuples(st.sampled_from(["audio", "video"]), st.integers(0, 2**32 - 1), st.binary(max_size=60)), max_size=20
    )
)
def test_any_media_makes_tags_or_is_refused(messages: list[tuple[str, int, bytes]]) -> None:
    feed = RtmpFeed(Admission(event_id="e", room_id="r", role="main", key_id="k"), "peer")
    for kind, timestamp, payload in messages:
        try:
            take(feed, Media("audio" if kind == "audio" else "video", timestamp, payload))
        except CodecRefused:
            return
    feed.finish()
    assert feed.queued_bytes <= sum(len(payload) + 300 for _, _, payload in messages)


VALUES = amf.write_values("onMetaData", amf.EcmaArray(a=1.0, b=[True, None, {"c": "d"}]), "x" * 300)


@EASY
@given(st.one_of(mutated(VALUES), st.binary(max_size=200)))
def test_amf_is_read_or_refused(data: bytes) -> None:
    try:
        values = amf.read_values(data)
    except amf.BadAmf:
        return
    for value in values:
        if isinstance(value, dict):
            flv.metadata_tag(value)


@EASY
@given(st.one_of(mutated(client.AVC_CONFIG), st.binary(max_size=100)))
def test_configurations_are_read_or_refused(data: bytes) -> None:
    try:
        pictures = read_avc_config(data)
    except BadConfig:
        return
    assert 0 < pictures.width <= 16_384 and 0 < pictures.height <= 16_384 and 0 <= pictures.rate <= Fraction(300)


@EASY
@given(
    st.lists(
        st.tuples(st.sampled_from(["audio", "video"]), st.integers(0, 2**32 - 1), st.floats(0, 20)),
        min_size=1,
        max_size=60,
    )
)
def test_no_clock_turns_time_around_or_runs_away(messages: list[tuple[str, int, float]]) -> None:
    times, now_s, last = InputTimes(), 0.0, dict[str, int]()
    for kind, timestamp, wait_s in messages:
        now_s += wait_s
        out = times.place(kind, timestamp, now_s)
        assert out > last.get(kind, -1)
        last[kind] = out
        # Each message may be a second ahead of the last; beyond that only as far as the wall has gone.
        assert out <= START_MS + now_s * 1000 + len(messages) * 1100
