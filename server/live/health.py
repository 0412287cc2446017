"""The organiser's traffic light: what is seen of an encoder and its room, as a colour and sentences saying what to do.

Pure. Red: viewers see that something is wrong. Yellow: they soon may. A note can also be plain information (a slide
that does not move is no fault).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

GREEN, YELLOW, RED = "green", "yellow", "red"

SLOW_SPEED = 0.95
SILENCE_S = 10.0
BLACK_S = 5.0
FROZEN_S = 30.0
KEYFRAME_S = 4.0
GAP_S = 0.7
NO_PICTURE_S = 6.0  # an encoder that has just come may wait so long for its next keyframe
MOST_DROPPED = 0.05  # of the pictures; fewer are also counted when they only came a little late
MOST_KBPS = 20_000
# A picture of talk and slides below so many bits a pixel is visibly poor: 1080p at 30 frames below 500 kbit/s.
LEAST_BITS_A_PIXEL = 0.008
LATE_ARCHIVE_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Signs:
    """What is seen of a room at a moment. Measures are of the last ten seconds; zero or "" where nothing is known."""

    encoder: str = "away"  # away | main | backup
    away_s: float = 0.0
    starting: bool = False
    has_video: bool = True
    has_audio: bool = True
    width: int = 0
    height: int = 0
    frame_rate: float = 0.0
    bitrate_kbps: float = 0.0
    gap_s: float = 0.0  # the longest time in which nothing came
    keyframe_s: float = 0.0  # the longest distance of keyframes
    speed: float = 1.0  # of the transcoding; below 1 it falls behind
    dropped_frames: int = 0
    silence_s: float = 0.0
    black_s: float = 0.0
    frozen_s: float = 0.0
    changed: str = ""  # "1280x720 at 30 instead of 1920x1080 at 25"
    is_connected: bool = False  # an encoder sends, though nothing of it can be shown
    main_is_away: bool = False  # the backup is on because the main encoder is not there
    unarchived_s: float = 0.0  # media that waits for the storage
    passes: bool = False  # the best quality is what the encoder sends
    why_encoded: str = ""  # why it is not, though it might be


@dataclass(frozen=True)
class Note:
    """One thing to say: its weight, a stable code, and a sentence that says what to do."""

    light: str
    code: str
    detail: str


def judge(signs: Signs) -> dict[str, Any]:
    """The traffic light: {"light", "notes": [{code, detail, light}]}, the gravest notes first."""
    notes = [*_presence(signs), *_storage(signs)]
    if signs.encoder != "away":
        notes += [*_line(signs), *_machine(signs), *_content(signs)]
    weight = {RED: 0, YELLOW: 1, GREEN: 2}
    notes.sort(key=lambda note: weight[note.light])
    light = notes[0].light if notes else GREEN
    return {
        "light": light,
        "notes": [{"code": note.code, "detail": note.detail, "light": note.light} for note in notes],
    }


def _presence(signs: Signs) -> Iterator[Note]:
    if signs.encoder == "away" and signs.is_connected and signs.away_s >= NO_PICTURE_S:
        yield Note(
            RED,
            "nothing_to_show",
            "An encoder is connected, but no picture comes of it; viewers see the slate. Check its video source, then "
            "stop streaming and start again.",
        )
    elif signs.encoder == "away" and not signs.starting:
        yield Note(
            RED,
            "encoder_away",
            f"No encoder is sending{_for(signs.away_s)}; viewers see the slate. Start streaming again, or end the "
            "broadcast.",
        )
    if signs.main_is_away:
        yield Note(
            YELLOW,
            "backup_on",
            "The backup encoder is on air because the main one stopped sending; check the main one and its network.",
        )
    if signs.changed:
        yield Note(
            YELLOW,
            "input_changed",
            f"The encoder now sends {signs.changed}; viewers keep the size they began with. Set the encoder back, or "
            "begin a new broadcast.",
        )


def _line(signs: Signs) -> Iterator[Note]:
    """The way from the encoder to here."""
    if signs.keyframe_s > KEYFRAME_S:
        yield Note(
            YELLOW,
            "keyframes_far",
            f"Keyframes are about {max(5, 5 * round(signs.keyframe_s / 5))} s apart, so a reconnect takes as long. Set "
            "the keyframe interval to 2 s in OBS: Settings → Output → Streaming.",
        )
    if signs.gap_s > GAP_S:
        yield Note(
            YELLOW,
            "line_unsteady",
            f"The stream stopped for {signs.gap_s:.1f} s within the last ten. Use a cable instead of Wi-Fi, or lower "
            "the bitrate.",
        )
    pixels = signs.width * signs.height * signs.frame_rate
    if signs.bitrate_kbps and signs.bitrate_kbps * 1000 < pixels * LEAST_BITS_A_PIXEL:
        yield Note(
            YELLOW,
            "bitrate_low",
            f"{50 * round(signs.bitrate_kbps / 50)} kbit/s is little for {signs.width}x{signs.height}. Raise the "
            "encoder's bitrate, or send a smaller picture.",
        )
    if signs.bitrate_kbps > MOST_KBPS:
        yield Note(
            YELLOW,
            "bitrate_high",
            f"{signs.bitrate_kbps / 1000:.0f} Mbit/s is more than a talk needs. 6 Mbit/s is enough for 1080p; lower "
            "the encoder's bitrate.",
        )


def _machine(signs: Signs) -> Iterator[Note]:
    """Our own work."""
    if signs.speed < SLOW_SPEED:
        yield Note(
            RED if signs.speed < 0.8 else YELLOW,
            "transcode_slow",
            f"The server transcodes at {signs.speed:.1f} of real time, so viewers will fall behind. Send a smaller "
            "picture (720p), or ask the operator for a shorter ladder (SEMMA_LIVE_LADDER) or a faster machine.",
        )
    if signs.dropped_frames > MOST_DROPPED * 10 * (signs.frame_rate or 25):
        yield Note(
            YELLOW,
            "frames_dropped",
            f"{signs.dropped_frames} pictures were lost in the last ten seconds. The encoder's machine is busy: close "
            "other programs, or choose a faster encoder preset.",
        )
    if signs.passes:
        yield Note(GREEN, "passed_through", "Viewers get the best quality just as the encoder sends it.")
    elif signs.why_encoded:
        yield Note(GREEN, "encoded_here", f"The best quality is encoded here, not passed through: {signs.why_encoded}")


def _content(signs: Signs) -> Iterator[Note]:
    if not signs.has_audio:
        yield Note(
            RED, "no_audio", "The encoder sends no sound. Add an audio source, and check that its track is enabled."
        )
    elif signs.silence_s >= SILENCE_S:
        yield Note(
            YELLOW,
            "silence",
            f"There has been no sound{_for(signs.silence_s)}. Check that the microphone is on and not muted.",
        )
    if not signs.has_video:
        yield Note(YELLOW, "no_video", "The encoder sends no picture. Add a video source, unless this is meant.")
    elif signs.black_s >= BLACK_S:
        yield Note(
            YELLOW,
            "black",
            f"The picture has been black{_for(signs.black_s)}. Check the scene, the camera's lens cap and "
            "the capture cable.",
        )
    elif signs.frozen_s >= FROZEN_S:
        yield Note(
            GREEN,
            "still",
            f"The picture has not moved{_for(signs.frozen_s)}. That is normal for a slide; otherwise check the camera.",
        )


def _storage(signs: Signs) -> Iterator[Note]:
    if signs.unarchived_s >= LATE_ARCHIVE_S:
        yield Note(
            YELLOW,
            "archive_late",
            f"{_span(signs.unarchived_s)} wait on disk for the object storage; viewers are not affected. Ask the "
            "operator to look at the storage.",
        )


def _for(seconds: float) -> str:
    return f" for {_span(seconds)}"


def _span(seconds: float) -> str:
    """A time in words, coarse, so that a sentence does not change every second."""
    if seconds < 60:
        return f"{max(10, int(seconds // 10) * 10)} seconds" if seconds >= 10 else "a few seconds"
    minutes = int(seconds // 60)
    return "a minute" if minutes == 1 else f"{minutes} minutes"
