"""What an encoder's stream must be like to be passed through, and what is said of one that is not."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

import pytest

from server.media import flv, passthrough
from server.media.live_ladder import layout_of
from server.media.passthrough import Judge, layout_for, why_not

# avcC of libx264, 320 × 180 at 25 unless said.
PLAIN = "0142c00cffe100176742c00cda05067e7c0440000003004000000c83c50aa801000468ce0fc8"
NTSC = "0142c01fffe100166742c01fda014016ec04400000fa40003a9803c60ca801000468ce0fc8"  # 720p at 29.97
HIGH = "0164000cffe1001c6764000cacd941419f9f016a040402800000030080000019078a14cb01000668ebe3cb22c0fdf8f800"
ANAMORPHIC = "0142c00cffe100176742c00cda05067e7c3840000003004000000c83c50aa801000468ce0fc8"
WRITTEN_SHAPE = "0142c00cffe1001b6742c00cda05067e7ffc001c001440000003004000000c83c50aa801000468ce0fc8"
FULL_RANGE = "0142c00cffe100196742c00cda05067e7c05b2000003000200000300641e28554001000468ce0fc8"
TEN_BIT = "016e000cffe10019676e000ca6cb40a0cfcf80880000030008000003019078a15501000468ce0fc8fdfafa00"
HIGH_LEVEL = "0142c033ffe100176742c033da05067e7c0440000003004000000c83c60ca801000468ce0fc8"
INTERLACED = "014d401effe10018674d401ef405a126c044000003000400000300c87c50aa8001000468de0fc8"
PARAMETER_SETS = (bytes.fromhex("6742c00cda05067e7c0440000003004000000c83c50aa8"), bytes.fromhex("68ce0fc8"))

IDR, CODED, DELIMITER = b"\x65" + 60 * b"i", b"\x41" + 20 * b"p", b"\x09\xf0"


def picture(at_ms: int, *units: bytes, keyframe: bool = False, later_ms: int = 0) -> bytes:
    """A tag; an ordinary picture unless units are given."""
    body = bytes([0x17 if keyframe else 0x27, 1]) + later_ms.to_bytes(3, "big")
    for unit in units or (IDR if keyframe else CODED,):
        body += len(unit).to_bytes(4, "big") + unit
    return flv.tag(flv.VIDEO_TAG, at_ms, body)


def stream(
    count: int, *, rate: str = "25", keys: Iterable[int] = (), every: int = 50, without: Sequence[int] = (), **more: Any
) -> list[bytes]:
    """Pictures 0 … count - 1 at a rate, keyframes at `keys` or at each `every`, some of them `without`."""
    marked = set(keys) or set(range(0, count, every))
    return [
        picture(1000 + round(1000 * number / Fraction(rate)), keyframe=number in marked, **more)
        for number in range(count)
        if number not in without
    ]


def judged(tags: Iterable[bytes], config: str = PLAIN, rate: str = "25/1", kbps: int = 0) -> Judge:
    judge = Judge(bytes.fromhex(config), rate, kbps)
    for tag in tags:
        judge.see(tag)
    return judge


@pytest.mark.parametrize(
    ("tags", "rest"),
    [
        (stream(51), {}),
        (stream(26, every=25), {}),
        (stream(300), {"config": HIGH}),
        (stream(61, rate="30000/1001", every=60), {"config": NTSC, "rate": "30000/1001"}),
        (stream(10_000, rate="30000/1001", every=60), {"config": NTSC, "rate": "30000/1001"}),
        # The end of an open group, then clean.
        ([picture(900), picture(940, later_ms=80), *stream(51)], {}),
        # Hardware encoders repeat their parameter sets, delimiters stand before pictures.
        ([picture(1000, DELIMITER, *PARAMETER_SETS, IDR, keyframe=True), *stream(51)[1:]], {}),
    ],
    ids=["2 s", "1 s", "High", "29.97", "five minutes", "from its first keyframe", "repeated sets"],
)
def test_clean_streams(tags: list[bytes], rest: dict[str, Any]) -> None:
    judge = judged(tags, **rest)
    assert (judge.flaw, judge.is_clean, judge.is_open) == ("", True, False)


def test_nothing_is_known_before_the_second_keyframe() -> None:
    tags = stream(51)
    judge = judged(tags[:50])
    assert judge.is_open
    judge.see(tags[50])
    assert judge.is_clean
    # An encoder that is as free of faults, but its times are milliseconds off: jitter of a camera's clock.
    shaken = [picture(flv.tag_ms(tag) + (7, -7, 0)[n % 3], keyframe=n % 50 == 0) for n, tag in enumerate(tags)]
    assert judged([tags[0], *shaken[1:]]).is_clean


X264 = b"x264 - core 164 r3095 - H.264/MPEG-4 AVC codec - options: " + 300 * b"a" + b" %s intra_refresh=%d rc=crf"


def said(settings: bytes, refresh: int = 0) -> bytes:
    """A first picture in which x264 says how it is set."""
    return picture(1000, b"\x06" + X264 % (settings, refresh), IDR, keyframe=True)


@pytest.mark.parametrize(
    ("tags", "flaw"),
    [
        ([picture(1000, keyframe=True, later_ms=80)], passthrough.B_FRAMES),
        ([*stream(51), picture(3040, later_ms=40)], passthrough.B_FRAMES),
        ([said(b"bframes=3 b_pyramid=2 keyint=50 scenecut=0")], passthrough.B_FRAMES),
        ([said(b"bframes=0 keyint=50 scenecut=40")], passthrough.SCENE_CUTS),
        ([said(b"bframes=0 keyint=50 scenecut=0", 1)], passthrough.OPEN_KEYFRAMES),
        ([picture(1000, b"\x06\x06\x01", CODED, keyframe=True)], passthrough.OPEN_KEYFRAMES),
        (stream(60, every=59), passthrough.UNEVEN),
        (stream(60, every=30), passthrough.UNEVEN),
        (stream(52, every=250), passthrough.UNEVEN),
        (stream(90, keys=(0, 50, 75)), passthrough.UNEVEN),
        (stream(102, keys=(0, 50)), passthrough.UNEVEN),
        (stream(60, keys=(0, 25)), passthrough.UNEVEN),
        (stream(20, without=[10]), passthrough.LATE),
        (stream(120, without=range(80, 100)), passthrough.LATE),
        ([*stream(60), picture(3361)], passthrough.LATE),
        # Another rate than it says it has.
        (stream(60, rate="30"), passthrough.LATE),
        (stream(2000, rate="25.01"), passthrough.LATE),
        ([picture(1000, keyframe=True)[:-10]], passthrough.LATE),
        ([picture(1000, b"\x67other", IDR, keyframe=True)], passthrough.NOT_H264),
        ([picture(1000, keyframe=True), picture(1040, b"\x41" + 300_000 * b"x")], "more than 453 kbit/s"),
    ],
)  # fmt: skip
def test_what_is_not_clean(tags: list[bytes], flaw: str) -> None:
    judge = judged(tags)
    assert flaw in judge.flaw
    assert judge.flaw
    assert not judge.is_clean
    assert not judge.is_open
    # There is no way back.
    for tag in stream(200):
        judge.see(tag)
    assert flaw in judge.flaw


@pytest.mark.parametrize(
    ("config", "rate", "kbps", "flaw"),
    [
        (ANAMORPHIC, "25/1", 0, passthrough.NOT_H264),
        (WRITTEN_SHAPE, "25/1", 0, passthrough.NOT_H264),
        (FULL_RANGE, "25/1", 0, passthrough.NOT_H264),
        (TEN_BIT, "25/1", 0, passthrough.NOT_H264),
        (INTERLACED, "25/1", 0, passthrough.NOT_H264),
        ("", "25/1", 0, passthrough.NOT_H264),
        (HIGH_LEVEL, "25/1", 0, "level 5.1"),
        (PLAIN, "50/1", 0, "frame rate is 50; here it is 25"),
        (PLAIN, "15/1", 0, "frame rate is 15; here it is 30"),
        (PLAIN, "", 0, "not said"),
        (PLAIN, "25/1", 5000, "5000 kbit/s"),
    ],
)
def test_what_the_announcement_rules_out(config: str, rate: str, kbps: int, flaw: str) -> None:
    judge = judged([], config, rate, kbps)
    assert flaw in judge.flaw
    assert not judge.is_open


def test_what_is_declared_to_viewers_holds_for_both() -> None:
    judge = judged(stream(51), kbps=350)
    layout = layout_of(320, 180, "25/1", short_sides=(180, 90))
    top = layout_for(judge, layout).tracks[0]
    # High profile, as encoded here; the level is the encoder's, its rate with what may come above it.
    assert (top.codecs, top.peak_kbps) == ("avc1.64000C", 402)
    assert layout_for(judge, layout).tracks[1:] == layout.tracks[1:]
    assert why_not(judge, layout_for(judge, layout)) == ""
    assert "declared otherwise" in why_not(judge, layout)
    higher = judged(stream(51), "0142c01f" + PLAIN[8:16] + "6742c01f" + PLAIN[24:])
    assert layout_for(higher, layout).tracks[0].codecs == "avc1.64001F"
    assert "declared otherwise" in why_not(higher, layout_for(judge, layout))


@pytest.mark.parametrize(
    ("width", "height", "rate", "heights", "why"),
    [
        (320, 180, "25/1", (90,), "picture is 320x180; viewers' best quality is 160x90"),
        (640, 360, "25/1", (360, 180), "best quality is 640x360"),
        (320, 180, "30/1", (180,), "frame rate is 25; that of the broadcast is 30"),
    ],
)
def test_a_clean_stream_that_does_not_fit(
    width: int, height: int, rate: str, heights: tuple[int, ...], why: str
) -> None:
    judge, layout = judged(stream(51)), layout_of(width, height, rate, short_sides=heights)
    assert why in why_not(judge, layout)
    assert layout_for(judge, layout) == layout


def test_a_broadcast_without_pictures_has_no_place_for_them() -> None:
    assert "without pictures" in why_not(judged(stream(51)), layout_of(0, 0, "", has_video=False))


def test_what_was_refused_stays_refused() -> None:
    judge = judged(stream(51))
    judge.refuse("it failed.")
    assert (judge.is_clean, judge.is_open, judge.flaw) == (False, False, "it failed.")
