from fractions import Fraction

import pytest

from server.media.playlist_check import check_playlist
from server.media.playlist_check_growth import check_bandwidths, check_growth, check_presentation

HEAD = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n"
MAP = '#EXT-X-MAP:URI="init.mp4"\n'
SEQUENCE = "#EXT-X-MEDIA-SEQUENCE:0\n"
ONE = "#EXTINF:4.0,\n1.m4s\n"
AUDIO = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",CHANNELS="2",URI="a.m3u8"\n'
SUBTITLES = '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="x"\n'
CAPTIONS = '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="x",INSTREAM-ID="CC1",URI="c"\n'
VIDEO = '#EXT-X-STREAM-INF:BANDWIDTH=9,CODECS="avc1.64001F,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=25.000,AUDIO="a"\n'


def media(*lines: str, head: str = HEAD) -> str:
    return head + MAP + "".join(lines)


def sound(old: str, new: str) -> str:
    """A multivariant playlist whose audio rendition is changed in one place."""
    return multivariant(AUDIO.replace(old, new), VIDEO, "v.m3u8\n")


def picture(old: str, new: str) -> str:
    """A multivariant playlist whose variant is changed in one place."""
    return multivariant(AUDIO, VIDEO.replace(old, new), "v.m3u8\n")


def multivariant(*lines: str) -> str:
    return "#EXTM3U\n#EXT-X-VERSION:6\n" + "".join(lines)


GOOD = [
    media(ONE),
    media(ONE, "#EXT-X-ENDLIST\n"),
    media(ONE, ONE, head=HEAD + "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-START:TIME-OFFSET=0\n"),
    media(ONE, "#EXT-X-ENDLIST\n", head=HEAD + "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n"),
    media("#EXTINF:4.49,\n1.m4s\n"),
    media("#EXT-X-PROGRAM-DATE-TIME:2026-05-04T10:00:00.000Z\n", ONE,
          "#EXT-X-PROGRAM-DATE-TIME:2026-05-04T13:00:04.050+03:00\n", ONE,
          "#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2026-05-04T10:09:00Z\n", ONE),
    media("#EXT-X-GAP\n", ONE, "#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"b.mp4\",BYTERANGE=\"700@0\"\n", ONE),
    media(ONE, head=HEAD + "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5\n"
          "#EXT-X-PART-INF:PART-TARGET=0.5\n") + "#EXT-X-PART:DURATION=0.5,URI=\"2.1.m4s\",INDEPENDENT=YES\n"
    "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"2.2.m4s\"\n#EXT-X-RENDITION-REPORT:URI=\"../a.m3u8\",LAST-MSN=1,LAST-PART=0\n",
    "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\nhttp://example.org/a.ts\n",
    multivariant(AUDIO, VIDEO, "v.m3u8\n"),
    multivariant("#EXT-X-INDEPENDENT-SEGMENTS\n", AUDIO, VIDEO, "v.m3u8\n", VIDEO, "w.m3u8\n"),
    multivariant('#EXT-X-STREAM-INF:BANDWIDTH=9,CODECS="mp4a.40.2"\n', "a.m3u8\n"),
]  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_right_playlists_have_no_findings(text: str) -> None:
    assert check_playlist(text) == []
    assert check_playlist(text.encode()) == []
    assert check_playlist(text.replace("\n", "\r\n")) == []


BAD = [
    # The text itself.
    ("text.bom", 1, "4.1", "\ufeff" + media(ONE)),
    ("tag.extm3u", 1, "4.4.1.1", media(ONE).replace("#EXTM3U\n", "")),
    ("text.control", 6, "4.1", media("#EXTINF:4.0,a\tb\n1.m4s\n")),
    ("text.space", 7, "4.1", media("#EXTINF:4.0,\n1.m4s \n")),
    ("uri.syntax", 7, "4.1", media("#EXTINF:4.0,\nmy talk.m4s\n")),
    # Tags by themselves.
    ("tag.unknown", 6, "4.4", media("#EXT-X-ALLOW-CACHE:YES\n", ONE)),
    ("tag.value", 3, "4.4.3.1", media(ONE).replace("TARGETDURATION:4", "TARGETDURATION:4.0")),
    ("tag.value", 6, "4.4.4.1", media("#EXTINF:4.0\n1.m4s\n")),
    ("tag.value", 6, "4.4.4.1", media("#EXTINF:-4.0,\n1.m4s\n")),
    ("tag.value", 6, "4.4.4.6", media("#EXT-X-PROGRAM-DATE-TIME:yesterday\n", ONE)),
    ("tag.value", 6, "4.4.4.3", media("#EXT-X-DISCONTINUITY:1\n", ONE)),
    ("tag.value", 6, "4.4.4.2", media("#EXT-X-BYTERANGE:1@x\n", ONE)),
    ("tag.value", 5, "4.4.3.5", media(ONE, head=HEAD + "#EXT-X-PLAYLIST-TYPE:LIVE\n")),
    ("attribute.syntax", 5, "4.2", (HEAD + "#EXT-X-MAP:URI=\"init.mp4\", BYTERANGE=\"1@0\"\n" + ONE)),
    ("attribute.syntax", 5, "4.2", (HEAD + "#EXT-X-MAP:URI=\"a\",URI=\"b\"\n" + ONE)),
    ("attribute.missing", 5, "4.4.4.5", (HEAD + "#EXT-X-MAP:BYTERANGE=\"1@0\"\n" + ONE)),
    ("attribute.unknown", 5, "4.4.4.5", (HEAD + "#EXT-X-MAP:URI=\"a\",SIZE=4\n" + ONE)),
    ("attribute.type", 5, "4.4.4.5", (HEAD + "#EXT-X-MAP:URI=init.mp4\n" + ONE)),
    ("attribute.type", 5, "4.4.2.2", media(ONE, head=HEAD + "#EXT-X-START:TIME-OFFSET=0,PRECISE=TRUE\n")),
    ("tag.repeated", 5, "4.4.3.1", media(ONE, head=HEAD + "#EXT-X-TARGETDURATION:4\n")),
    ("tag.repeated", 9, "4.4.3.4", media(ONE, "#EXT-X-ENDLIST\n#EXT-X-ENDLIST\n")),
    ("tag.kind", 3, "4.1", multivariant("#EXT-X-TARGETDURATION:4\n", AUDIO, VIDEO, "v.m3u8\n")),
    # Media playlists.
    ("target.missing", 0, "4.4.3.1", "#EXTM3U\n#EXTINF:4,\na.ts\n"),
    ("target.zero", 2, "4.4.3.1", "#EXTM3U\n#EXT-X-TARGETDURATION:0\n"),
    ("segment.too_long", 6, "4.4.3.1", media("#EXTINF:4.5,\n1.m4s\n")),
    ("segment.empty", 6, "4.4.4.1", media("#EXTINF:0,\n1.m4s\n")),
    ("segment.extinf", 6, "4.4.4.1", media("1.m4s\n")),
    ("segment.map", 6, "3.1.2", HEAD + ONE),
    ("segment.repeated", 7, "4.4.4.1", media("#EXTINF:4.0,\n", ONE)),
    ("segment.dangling", 8, "4.4.4", media(ONE, "#EXTINF:4.0,\n")),
    ("sequence.late", 7, "4.4.3.2", media(ONE, "#EXT-X-MEDIA-SEQUENCE:0\n", head=HEAD.replace(SEQUENCE, ""))),
    ("sequence.late", 7, "4.4.3.3", media("#EXT-X-DISCONTINUITY\n#EXT-X-DISCONTINUITY-SEQUENCE:2\n", ONE)),
    ("version.low", 5, "7", media("#EXTINF:4,\n1.m4s\n").replace("VERSION:6", "VERSION:5")),
    ("version.low", 3, "7", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:3.9,\na.ts\n"),
    ("version.low", 3, "7", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-BYTERANGE:9@0\n#EXTINF:3,\na.ts\n"),
    ("version.low", 6, "7", media(*[ONE] * 6, head=HEAD + "#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=24\n"
                                  "#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n")),
    ("version.unknown", 2, "4.4.1.2", media(ONE).replace("VERSION:6", "VERSION:99")),
    ("date.zone", 6, "4.4.4.6", media("#EXT-X-PROGRAM-DATE-TIME:2026-05-04T10:00:00\n", ONE)),
    ("date.jump", 9, "4.4.4.6", media("#EXT-X-PROGRAM-DATE-TIME:2026-05-04T10:00:00Z\n", ONE,
                                       "#EXT-X-PROGRAM-DATE-TIME:2026-05-04T10:00:05Z\n", ONE)),
    ("type.vod_open", 5, "4.4.3.5", media(ONE, head=HEAD + "#EXT-X-PLAYLIST-TYPE:VOD\n")),
    ("type.removed", 6, "4.4.3.5", media(
        ONE, head=HEAD + "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n")),
    ("start.outside", 5, "4.4.2.2", media(ONE, "#EXT-X-ENDLIST\n", head=HEAD + "#EXT-X-START:TIME-OFFSET=4.1\n")),
    ("start.near_end", 5, "4.4.2.2", media(ONE, ONE, head=HEAD + "#EXT-X-START:TIME-OFFSET=-4\n")),
    # Multivariant playlists.
    ("start.multivariant", 3, "4.4.2.2", multivariant("#EXT-X-START:TIME-OFFSET=0\n", AUDIO, VIDEO, "v.m3u8\n")),
    ("variant.none", 0, "4.4.6.2", multivariant(AUDIO)),
    ("variant.uri", 4, "4.4.6.2", multivariant(AUDIO, VIDEO)),
    ("variant.uri", 3, "4.4.6.2", multivariant(VIDEO, AUDIO, "v.m3u8\n")),
    ("variant.stray_uri", 6, "4.4.6.2", multivariant(AUDIO, VIDEO, "v.m3u8\nw.m3u8\n")),
    ("attribute.missing", 4, "4.4.6.2", picture("BANDWIDTH=9,", "")),
    ("variant.bandwidth", 4, "4.4.6.2", picture("=9,", "=9,AVERAGE-BANDWIDTH=10,")),
    ("variant.bandwidth", 4, "4.4.6.2", picture("=9,", "=0,")),
    ("variant.frame_rate", 4, "4.4.6.2", picture("25.000", "29.97002")),
    ("variant.frame_rate", 4, "4.4.6.2", picture("FRAME-RATE=25.000,", "")),
    ("variant.resolution", 4, "4.4.6.2", picture("RESOLUTION=1280x720,", "")),
    ("attribute.type", 4, "4.4.6.2", picture("1280x720", "1280X720")),
    ("variant.codecs", 4, "4.4.6.2", picture(",mp4a.40.2", "")),
    ("variant.codecs", 4, "4.4.6.2", picture("avc1.64001F,", "")),
    ("variant.codecs", 4, "4.4.6.2", picture("mp4a.40.2", "mp4a.40.2,h264")),
    ("variant.codecs", 3, "4.4.6.2", multivariant("#EXT-X-STREAM-INF:BANDWIDTH=9\n", "v.m3u8\n")),
    ("variant.group", 4, "4.4.6.2", picture('AUDIO="a"', 'AUDIO="b"')),
    ("variant.group", 4, "4.4.6.2", picture("\n", ',SUBTITLES="a"\n')),
    ("variant.captions", 4, "4.4.6.2", multivariant(
        AUDIO, VIDEO.replace("\n", ",CLOSED-CAPTIONS=NONE\n"), "v.m3u8\n", VIDEO, "w.m3u8\n")),
    ("attribute.missing", 3, "4.4.6.1", sound('NAME="English",', "")),
    ("rendition.uri", 3, "4.4.6.1", multivariant(SUBTITLES, AUDIO, VIDEO, "v.m3u8\n")),
    ("rendition.uri", 3, "4.4.6.1", multivariant(CAPTIONS, AUDIO, VIDEO, "v.m3u8\n")),
    ("rendition.instream", 3, "4.4.6.1", sound('URI="a.m3u8"', 'URI="a.m3u8",INSTREAM-ID="CC1"')),
    ("rendition.autoselect", 3, "4.4.6.1", sound("CHANNELS", "DEFAULT=YES,AUTOSELECT=NO,CHANNELS")),
    ("rendition.forced", 3, "4.4.6.1", sound("CHANNELS", "FORCED=YES,CHANNELS")),
    ("rendition.channels", 3, "4.4.6.1", sound('CHANNELS="2",', "")),
    ("rendition.language", 3, "4.4.6.1", sound("CHANNELS", 'LANGUAGE="Finnish!",CHANNELS')),
    ("group.name", 4, "4.4.6.1.1", multivariant(AUDIO, AUDIO, VIDEO, "v.m3u8\n")),
    ("group.default", 4, "4.4.6.1.1", multivariant(
        AUDIO.replace("CHANNELS", 'DEFAULT=YES,LANGUAGE="en",CHANNELS'),
        AUDIO.replace("CHANNELS", 'DEFAULT=YES,LANGUAGE="fi",CHANNELS').replace("English", "Suomi"),
        VIDEO, "v.m3u8\n")),
    ("group.autoselect", 4, "4.4.6.1.1", multivariant(
        AUDIO.replace("CHANNELS", "AUTOSELECT=YES,CHANNELS"),
        AUDIO.replace("CHANNELS", "AUTOSELECT=YES,CHANNELS").replace("English", "Suomi"), VIDEO, "v.m3u8\n")),
    ("group.mismatch", 4, "4.4.6.2.1", multivariant(
        AUDIO, AUDIO.replace('"a"', '"b"').replace("English", "Suomi"), VIDEO, "v.m3u8\n")),
]  # fmt: skip


@pytest.mark.parametrize(("code", "line", "section", "text"), BAD, ids=[f"{n}-{row[0]}" for n, row in enumerate(BAD)])
def test_each_fault_is_found_alone(code: str, line: int, section: str, text: str) -> None:
    findings = check_playlist(text)
    assert [(finding.code, finding.line, finding.section) for finding in findings] == [(code, line, section)]
    assert all(finding.sentence for finding in findings)


def test_bytes_that_are_not_utf8_are_found() -> None:
    assert [finding.code for finding in check_playlist(b"#EXTM3U\n\xff")] == ["text.encoding"]


EVENT = HEAD + "#EXT-X-PLAYLIST-TYPE:EVENT\n" + MAP
SLIDING = HEAD + MAP


def segments(*numbers: int) -> str:
    return "".join(f"#EXTINF:4.0,\n{number}.m4s\n" for number in numbers)


GROWTH = [
    ([], EVENT + segments(1), EVENT + segments(1, 2)),
    ([], EVENT + segments(1), EVENT + segments(1)),
    ([], EVENT + segments(1), EVENT + segments(1, 2) + "#EXT-X-ENDLIST\n"),
    ([], EVENT + segments(1), (EVENT + segments(1, 2) + "#EXT-X-ENDLIST\n").replace("EVENT", "VOD")),
    ([], SLIDING + segments(0, 1, 2, 3), SLIDING.replace("SEQUENCE:0", "SEQUENCE:1") + segments(1, 2, 3, 4)),
    (["growth.type"], EVENT + segments(1), (EVENT + segments(1)).replace("EVENT", "VOD")),
    (["growth.type"], EVENT + segments(1), SLIDING + segments(1)),
    (["growth.head"], EVENT + segments(1), EVENT.replace("DURATION:4", "DURATION:5") + segments(1)),
    (["growth.changed"], EVENT + segments(1, 2), EVENT + segments(1, 3)),
    (["growth.changed"], EVENT + segments(1, 2), EVENT + segments(1) + "#EXT-X-GAP\n" + segments(2)),
    (["growth.changed", "growth.changed"], EVENT + segments(1, 2),
     (EVENT + segments(1, 2)).replace("init.mp4", "other.mp4")),
    (["growth.shrunk"], EVENT + segments(1, 2), EVENT + segments(1)),
    (["growth.after_end"], EVENT + segments(1) + "#EXT-X-ENDLIST\n", EVENT + segments(1)),
    (["growth.sequence"], SLIDING.replace("SEQUENCE:0", "SEQUENCE:1") + segments(1), SLIDING + segments(1)),
    (["growth.sequence"], SLIDING + segments(0), SLIDING.replace("SEQUENCE:0", "SEQUENCE:2") + segments(2)),
    (["growth.removed"], EVENT + segments(0, 1, 2, 3), EVENT.replace("SEQUENCE:0", "SEQUENCE:1") + segments(1, 2, 3)),
    (["growth.window"], SLIDING + segments(0, 1, 2), SLIDING.replace("SEQUENCE:0", "SEQUENCE:1") + segments(1, 2)),
    (["growth.discontinuity"], SLIDING + "#EXT-X-DISCONTINUITY\n" + segments(0, 1, 2, 3),
     SLIDING.replace("SEQUENCE:0", "SEQUENCE:1") + segments(1, 2, 3)),
    ([], SLIDING + "#EXT-X-DISCONTINUITY\n" + segments(0, 1, 2, 3),
     SLIDING.replace("SEQUENCE:0\n", "SEQUENCE:1\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n") + segments(1, 2, 3)),
]  # fmt: skip


@pytest.mark.parametrize(("codes", "before", "after"), GROWTH)
def test_two_versions_of_a_playlist(codes: list[str], before: str, after: str) -> None:
    assert [finding.code for finding in check_growth(before, after)] == codes


ENDED = (EVENT + segments(1, 2) + "#EXT-X-ENDLIST\n").replace("EVENT", "VOD")
SET = multivariant(AUDIO, VIDEO, "v.m3u8\n")


@pytest.mark.parametrize(("codes", "sound"), [
    ([], ENDED),
    (["set.missing"], None),
    (["set.target"], ENDED.replace("DURATION:4", "DURATION:5")),
    (["set.type"], ENDED.replace("#EXT-X-PLAYLIST-TYPE:VOD\n", "")),
    (["set.dates"], ENDED.replace("#EXTINF", "#EXT-X-PROGRAM-DATE-TIME:2026-05-04T10:00:00Z\n#EXTINF", 1)),
    (["set.discontinuity"], ENDED.replace("#EXTINF", "#EXT-X-DISCONTINUITY\n#EXTINF", 1)),
    (["set.duration"], ENDED.replace("#EXT-X-ENDLIST", segments(3, 4) + "#EXT-X-ENDLIST")),
])  # fmt: skip
def test_the_playlists_of_one_presentation(codes: list[str], sound: str | None) -> None:
    media_playlists = {"v.m3u8": ENDED} | ({"a.m3u8": sound} if sound else {})
    assert [finding.code for finding in check_presentation(SET, media_playlists)] == codes


def test_bandwidths_lower_than_the_truth_are_found() -> None:
    sizes = {"v.m3u8": [(1000, Fraction(4)), (2000, Fraction(4))], "a.m3u8": [(500, Fraction(4))] * 2}
    honest = SET.replace("BANDWIDTH=9", "BANDWIDTH=5000,AVERAGE-BANDWIDTH=4000")
    assert check_bandwidths(honest, sizes, 4) == []
    low = SET.replace("BANDWIDTH=9", "BANDWIDTH=4999,AVERAGE-BANDWIDTH=3999")
    assert [f.code for f in check_bandwidths(low, sizes, 4)] == ["variant.bandwidth_low", "variant.average_low"]
