"""What ffmpeg is told for a file to download, and what is found wrong with what it makes. Pure."""

from pathlib import Path

import pytest

from server.media.boxes import BadBox, box, full_box
from server.media.chapters import Chapter, read_ffmetadata, write_ffmetadata
from server.media.download import CaptionFile, DownloadOrder, command, faults, write_tags
from server.media.ffmpeg import Ffmpeg
from server.media.language_codes import long_code
from server.media.mp4_summary import Mp4Summary, TrackSummary, read_summary

NONE: frozenset[str] = frozenset()
PROGRAM = Ffmpeg(path="/usr/bin/ffmpeg", version=(9,), version_text="9", encoders=NONE, filters=NONE, protocols=NONE)


def _order(**changed: object) -> DownloadOrder:
    values = {
        "media": Path("/s/joined.mp4"),
        "metadata": Path("/s/m.txt"),
        "captions": (CaptionFile(path=Path("/s/c.srt"), language="fi", label="suomi\n-y"),),
        "samples": {"vide": 250, "soun": 470},
        "start_us": 1_000_000,
        "duration_us": 10_000_000,
        "cut": False,
    }
    return DownloadOrder(**(values | changed))  # type: ignore[arg-type]


def test_nothing_is_encoded_and_nothing_else_is_opened() -> None:
    words = command(_order(), Path("/s/out.mp4"), PROGRAM)
    said = " ".join(words)
    assert "-c:v copy -c:a copy -c:s mov_text" in said and "-movflags +faststart" in said
    assert said.count("-protocol_whitelist file") == said.count("-i file:/s/") == 3, "each input is held to files"
    assert said.count("-format_whitelist") == 3
    assert "-map_metadata 2 -map_chapters 2" in said and "language=fin" in said
    assert "handler_name=suomi -y" in words, "a label is one word of the list, on one line"
    assert "-ss" not in words


def test_a_cut_is_taken_by_the_tables_and_sound_alone_is_m4a() -> None:
    words = command(_order(cut=True, samples={"soun": 470}, captions=()), Path("/s/out.m4a"), PROGRAM)
    assert words[words.index("-ss") + 1] == "1.000000" and words.index("-ss") < words.index("-i")
    assert "0:v:0" not in words and words[-3:] == ["-f", "ipod", "file:/s/out.m4a"]


VIDEO, SOUND, TEXT = (
    TrackSummary("vide", 250, 10_000),
    TrackSummary("soun", 470, 10_020),
    TrackSummary("sbtl", 3, 9_000),
)


def test_what_was_ordered_is_compared_with_what_came() -> None:
    assert faults(_order(), Mp4Summary(True, (VIDEO, SOUND, TEXT))) == []
    for made, says in (
        (Mp4Summary(False, (VIDEO, SOUND, TEXT)), "tables come last"),
        (Mp4Summary(True, (VIDEO, TEXT)), "0 tracks of 'soun'"),
        (Mp4Summary(True, (TrackSummary("vide", 249, 10_000), SOUND, TEXT)), "249 samples of 'vide' instead of 250"),
        (Mp4Summary(True, (TrackSummary("vide", 250, 6_000), SOUND, TEXT)), "lasts 6000 ms instead of 10000"),
        (Mp4Summary(True, (VIDEO, SOUND)), "0 tracks of text instead of 1"),
    ):
        assert [says in one for one in faults(_order(), made)] == [True], says
    shorter = Mp4Summary(True, (TrackSummary("vide", 200, 10_100), SOUND, TEXT))
    assert faults(_order(cut=True), shorter) == [], "of a cut some samples are left out"


def _mp4(*kinds: str) -> bytes:
    mvhd = full_box("mvhd", 0, 0, bytes(8) + (1000).to_bytes(4, "big") + bytes(84))
    mdhd = full_box("mdhd", 0, 0, bytes(8) + (90_000).to_bytes(4, "big") + (180_000).to_bytes(4, "big") + bytes(4))
    hdlr = full_box("hdlr", 0, 0, bytes(4) + b"vide" + bytes(13))
    stbl = box("stbl", full_box("stsz", 0, 0, bytes(4) + (50).to_bytes(4, "big")))
    edits = [(300, -1), (1500, 6000)]
    elst = full_box("elst", 0, 0, (2).to_bytes(4, "big"), *(
        length.to_bytes(4, "big") + time.to_bytes(4, "big", signed=True) + bytes(4) for length, time in edits
    ))  # fmt: skip
    trak = box("trak", box("edts", elst), box("mdia", mdhd, hdlr, box("minf", stbl)))
    parts = {"ftyp": box("ftyp", b"isom"), "moov": box("moov", mvhd, trak), "mdat": box("mdat", bytes(64))}
    return b"".join(parts[kind] for kind in kinds)


def test_the_tables_of_a_finished_file_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(_mp4("ftyp", "moov", "mdat"))
    assert read_summary(path) == Mp4Summary(True, (TrackSummary("vide", 50, 1500),)), "an empty edit shows nothing"
    path.write_bytes(_mp4("ftyp", "mdat", "moov"))
    assert not read_summary(path).progressive
    for broken in (_mp4("ftyp", "moov", "mdat")[:-3], _mp4("ftyp", "mdat"), b"", b"\0\0"):
        path.write_bytes(broken)
        with pytest.raises(BadBox):
            read_summary(path)


def test_tags_and_chapters_are_read_back_as_they_were() -> None:
    chapters = [Chapter(0, "a=b; #c\\"), Chapter(4000, "d")]
    text = write_tags({"title": "x=1;\n[CHAPTER]", "artist": ""}, write_ffmetadata(chapters, 9000))
    assert text.splitlines()[:2] == [";FFMETADATA1", "title=x\\=1\\; [CHAPTER]"] and "artist" not in text
    assert read_ffmetadata(text) == chapters


def test_languages_of_tracks_have_three_letters() -> None:
    wanted = {"fi": "fin", "sv-FI": "swe", "EN_us": "eng", "smn": "smn", "": "und", "x": "und", "qq": "und"}
    assert {tag: long_code(tag) for tag in wanted} == wanted
