"""The traffic light: which signs make which colour, and that every sentence says what to do."""

from dataclasses import fields
from typing import Any

import pytest

from server.live.health import Signs, judge
from server.media.passthrough import B_FRAMES

GOOD: dict[str, Any] = {
    "encoder": "main",
    "width": 1920,
    "height": 1080,
    "frame_rate": 30.0,
    "bitrate_kbps": 4500.0,
    "gap_s": 0.1,
    "keyframe_s": 2.0,
    "speed": 1.0,
}


def test_a_good_stream_is_green_and_says_nothing() -> None:
    assert judge(Signs(**GOOD)) == {"light": "green", "notes": []}


@pytest.mark.parametrize(
    ("signs", "light", "code", "says"),
    [
        ({"encoder": "away", "away_s": 75}, "red", "encoder_away", "for a minute"),
        ({"encoder": "away", "away_s": 8, "is_connected": True}, "red", "nothing_to_show", "video source"),
        ({"encoder": "backup", "main_is_away": True}, "yellow", "backup_on", "backup encoder is on air"),
        ({"speed": 0.9}, "yellow", "transcode_slow", "SEMMA_LIVE_LADDER"),
        ({"speed": 0.5}, "red", "transcode_slow", "at 0.5 of"),
        ({"dropped_frames": 30}, "yellow", "frames_dropped", "30 pictures"),
        ({"silence_s": 25}, "yellow", "silence", "for 20 seconds"),
        ({"has_audio": False}, "red", "no_audio", "audio source"),
        ({"black_s": 12}, "yellow", "black", "lens cap"),
        ({"frozen_s": 200}, "green", "still", "for 3 minutes"),
        ({"bitrate_kbps": 300}, "yellow", "bitrate_low", "300 kbit/s"),
        ({"bitrate_kbps": 25_000}, "yellow", "bitrate_high", "25 Mbit/s"),
        ({"gap_s": 0.9}, "yellow", "line_unsteady", "0.9 s"),
        ({"keyframe_s": 10}, "yellow", "keyframes_far", "Settings → Output → Streaming"),
        ({"changed": "1280x720 at 30 instead of 1920x1080 at 25"}, "yellow", "input_changed", "1280x720"),
        ({"has_video": False}, "yellow", "no_video", "video source"),
        ({"unarchived_s": 180}, "yellow", "archive_late", "3 minutes"),
        ({"passes": True}, "green", "passed_through", "just as the encoder sends it"),
        ({"why_encoded": B_FRAMES}, "green", "encoded_here", "set them to 0 in OBS"),
    ],
)
def test_each_sign_has_its_colour_and_sentence(signs: dict[str, Any], light: str, code: str, says: str) -> None:
    found = judge(Signs(**(GOOD | signs)))
    assert found["light"] == light
    assert [note["code"] for note in found["notes"]] == [code]
    assert says in found["notes"][0]["detail"]


@pytest.mark.parametrize(
    "signs", [{"speed": 0.95}, {"dropped_frames": 15}, {"silence_s": 9.9}, {"keyframe_s": 4.0}, {"frozen_s": 29}]
)
def test_the_thresholds_themselves_are_fine(signs: dict[str, Any]) -> None:
    assert judge(Signs(**(GOOD | signs)))["notes"] == []


def test_the_gravest_note_stands_first_and_gives_the_colour() -> None:
    found = judge(Signs(**(GOOD | {"keyframe_s": 10, "frozen_s": 99, "has_audio": False})))
    assert [note["code"] for note in found["notes"]] == ["no_audio", "keyframes_far", "still"]
    assert found["light"] == "red"


def test_an_encoder_that_is_away_is_not_blamed_for_its_measures() -> None:
    bad = {"speed": 0.1, "silence_s": 99, "keyframe_s": 20, "has_audio": False}
    found = judge(Signs(**(bad | {"encoder": "away"})))
    assert [note["code"] for note in found["notes"]] == ["encoder_away"]


def test_every_sign_is_looked_at() -> None:
    """A new measure without a sentence would be a measure nobody sees."""
    asked: set[str] = set()

    class Watched(Signs):
        def __getattribute__(self, name: str) -> Any:
            asked.add(name)
            return super().__getattribute__(name)

    judge(Watched(**GOOD))
    judge(Watched(**(GOOD | {"encoder": "away"})))
    assert {item.name for item in fields(Signs)} - asked == set()
