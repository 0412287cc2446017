"""FLV tags as ffmpeg reads them back, what bodies say, and sizes and rates from real decoder configurations."""

import io
import math
from fractions import Fraction

import av
import pytest

from server.media import amf, flv
from server.media.avc_config import BadConfig, Pictures, read_avc_config
from tests.server.media import rtmp_client as client

# avcC of libx264: what was encoded, and the bytes.
CONFIGS = [
    ("320x180 at 25", "0142c00cffe100176742c00cda05067e7c0440000003004000000c83c50aa801000468ce0fc8",
     Pictures(320, 180, Fraction(25), 66, 12, True)),
    ("720p at 29.97", "0142c01fffe100166742c01fda014016ec04400000fa40003a9803c60ca801000468ce0fc8",
     Pictures(1280, 720, Fraction(30000, 1001), 66, 31, True)),
    ("interlaced", "014d401effe10018674d401ef405a126c044000003000400000300c87c50aa8001000468de0fc8",
     Pictures(720, 576, Fraction(25), 77, 30)),
    ("cropped", "0142c015ffe100176742c015da06c7f93c0440000003004000000f03c58ba801000468ce0fc8",
     Pictures(426, 240, Fraction(30), 66, 21, True)),
    ("4:4:4", "01f40015ffe1001967f40015919681519e3e2f0110000003001000000640f162ea01000568ce0f1920fff8f800",
     Pictures(322, 182, Fraction(50), 244, 21)),
    ("4:2:2", "017a0015ffe10019677a0015bcb40a8cf1117808800000030080000032078b175001000468ce0fc8fef8f800",
     Pictures(322, 182, Fraction(50), 122, 21)),
    ("1080p at 60", "0142c02affe100186742c02ada01e0089f970110000003001000000780f1832a01000468ce0fc8",
     Pictures(1920, 1080, Fraction(60), 66, 42, True)),
]  # fmt: skip


@pytest.mark.parametrize(("config", "pictures"), [row[1:] for row in CONFIGS], ids=[row[0] for row in CONFIGS])
def test_size_and_rate_from_a_configuration(config: str, pictures: Pictures) -> None:
    assert read_avc_config(bytes.fromhex(config)) == pictures


@pytest.mark.parametrize("length", range(0, 30, 3))
def test_a_cut_configuration_is_refused(length: int) -> None:
    with pytest.raises(BadConfig):
        read_avc_config(client.AVC_CONFIG[:length])


def test_tags_read_back_with_their_times() -> None:
    """Times beyond 24 bits too: the upper eight stand apart."""
    times = [0, 40, 0xFFFFFF, 0x1000010, 0x1000038]
    file = flv.file_header(has_video=True, has_audio=False) + flv.tag(flv.VIDEO_TAG, 0, client.AVC_CONFIG_TAG)
    file += b"".join(flv.tag(flv.VIDEO_TAG, time, client.KEYFRAME) for time in times)
    with av.open(io.BytesIO(file), format="flv") as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    assert [packet.dts for packet in packets] == times
    assert all(packet.is_keyframe for packet in packets)


def test_metadata_keeps_plain_values_only() -> None:
    odd: dict[str, amf.Value] = {
        "width": 320.0,
        "stereo": True,
        "encoder": "x" * 500,
        "nan": math.nan,
        "keyframes": {"times": [0.0]},
        "none": None,
    }
    tag = flv.metadata_tag(odd)
    name, kept = amf.read_values(tag[11:-4])
    assert name == "onMetaData"
    assert kept == {"width": 320.0, "stereo": True, "encoder": "x" * 200}


def video(codec: str, role: str, key: bool, enhanced: bool = False, config: bytes = b"") -> flv.VideoBody:
    return flv.VideoBody(codec, role, key, enhanced, config)


VIDEO = [
    (client.AVC_CONFIG_TAG, video("h264", "config", True, config=client.AVC_CONFIG)),
    (client.KEYFRAME, video("h264", "frames", True)),
    (client.PICTURE, video("h264", "frames", False)),
    (b"\x17\x02\0\0\0", video("h264", "end", True)),
    (b"\x57\0", video("h264", "other", False)),
    (b"\x12abc", video("Sorenson H.263", "frames", True)),
    (b"\x1c\x00\0\0\0hvcC", video("hevc", "config", True, config=b"hvcC")),
    (b"\x90hvc1hvcC", video("hevc", "config", True, True, b"hvcC")),
    (b"\x91hvc1\0\0\0data", video("hevc", "frames", True, True)),
    (b"\xa3av01data", video("av1", "frames", False, True)),
    (b"\x96\x00hvc1\x00", video("several tracks", "frames", False, True)),
    (b"\x94av01data", video("av1", "other", True, True)),
]


@pytest.mark.parametrize(("body", "said"), VIDEO, ids=range(len(VIDEO)))
def test_what_pictures_say(body: bytes, said: flv.VideoBody) -> None:
    assert flv.read_video(body) == said


AUDIO = [
    (client.AAC_CONFIG_TAG, flv.AudioBody("aac", "config", False, b"\x11\x90")),
    (client.SOUND, flv.AudioBody("aac", "frames", False)),
    (b"\x2fmp3", flv.AudioBody("mp3", "frames", False)),
    (b"\x90Opusconfig", flv.AudioBody("Opus", "config", True)),
]


@pytest.mark.parametrize(("body", "said"), AUDIO, ids=range(len(AUDIO)))
def test_what_sounds_say(body: bytes, said: flv.AudioBody) -> None:
    assert flv.read_audio(body) == said


def test_h264_and_aac_in_enhanced_dress_become_plain() -> None:
    sent = [b"\x90avc1" + client.AVC_CONFIG, b"\x91avc1" + client.KEYFRAME[2:], b"\xa3avc1" + client.PICTURE[5:]]
    assert [flv.classic_video(body) for body in sent] == [client.AVC_CONFIG_TAG, client.KEYFRAME, client.PICTURE]
    sounds = [b"\x90mp4a\x11\x90", b"\x91mp4a" + client.SOUND[2:]]
    assert [flv.classic_audio(body) for body in sounds] == [client.AAC_CONFIG_TAG, client.SOUND]
    for body in (client.KEYFRAME, b"\x90hvc1x", b"\x94avc1", b"\x17"):
        assert flv.classic_video(body) == body
    assert flv.classic_audio(client.SOUND) == client.SOUND


@pytest.mark.parametrize("body", [b"", b"\x17", b"\x17\x01\0", b"\x90hv"])
def test_cut_pictures_are_refused(body: bytes) -> None:
    with pytest.raises(flv.BadTag):
        flv.read_video(body)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (25, "25/1"), (30.0, "30/1"), (29.97, "30000/1001"), (29.97002997, "30000/1001"), (23.976, "24000/1001"),
        (59.94, "60000/1001"), (12.5, "25/2"), (15, "15/1"), (0, ""), (1000, ""), (math.nan, ""),
    ],
)  # fmt: skip
def test_rates_said_as_decimal_numbers(said: float, meant: str) -> None:
    assert flv.frame_rate_of(said) == meant
