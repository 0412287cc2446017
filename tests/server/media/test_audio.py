"""Sound: loud enough, in time to the sample, in honest segments, and never mistaken for whole when it is not."""

import array
import subprocess
import wave
from pathlib import Path

import pytest

from server.media.audio import (
    FRAME_SAMPLES,
    TARGET_LUFS,
    AudioResult,
    AudioSegment,
    Loudness,
    decide_gain,
    encode_audio,
    measure_loudness,
)
from server.media.ffmpeg import Ffmpeg, look_at
from server.media.probe import probe
from server.media.refusals import SourceCutShort
from server.media.source_info import SourceInfo
from tests.clips import clip, ffmpeg_exe, run_ffmpeg
from tests.server.media.encoding import any_ffmpeg, programs, sample
from tests.server.media.serve import ObjectServer

pytestmark = pytest.mark.ffmpeg
NEWEST = look_at(programs()[-1])
RATE = 48_000


def wav(path: Path, seconds: float, clicks_s: tuple[float, ...], rate: int = RATE, channels: int = 1) -> Path:
    """Faint noise with a click of one sample at each of the times, in the first channel only."""
    samples = array.array(
        "h", [(n * 7919 % 61) - 30 if n % channels == 0 else 0 for n in range(int(rate * seconds) * channels)]
    )
    for at in clicks_s:
        samples[round(at * rate) * channels] = 20_000
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return path


async def encode(
    source: Path | str, workdir: Path, program: Ffmpeg = NEWEST, loudness: Loudness | None = None
) -> tuple[SourceInfo, Loudness, AudioResult, Path]:
    """Measure and encode; the last part is one playable file."""
    info = await probe(str(source))
    loudness = loudness or await measure_loudness(str(source), info, program=program)
    result = await encode_audio(str(source), info, loudness, workdir, program=program)
    whole = workdir / "whole.mp4"
    whole.write_bytes(result.init + b"".join(Path(segment.path).read_bytes() for segment in result.segments))
    return info, loudness, result, whole


def heard(path: Path, channels: int = 1) -> "array.array[int]":
    """The decoded samples at 48 kHz."""
    options = ["-f", "s16le", "-ac", str(channels), "-ar", str(RATE), "-"]
    done = subprocess.run([ffmpeg_exe(), "-v", "error", "-i", path, *options], capture_output=True, check=True)
    samples = array.array("h")
    samples.frombytes(done.stdout)
    return samples


def loudest(samples: "array.array[int]", around_s: float) -> int:
    """Where, in samples from the expected place, the click is."""
    middle = round(around_s * RATE)
    window = range(max(0, middle - RATE // 5), min(len(samples), middle + RATE // 5))
    return max(window, key=lambda n: abs(samples[n])) - middle


@any_ffmpeg
async def test_clicks_stay_where_they_were(program: Ffmpeg, tmp_path: Path) -> None:
    times = (0.5, 3.999, 6.25)
    info, _, result, whole = await encode(wav(tmp_path / "in.wav", 8, times), tmp_path, program)
    assert [loudest(heard(whole), at) for at in times] == [0, 0, 0]
    assert result.duration_ticks == info.duration_ms * RATE // 1000
    assert result.codecs == "mp4a.40.2"


async def test_sound_that_starts_late_or_early_keeps_its_place(tmp_path: Path) -> None:
    click = wav(tmp_path / "in.wav", 4, (1.0,))
    bars = clip("bars", width=320, height=180, seconds=5)
    for name, offset, place in (("late", "0.75", 1.75), ("early", "-0.5", 1.0)):
        source, folder = tmp_path / f"{name}.mkv", tmp_path / name
        folder.mkdir()
        run_ffmpeg(
            "-i", f"file:{bars}", "-itsoffset", offset, "-i", f"file:{click}", "-map", "0:v", "-map", "1:a", "-c:v",
            "copy", "-c:a", "pcm_s16le", f"file:{source}",
        )  # fmt: skip
        _, _, _, whole = await encode(source, folder)
        # Matroska rounds to a millisecond.
        assert abs(loudest(heard(whole), place)) <= RATE // 1000, name


@any_ffmpeg
async def test_quiet_and_loud_become_minus_sixteen(program: Ffmpeg, tmp_path: Path) -> None:
    for name, volume in (("quiet", "-34dB"), ("loud", "-3dB")):
        source, folder = tmp_path / f"{name}.wav", tmp_path / name
        folder.mkdir()
        run_ffmpeg("-f", "lavfi", "-i", f"sine=f=400:d=6:r=44100,volume=17dB,volume={volume}", f"file:{source}")
        _, _, _, whole = await encode(source, folder, program)
        again = await measure_loudness(str(whole), await probe(str(whole)), program=program)
        assert again.integrated_lufs is not None
        assert abs(again.integrated_lufs - TARGET_LUFS) < 0.7, name


async def test_silence_stays_silent(tmp_path: Path) -> None:
    _, loudness, result, whole = await encode(clip("silence", width=320, height=180, seconds=5), tmp_path)
    assert (loudness.integrated_lufs, loudness.gain_db) == (None, 0.0)
    assert result.duration_ticks == 5 * RATE and max(map(abs, heard(whole))) <= 2


async def test_a_dead_ear_is_given_the_other_ones_sound(tmp_path: Path) -> None:
    source = tmp_path / "left.wav"
    run_ffmpeg("-f", "lavfi", "-i", "aevalsrc=0.1*sin(2*PI*440*t)|0:d=5:s=48000", f"file:{source}")
    _, loudness, _, whole = await encode(source, tmp_path)
    assert loudness.ear == "left"
    samples = heard(whole, channels=2)
    left, right = max(map(abs, samples[RATE::2])), max(map(abs, samples[RATE + 1 :: 2]))
    assert left > 3000 and abs(left - right) < left / 20


async def test_surround_and_low_rates_become_stereo(tmp_path: Path) -> None:
    _, _, result, whole = await encode(clip("surround", width=320, height=180, seconds=5), tmp_path)
    out = (await probe(str(whole))).audio[0]
    assert (out.channels, out.sample_rate) == (2, RATE) and result.duration_ticks == 5 * RATE


async def test_segments_are_whole_frames_near_the_grid(tmp_path: Path) -> None:
    _, _, result, _ = await encode(wav(tmp_path / "in.wav", 13.3, (1.0,), 8_000), tmp_path)
    assert [segment.number for segment in result.segments] == [0, 1, 2, 3]
    start = 0
    for segment in result.segments:
        assert segment.start_ticks == start and abs(start - segment.number * 4 * RATE) <= FRAME_SAMPLES // 2
        assert Path(segment.path).stat().st_size == segment.size_bytes
        start += segment.duration_ticks
    assert all(segment.duration_ticks % FRAME_SAMPLES == 0 for segment in result.segments[:-1])
    assert start == result.duration_ticks == round(13.3 * RATE)


async def test_sound_shorter_than_the_picture_goes_on_silent(tmp_path: Path) -> None:
    source = tmp_path / "short.mkv"
    bars = f"file:{clip('bars', width=320, height=180, seconds=9)}"
    run_ffmpeg("-i", bars, "-t", "3", "-i", bars, "-map", "0:v", "-map", "1:a", "-c", "copy", f"file:{source}")
    info, _, result, _ = await encode(source, tmp_path)
    assert result.duration_ticks == info.duration_ms * RATE // 1000


async def test_segments_come_one_by_one_after_the_init(tmp_path: Path) -> None:
    source = str(wav(tmp_path / "in.wav", 13, (1.0,)))
    seen: list[object] = []

    async def on_init(init: bytes, codecs: str) -> None:
        seen.append(codecs)

    async def on_segment(segment: AudioSegment) -> None:
        assert Path(segment.path).exists()
        seen.append(segment.number)

    info = await probe(source)
    result = await encode_audio(
        source, info, Loudness(None, 0.0), tmp_path, program=NEWEST, on_init=on_init, on_segment=on_segment
    )
    assert seen == ["mp4a.40.2", 0, 1, 2, 3]
    assert not (tmp_path / "audio-packets.txt").exists() and len(result.segments) == 4


async def test_what_the_caller_raises_stops_the_encoder(tmp_path: Path) -> None:
    source = str(wav(tmp_path / "in.wav", 9, (1.0,)))

    async def refuse(segment: AudioSegment) -> None:
        raise OSError("the storage is full")

    with pytest.raises(OSError, match="storage is full"):
        await encode_audio(source, await probe(source), Loudness(None, 0.0), tmp_path, on_segment=refuse)


async def test_a_read_that_stops_is_not_taken_for_the_end(tmp_path: Path) -> None:
    with ObjectServer(wav(tmp_path / "in.wav", 9, (1.0,))).running() as server:
        info = await probe(server.object_url)
        server.sent, server.stop_after = 0, len(server.data) // 2
        with pytest.raises(SourceCutShort):
            await encode_audio(server.object_url, info, Loudness(None, 0.0), tmp_path, program=NEWEST)


@pytest.mark.parametrize(
    ("report", "decided"),
    [
        ("I: -23.0 LUFS", Loudness(-23.0, 7.0)),
        ("I: -70.0 LUFS", Loudness(None, 0.0)),
        ("I: -inf LUFS", Loudness(None, 0.0)),
        ("nothing at all", Loudness(None, 0.0)),
        ("I: -55.0 LUFS", Loudness(-55.0, 24.0)),
        ("RMS level dB: -20.0\nRMS level dB: -inf\n I: -23.0 LUFS", Loudness(-19.99, 3.99, "left")),
        ("RMS level dB: -90.0\nRMS level dB: -20\n I: -23.0 LUFS", Loudness(-19.99, 3.99, "right")),
        ("RMS level dB: -20.0\nRMS level dB: -26.0\n I: -23.0 LUFS", Loudness(-23.0, 7.0)),
    ],
)
def test_deciding_the_gain(report: str, decided: Loudness) -> None:
    assert decide_gain(report) == decided


async def test_real_speech_is_brought_to_the_target(tmp_path: Path) -> None:
    for name in ("docling-sample_10s.mp4", "esuppod-video_test_encodage_transcription.webm", "opencast-aonly.mov"):
        folder = tmp_path / name
        folder.mkdir()
        _, _, _, whole = await encode(sample(name), folder)
        again = await measure_loudness(str(whole), await probe(str(whole)), program=NEWEST)
        assert again.integrated_lufs is not None and abs(again.integrated_lufs - TARGET_LUFS) < 1.0, name
