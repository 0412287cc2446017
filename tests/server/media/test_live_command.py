"""What a run's ffmpeg is told, its rungs, and what is read out of its messages."""

from fractions import Fraction

import pytest

from server.media.ffmpeg import Ffmpeg
from server.media.live import grid_of
from server.media.live_command import RunOrder, run_argv
from server.media.live_ladder import grid_rate, layout_of, rungs_of
from server.media.live_notes import Notes

ANY = Ffmpeg("/usr/bin/ffmpeg", (9, 0), "9.0", frozenset(), frozenset(), frozenset())


def argv(container: str = "flv", *, video: bool = True, audio: bool = True, sides: tuple[int, ...] = ()) -> list[str]:
    layout = layout_of(1920, 1080, "25/1", short_sides=sides or (1080, 720, 360))
    outputs = {track.name: 10 + place for place, track in enumerate(layout.tracks)}
    order = RunOrder(
        container=container, layout=layout, has_video=video, has_audio=audio, outputs=outputs, program=ANY, threads=2
    )
    return run_argv(order)


def after(words: list[str], option: str) -> list[str]:
    return [words[place + 1] for place, word in enumerate(words) if word == option]


def test_the_input_can_open_nothing_else() -> None:
    words = argv("mpegts")
    first = words[: words.index("-i")]
    assert after(first, "-protocol_whitelist") == ["pipe"]
    assert after(first, "-format_whitelist") == after(first, "-f") == ["mpegts"]
    assert words[words.index("-i") + 1] == "pipe:0"


def test_every_track_has_its_pipe_and_threads_are_bounded() -> None:
    words = argv()
    assert [word for word in words if word.startswith("pipe:1") and word != "pipe:1"] == [
        "pipe:10",
        "pipe:11",
        "pipe:12",
        "pipe:13",
    ]
    assert after(words, "-threads") == ["1", "2", "2", "2"]
    assert after(words, "-g") == after(words, "-keyint_min") == ["50"] * 3
    assert after(words, "-level:v") == ["4.0", "3.1", "3.0"]


def test_only_transport_streams_are_deinterlaced() -> None:
    assert "bwdif" in after(argv("mpegts"), "-filter_complex")[0]
    assert "bwdif" not in after(argv(), "-filter_complex")[0]


def test_what_does_not_come_in_is_not_asked_for() -> None:
    assert "0:a" not in after(argv(audio=False), "-filter_complex")[0]
    assert "pipe:13" not in argv(audio=False)
    drawn = after(argv(video=False), "-filter_complex")[0]
    assert "0:v" not in drawn and "showwaves" in drawn


@pytest.mark.parametrize(
    ("said", "rate"),
    [
        ("25/1", "25"),
        ("50/1", "25"),
        ("60/1", "30"),
        ("60000/1001", "30000/1001"),
        ("30000/1001", "30000/1001"),
        ("24000/1001", "24000/1001"),
        ("2997/100", "30000/1001"),
        ("15/1", "30"),
        ("10/1", "20"),
        ("90000/1", "30"),
        ("", "30"),
        ("0/0", "30"),
        ("27/1", "27"),
    ],
)
def test_the_grid_has_a_rate_that_parts_can_be_made_of(said: str, rate: str) -> None:
    found = grid_rate(said)
    assert found == Fraction(rate)
    assert len(grid_of(found)) == 8
    assert Fraction(39, 10) <= sum(grid_of(found)) / found <= Fraction(41, 10)


@pytest.mark.parametrize(
    ("size", "names"),
    [
        ((1920, 1080), ["1080p", "720p", "360p", "audio"]),
        ((1280, 720), ["720p", "360p", "audio"]),
        ((854, 480), ["480p", "360p", "audio"]),
        ((320, 180), ["180p", "audio"]),
        ((720, 1280), ["720p", "360p", "audio"]),
        ((0, 0), ["720p", "360p", "audio"]),
    ],
)
def test_rungs_never_enlarge(size: tuple[int, int], names: list[str]) -> None:
    layout = layout_of(*size, "30/1")
    assert [track.name for track in layout.tracks] == names
    for rung in rungs_of(layout):
        assert rung.track.codecs == f"avc1.6400{round(Fraction(rung.level) * 10):02X}"
        assert not size[0] or (rung.track.width <= size[0] and rung.track.height <= size[1])


def block(notes: Notes, at_s: float, *, media_s: float | None, frame: int) -> None:
    time = "N/A" if media_s is None else str(round(media_s * 1_000_000))
    for line in (f"frame={frame}", "fps=25.0", f"out_time_us={time}", "speed=1x", "progress=continue"):
        notes.feed_progress(line, at_s)


def test_speed_and_lost_pictures_are_those_of_the_last_seconds() -> None:
    notes = Notes(expected_fps=25)
    block(notes, 100, media_s=None, frame=0)
    assert notes.observed().speed is None
    for second in range(30):
        block(notes, 100 + second, media_s=second, frame=25 * second)
    assert notes.observed().speed == 1
    assert notes.observed().decoded_fps == 25
    assert notes.observed().dropped_frames == 0
    for second in range(30, 42):
        block(notes, 100 + second, media_s=30 + (second - 30) / 2, frame=750 + 10 * (second - 30))
    seen = notes.observed()
    assert seen.speed is not None and abs(seen.speed - 0.5) < 0.06
    assert seen.decoded_fps == 20
    assert 20 <= seen.dropped_frames <= 30
    assert seen.media_s == 35.5


def test_what_the_detectors_say() -> None:
    notes = Notes()
    block(notes, 0, media_s=12, frame=300)
    notes.feed_message("[silencedetect @ 0x55] [info] silence_start: -0.0213")
    notes.feed_message("[Parsed_metadata_11 @ 0x55] [info] lavfi.black_start=2.5")
    notes.feed_message("[Parsed_freezedetect_13 @ 0x55] [info] lavfi.freezedetect.freeze_start: 4")
    notes.feed_message("[h264 @ 0x55] [error] mmco: unref short failure")
    seen = notes.observed()
    assert (seen.silence_s, seen.black_s, seen.frozen_s, seen.errors) == (12, 9.5, 8, 1)
    notes.feed_message("[silencedetect @ 0x55] [info] silence_end: 12 | silence_duration: 12.0213")
    notes.feed_message("[Parsed_metadata_12 @ 0x55] [info] lavfi.black_end=12")
    notes.feed_message("[Parsed_freezedetect_13 @ 0x55] [info] lavfi.freezedetect.freeze_duration: 8")
    notes.feed_message("[Parsed_freezedetect_13 @ 0x55] [info] lavfi.freezedetect.freeze_end: 12")
    seen = notes.observed()
    assert (seen.silence_s, seen.black_s, seen.frozen_s) == (0, 0, 0)
