from datetime import UTC, datetime
from fractions import Fraction

import pytest

from server.media.playlist import (
    Map,
    MediaPlaylist,
    MediaSegment,
    MultivariantPlaylist,
    Rendition,
    Start,
    Variant,
    average_bandwidth,
    peak_bandwidth,
    target_duration,
)
from server.media.playlist_check import check_playlist
from server.media.playlist_read import PlaylistError, read_playlist

INIT = Map(uri="init.mp4")
GROWING = """\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:1
#EXT-X-PLAYLIST-TYPE:EVENT
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-START:TIME-OFFSET=0,PRECISE=YES
#EXT-X-MAP:URI="init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-05-04T10:00:00.250Z
#EXTINF:4.000000,
1.m4s
#EXTINF:3.989333,
2.m4s
#EXT-X-GAP
#EXTINF:4.000000,
3.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init-2.mp4"
#EXTINF:0.040011,
4.m4s
"""
FIRST = datetime(2026, 5, 4, 10, 0, 0, 250_000, tzinfo=UTC)
GROWING_VALUE = MediaPlaylist(
    target_duration=4,
    media_sequence=1,
    playlist_type="EVENT",
    start=Start(precise=True),
    segments=(
        MediaSegment(uri="1.m4s", duration=Fraction(4), map=INIT, program_date_time=FIRST),
        MediaSegment(uri="2.m4s", duration=Fraction(3989333, 10**6), map=INIT),
        MediaSegment(uri="3.m4s", duration=Fraction(4), map=INIT, gap=True),
        MediaSegment(uri="4.m4s", duration=Fraction(40011, 10**6), map=Map(uri="init-2.mp4"), discontinuity=True),
    ),
)
LADDER = """\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="a/index.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="words",NAME="Suomi",LANGUAGE="fi",DEFAULT=NO,AUTOSELECT=YES,URI="fi/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1800000,AVERAGE-BANDWIDTH=900000,CODECS="avc1.64001F,mp4a.40.2",RESOLUTION=1280x720,\
FRAME-RATE=29.970,AUDIO="audio",SUBTITLES="words",CLOSED-CAPTIONS=NONE
720/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=600000,AVERAGE-BANDWIDTH=300000,CODECS="avc1.64001E,mp4a.40.2",RESOLUTION=640x360,\
FRAME-RATE=29.970,AUDIO="audio",SUBTITLES="words",CLOSED-CAPTIONS=NONE
360/index.m3u8
"""


def variant(height: int, bandwidth: int, codec: str) -> Variant:
    return Variant(
        uri=f"{height}/index.m3u8", bandwidth=bandwidth, average_bandwidth=bandwidth // 2, codecs=(codec, "mp4a.40.2"),
        resolution=(height * 16 // 9, height), frame_rate=Fraction(30000, 1001), audio="audio", subtitles="words",
        closed_captions="NONE",
    )  # fmt: skip


LADDER_VALUE = MultivariantPlaylist(
    renditions=(
        Rendition(type="AUDIO", group_id="audio", name="English", language="en", default=True, channels="2",
                  uri="a/index.m3u8"),
        Rendition(type="SUBTITLES", group_id="words", name="Suomi", language="fi", autoselect=True,
                  uri="fi/index.m3u8"),
    ),
    variants=(variant(720, 1_800_000, "avc1.64001F"), variant(360, 600_000, "avc1.64001E")),
)  # fmt: skip


def test_a_growing_media_playlist_byte_for_byte() -> None:
    assert GROWING_VALUE.text() == GROWING
    assert read_playlist(GROWING) == GROWING_VALUE
    assert check_playlist(GROWING) == []


def test_a_multivariant_playlist_byte_for_byte() -> None:
    assert LADDER_VALUE.text() == LADDER
    assert check_playlist(LADDER) == []
    again = read_playlist(LADDER)
    assert isinstance(again, MultivariantPlaylist)
    assert again.variants[0].frame_rate == Fraction("29.970")
    assert again.text() == LADDER


def test_a_finished_playlist_says_so() -> None:
    text = MediaPlaylist(target_duration=4, playlist_type="VOD", ended=True).text()
    assert text.endswith("#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-ENDLIST\n")
    assert read_playlist(text) == MediaPlaylist(target_duration=4, playlist_type="VOD", ended=True)


def test_reading_takes_other_writers_text() -> None:
    text = (
        "#EXTM3U\r\n# made elsewhere\r\n#EXT-X-TARGETDURATION:10\r\n#EXT-X-NEW:1\r\n\r\n#EXTINF:9.5,A title\r\na.ts\r\n"
    )
    assert read_playlist(text) == MediaPlaylist(
        target_duration=10,
        version=1,
        independent_segments=False,
        segments=(MediaSegment(uri="a.ts", duration=Fraction(19, 2), title="A title"),),
    )


@pytest.mark.parametrize(("text", "line", "sentence"), [
    ("", 1, "starts with #EXTM3U"),
    ("#EXTM3U\n", 1, "EXT-X-TARGETDURATION is missing"),
    ("#EXTM3U\n#EXT-X-TARGETDURATION:4\na.ts\n", 3, "a segment without EXTINF"),
    ("#EXTM3U\n#EXTINF:four,\na.ts\n", 2, "'four' is no decimal number"),
    ("#EXTM3U\n#EXT-X-TARGETDURATION:-4\n", 2, "'-4' is no whole number"),
    ("#EXTM3U\n#EXT-X-MAP:BYTERANGE=\"1@2\"\n", 2, "URI is missing"),
    ("#EXTM3U\n#EXT-X-MAP:URI=\"a\",,\n", 2, "no attribute can be read"),
    ("#EXTM3U\n#EXT-X-MAP:URI=\"a\" X=1\n", 2, "a comma is missing after URI"),
    ("#EXTM3U\n#EXT-X-PROGRAM-DATE-TIME:2026-13-01T00:00:00Z\n", 2, "no date and time"),
    ("#EXTM3U\n#EXT-X-PLAYLIST-TYPE:LIVE\n", 2, "is no playlist type"),
    ("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n", 2, "without a URI after it"),
    ("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na\nb\n", 4, "a URI without EXT-X-STREAM-INF"),
    ("#EXTM3U\n#EXT-X-STREAM-INF:RESOLUTION=1x1\na\n", 2, "BANDWIDTH is missing"),
    ("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=big\na\n", 2, "no resolution"),
    ("#EXTM3U\n#EXT-X-MEDIA:TYPE=SOUND,GROUP-ID=\"a\",NAME=\"a\"\n", 2, "no type of rendition"),
    ("#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=a,NAME=\"a\"\n", 2, "'a' is not in quotes"),
    ("#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"a\",DEFAULT=1\n", 2, "neither YES nor NO"),
])  # fmt: skip
def test_what_cannot_be_read_is_said_with_its_line(text: str, line: int, sentence: str) -> None:
    with pytest.raises(PlaylistError, match=sentence) as caught:
        read_playlist(text)
    assert caught.value.line == line


def test_text_that_would_break_out_of_its_quotes() -> None:
    named = Rendition(type="AUDIO", group_id="a", name=' He said "hello"\n')
    assert 'NAME="He said \u201dhello\u201d"' in named.text()
    with pytest.raises(ValueError, match="no quotes"):
        Rendition(type="AUDIO", group_id='a"', name="a").text()


@pytest.mark.parametrize(("durations", "target"), [
    ([], 1), ([Fraction(4)], 4), ([Fraction(449, 100)], 4), ([Fraction(9, 2)], 5), ([Fraction(1, 10)], 1),
    ([Fraction(1), Fraction(13, 2), Fraction(2)], 7),
])  # fmt: skip
def test_target_duration_is_the_longest_rounded(durations: list[Fraction], target: int) -> None:
    assert target_duration(durations) == target


def test_peak_bandwidth_looks_at_runs_between_half_and_one_and_a_half_targets() -> None:
    four = Fraction(4)
    assert peak_bandwidth([(1000, four), (3000, four), (2000, four)], 4) == 6000
    # 1 s alone is too short to count: with its neighbours it does.
    short = [(1000, Fraction(1)), (4000, Fraction(1)), (1000, four)]
    assert peak_bandwidth(short, 4) == (5000 * 8) // 2
    assert peak_bandwidth([(4000, Fraction(1))], 4) == 32_000
    assert peak_bandwidth([], 4) == 0


def test_average_bandwidth_is_all_bits_over_all_seconds() -> None:
    assert average_bandwidth([(1000, Fraction(4)), (3000, Fraction(4)), (1, Fraction(4))]) == 2668
    assert average_bandwidth([]) == 0
