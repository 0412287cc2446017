"""The checker's rules for low latency: each fault by itself is found, a right playlist has none."""

import pytest

from server.media.playlist_check import check_playlist
from server.media.playlist_check_live import check_low_latency, check_reload

HEAD = (
    "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4\n"
    "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3.0,CAN-SKIP-UNTIL=24.0,HOLD-BACK=12.0\n"
    "#EXT-X-PART-INF:PART-TARGET=1.0\n#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-INDEPENDENT-SEGMENTS\n"
)
MAP = '#EXT-X-MAP:URI="init.mp4"\n'
OTHER = "../audio/index.m3u8"


def date(second: int) -> str:
    return f"#EXT-X-PROGRAM-DATE-TIME:2026-05-04T10:00:{second:02d}.000Z\n"


def part(msn: int, number: int, duration: str = "1.0") -> str:
    independent = "" if number else ",INDEPENDENT=YES"
    return f'#EXT-X-PART:DURATION={duration},URI="{msn}.{number}.m4s"{independent}\n'


def segment(msn: int, *, parts: bool = True) -> str:
    listed = "".join(part(msn, number) for number in range(4)) if parts else ""
    return date(4 * msn - 4) + listed + f"#EXTINF:4.0,\n{msn}.m4s\n"


def foot(msn: int, number: int) -> str:
    """The hint of what comes after part `number` of a growing segment, and the report."""
    hint = f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{msn}.{number + 1}.m4s"\n'
    return hint + f'#EXT-X-RENDITION-REPORT:URI="{OTHER}",LAST-MSN={msn},LAST-PART={number}\n'


RIGHT = HEAD + MAP + segment(1, parts=False) + segment(2) + date(8) + part(3, 0) + part(3, 1) + foot(3, 1)
NEXT = RIGHT.replace(foot(3, 1), part(3, 2) + foot(3, 2))
ENDED = HEAD + MAP + segment(1, parts=False) + segment(2, parts=False) + "#EXT-X-ENDLIST\n"
LONG = [segment(msn, parts=msn > 6) for msn in range(1, 9)]
DELTA_HEAD = HEAD.replace("VERSION:6", "VERSION:9") + "#EXT-X-SKIP:SKIPPED-SEGMENTS=2\n"
DELTA = DELTA_HEAD + "".join(LONG[2:]) + date(32) + part(9, 0) + foot(9, 0)
FULL = HEAD + MAP + "".join(LONG) + date(32) + part(9, 0) + foot(9, 0)


@pytest.mark.parametrize("text", [RIGHT, NEXT, FULL, DELTA])
def test_a_right_playlist_has_no_findings(text: str) -> None:
    assert check_playlist(text) == []
    assert check_low_latency(text, others=[OTHER]) == []


def test_one_that_has_ended_has_no_findings() -> None:
    assert check_playlist(ENDED) == []
    assert check_low_latency(ENDED, others=[OTHER]) == []


PLAYLIST_FAULTS = [
    ("part.target", RIGHT.replace("#EXT-X-PART-INF:PART-TARGET=1.0\n", "")),
    ("part.too_long", RIGHT.replace(part(3, 1), part(3, 1, "1.01"))),
    ("part.too_short", NEXT.replace(part(3, 1), part(3, 1, "0.84"))),
    ("part.late_tag", RIGHT.replace(date(8) + part(3, 0), part(3, 0) + date(8))),
    ("part.sum", RIGHT.replace(part(2, 3), part(2, 3, "0.5"))),
    ("part.old", FULL.replace(LONG[3], segment(4))),
    ("control.missing", "\n".join(line for line in RIGHT.split("\n") if "SERVER-CONTROL" not in line)),
    ("control.part_hold_back", RIGHT.replace("PART-HOLD-BACK=3.0", "PART-HOLD-BACK=2.9")),
    ("control.part_hold_back", RIGHT.replace("PART-HOLD-BACK=3.0,", "")),
    ("control.hold_back", RIGHT.replace(",HOLD-BACK=12.0", ",HOLD-BACK=11.9")),
    ("control.skip", RIGHT.replace("UNTIL=24.0", "UNTIL=23.9")),
    ("hint.repeated", RIGHT + '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="3.3.m4s"\n'),
    ("hint.listed", RIGHT.replace("3.2.m4s", "3.1.m4s")),
    ("hint.ended", ENDED + '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="3.0.m4s"\n'),
    ("skip.order", DELTA.replace("#EXT-X-MEDIA-SEQUENCE:1\n", "").replace("=2\n", "=2\n#EXT-X-MEDIA-SEQUENCE:1\n", 1)),
    ("skip.unannounced", DELTA.replace(",CAN-SKIP-UNTIL=24.0", "")),
    ("skip.boundary", DELTA.replace("".join(LONG[2:5]), "").replace("SEGMENTS=2", "SEGMENTS=5")),
    ("skip.nothing", DELTA.replace("SEGMENTS=2", "SEGMENTS=0")),
    ("skip.ended", DELTA_HEAD + "".join(LONG[2:]) + "#EXT-X-ENDLIST\n"),
]


@pytest.mark.parametrize(
    ("code", "text"), PLAYLIST_FAULTS, ids=[f"{n}-{row[0]}" for n, row in enumerate(PLAYLIST_FAULTS)]
)
def test_each_fault_is_found_alone(code: str, text: str) -> None:
    assert {finding.code for finding in check_playlist(text)} == {code}


PROFILE_FAULTS = [
    ("live.block_reload", RIGHT.replace("CAN-BLOCK-RELOAD=YES,", "")),
    ("live.skip", RIGHT.replace("CAN-SKIP-UNTIL=24.0,", "")),
    ("live.sequence", RIGHT.replace("SEQUENCE:1", "SEQUENCE:0")),
    ("live.date", RIGHT.replace(date(4), "")),
    ("live.independent", RIGHT.replace('URI="3.0.m4s",INDEPENDENT=YES', 'URI="3.0.m4s"')),
    ("live.hint", RIGHT.replace('#EXT-X-PRELOAD-HINT:TYPE=PART,URI="3.2.m4s"\n', "")),
    ("live.reports", RIGHT.replace(OTHER, "../elsewhere.m3u8")),
    ("live.report", RIGHT.replace(",LAST-PART=1", "")),
]


@pytest.mark.parametrize(("code", "text"), PROFILE_FAULTS, ids=[row[0] for row in PROFILE_FAULTS])
def test_each_fault_of_the_profile_is_found_alone(code: str, text: str) -> None:
    assert [finding.code for finding in check_low_latency(text, others=[OTHER])] == [code]


def test_reloads_that_only_go_on_have_no_findings() -> None:
    assert check_reload(RIGHT, RIGHT) == []
    assert check_reload(RIGHT, NEXT) == []
    assert check_reload(FULL, DELTA) == []
    assert check_reload(RIGHT, ENDED) == []  # the growing segment was never closed


RELOAD_FAULTS = [
    ("reload.head", RIGHT, NEXT.replace("PART-TARGET=1.0", "PART-TARGET=1.1").replace("BACK=3.0", "BACK=3.4")),
    ("reload.backwards", NEXT, RIGHT),
    ("reload.changed", RIGHT, RIGHT.replace("2.m4s", "x.m4s")),
    ("reload.part", RIGHT, NEXT.replace(part(3, 0), part(3, 0, "0.9"))),
    ("reload.discontinuity", RIGHT, NEXT.replace(date(4), "#EXT-X-DISCONTINUITY\n" + date(4))),
    ("reload.hint", RIGHT, NEXT.replace("3.2.m4s", "3.2b.m4s")),
    ("reload.skip", RIGHT, DELTA.replace("SEGMENTS=2", "SEGMENTS=9")),
]


@pytest.mark.parametrize(("code", "before", "after"), RELOAD_FAULTS, ids=[row[0] for row in RELOAD_FAULTS])
def test_each_fault_of_a_reload_is_found(code: str, before: str, after: str) -> None:
    assert code in {finding.code for finding in check_reload(before, after)}
