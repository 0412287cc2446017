"""The sound of a recording: measured, brought to −16 LUFS with one gain and a limiter, encoded once and whole.

    loudness = await measure_loudness(source, info, workdir)
    sound = await encode_audio(source, info, loudness, workdir, on_segment=put)

Encoding in pieces would add the encoder's priming at every join (some 65 ms each in other systems), so audio is one
stream of AAC-LC, 48 kHz, stereo. Its segments follow the video's 4 s grid at the nearest frame of 1,024 samples, and
are handed out while encoding goes on.

**Sync.** ffmpeg's AAC encoder puts 1,024 samples of priming (one frame) before the sound. That frame is left out and
the next one has tfdt 0: what a decoder makes of frame n + 1 is input samples n × 1,024 and up, so sound and picture
agree to the sample in every player, also in those that ignore edit lists (hls.js over MSE). The price is that the
first 21 ms fade in.

**Time.** Sound that starts late is preceded by silence, sound that starts early is cut, gaps of more than 0.1 s are
filled, and silence goes on to the end of the recording.
"""

import math
import re
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any

import ffmpeg
import msgspec

from server.media.chunks import SEGMENT_MS
from server.media.ffmpeg import Ffmpeg, find_ffmpeg, safe_input_options, source_name
from server.media.fmp4 import AUDIO_TIMESCALE, BadBox, BadChunk, FragmentReader, Segment, SegmentCutter, write_init_for
from server.media.process import Limits, run
from server.media.refusals import BadOutput, ProcessFailed, SourceCutShort
from server.media.source_info import AudioStream, SourceInfo
from server.media.verify import read_times_us

TARGET_LUFS = -16.0
# Below this there is nothing but noise to raise.
SILENT_LUFS = -60.0
MAX_GAIN_DB = 24.0
# Inter-sample peaks and the codec add up to a decibel and a half.
PEAK_DBFS = -1.5
BITRATE = "128k"
FRAME_SAMPLES = 1_024
PRIMING_SAMPLES = 1_024
# One ear is dead when it is this much quieter than the other.
DEAD_EAR_DB = 40.0
AUDIO_LIMITS = Limits(memory_bytes=4 << 30, cpu_s=2 * 3600, wall_s=3 * 3600)
PACKETS_NAME = "audio-packets.txt"


class Loudness(msgspec.Struct, frozen=True):
    """What was measured, and what will be done: `gain_db` is applied, `ear` ("left", "right" or "") feeds both."""

    integrated_lufs: float | None
    gain_db: float
    ear: str = ""


class AudioSegment(msgspec.Struct, frozen=True):
    """One CMAF segment of sound: number from 0, start and duration in samples at 48 kHz."""

    number: int
    path: str
    start_ticks: int
    duration_ticks: int
    size_bytes: int


class AudioResult(msgspec.Struct, frozen=True, kw_only=True):
    """The finished rendition. `init` is known from the first segment on (see encode_audio)."""

    init: bytes
    codecs: str
    segments: tuple[AudioSegment, ...]
    duration_ticks: int


async def measure_loudness(
    source: str,
    info: SourceInfo,
    *,
    stream: AudioStream | None = None,
    program: Ffmpeg | None = None,
    limits: Limits = AUDIO_LIMITS,
) -> Loudness:
    """Integrated loudness (EBU R 128) of the whole stream, some 400 times faster than it plays."""
    stream = stream or _main(info)
    finished = await run(_measure_command(source, stream, program or find_ffmpeg()), limits=limits)
    return decide_gain("\n".join(finished.last_lines))


def decide_gain(report: str) -> Loudness:
    """From what ebur128 and astats said to a gain. Silence, and what cannot be measured, is left as it is."""
    found = re.findall(r"\bI:\s+(-?[\d.]+|-?inf|nan) LUFS", report)
    measured = float(found[-1]) if found else -math.inf
    if not math.isfinite(measured) or measured <= SILENT_LUFS:
        return Loudness(None, 0.0)
    levels = [float(level) for level in re.findall(r"RMS level dB: (-?[\d.]+|-?inf)", report)]
    ear = ""
    if len(levels) == 2 and abs(levels[0] - levels[1]) > DEAD_EAR_DB:
        ear = "left" if levels[0] > levels[1] else "right"
        # The same sound from both sides is twice the power.
        measured += 10 * math.log10(2)
    gain = max(-MAX_GAIN_DB, min(MAX_GAIN_DB, TARGET_LUFS - measured))
    return Loudness(round(measured, 2), round(gain, 2), ear)


def _main(info: SourceInfo) -> AudioStream:
    if info.main_audio is None:
        raise ValueError("a source without sound has none to encode")
    return info.main_audio


def _input(source: str, stream: AudioStream) -> Any:
    # Pictures are read over, not skipped: over http a skip is a new request, and dearer.
    return ffmpeg.input(source_name(source), **safe_input_options(source), vn=None)[str(stream.index)]


def _measure_command(source: str, stream: AudioStream, program: Ffmpeg) -> list[str]:
    sound = _input(source, stream)
    if stream.channels == 2:
        both = sound.filter_multi_output("asplit", 2)
        # Level of each ear at a tenth of the rate: this is about a dead channel, not about sound.
        ears = both.stream(1).filter("aresample", 8000).filter(
            "astats", measure_overall="none", measure_perchannel="RMS_level"
        )  # fmt: skip
        outputs = [_loudness(both.stream(0)).output("-", f="null"), ears.output("-", f="null")]
    else:
        outputs = [_loudness(sound).output("-", f="null")]
    merged = ffmpeg.merge_outputs(*outputs).global_args("-hide_banner", "-nostdin", "-nostats", "-loglevel", "info")
    return [str(word) for word in ffmpeg.compile(merged, cmd=program.path)]


def _loudness(sound: Any) -> Any:
    return sound.filter("aformat", sample_rates=AUDIO_TIMESCALE, channel_layouts="stereo").filter(
        "ebur128", framelog="verbose"
    )


async def encode_audio(
    source: str,
    info: SourceInfo,
    loudness: Loudness,
    workdir: Path,
    *,
    stream: AudioStream | None = None,
    program: Ffmpeg | None = None,
    limits: Limits = AUDIO_LIMITS,
    on_init: Callable[[bytes, str], Awaitable[None]] | None = None,
    on_segment: Callable[[AudioSegment], Awaitable[None]] | None = None,
) -> AudioResult:
    """Encode one audio stream into `workdir`/audio.

    `on_init` is awaited with the init and the CODECS name before the first segment, `on_segment` with each segment as
    soon as its file is there; what they raise stops the encoder. Raises SourceCutShort when the source could not be
    read to its end, ProcessFailed, BadOutput.
    """
    stream = stream or _main(info)
    writer = _SegmentWriter(workdir / "audio", on_init, on_segment)
    command = _encode_command(source, info, stream, loudness, program or find_ffmpeg())
    try:
        await run(command, limits=limits, cwd=workdir, on_bytes=writer.take)
        result = await writer.finish()
    except (BadBox, BadChunk) as error:
        raise BadOutput(f"the encoded sound is unusable: {error}") from error
    _require_whole(workdir / PACKETS_NAME, stream)
    return result


def _encode_command(
    source: str, info: SourceInfo, stream: AudioStream, loudness: Loudness, program: Ffmpeg
) -> list[str]:
    sound = _input(source, stream)
    packets = sound.output(PACKETS_NAME, f="framecrc", c="copy")
    encoded = _processed(sound, info, loudness).output(
        "pipe:1",
        **{
            "c:a": "aac",
            "profile:a": "aac_low",
            "b:a": BITRATE,
            "ar": AUDIO_TIMESCALE,
            "ac": 2,
            "f": "mp4",
            "movflags": "+empty_moov+default_base_moof+delay_moov",
            # A fragment a second, so that segments come out early and memory stays small.
            "frag_duration": 1_000_000,
            "flush_packets": 1,
            "map_metadata": -1,
            "map_chapters": -1,
            "fflags": "+bitexact",
            "flags:a": "+bitexact",
        },
    )
    merged = ffmpeg.merge_outputs(packets, encoded).global_args(
        "-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+warning", "-copyts"
    )
    return [str(word) for word in ffmpeg.compile(merged, cmd=program.path, overwrite_output=True)]


def _processed(sound: Any, info: SourceInfo, loudness: Loudness) -> Any:
    length = info.duration_ms / 1000
    sound = (
        sound.filter("asetpts", expr=f"PTS-({info.origin_us}/1000000)/TB")
        # Starts at 0 exactly; gaps and overlaps of more than 0.1 s are filled and cut, smaller ones are rounding.
        .filter("aresample", AUDIO_TIMESCALE, **{"async": 1, "first_pts": 0, "min_hard_comp": 0.1})
        .filter("aformat", sample_fmts="fltp", sample_rates=AUDIO_TIMESCALE, channel_layouts="stereo")
    )
    if loudness.ear:
        channel = "c0" if loudness.ear == "left" else "c1"
        sound = sound.filter("pan", args=f"stereo|c0={channel}|c1={channel}")
    if loudness.gain_db:
        sound = sound.filter("volume", volume=f"{loudness.gain_db}dB")
    return (
        # `latency` gives the sound back the 5 ms that looking ahead takes.
        sound.filter("alimiter", limit=round(10 ** (PEAK_DBFS / 20), 4), attack=5, release=50, level=0, latency=1)
        .filter("apad", whole_dur=length)
        .filter("atrim", end=length)
    )


def _require_whole(packets: Path, stream: AudioStream) -> None:
    """Raise SourceCutShort when the last packet read is not near the end that probing found."""
    with packets.open("rb") as file:
        head = file.read(400).decode(errors="replace")
        file.seek(max(0, packets.stat().st_size - 4_000))
        tail = file.read().decode(errors="replace")
    # The time base stands in the head; the first line of the tail may be half a line.
    base = next((line for line in head.splitlines() if line.startswith("#tb 0:")), "")
    times = read_times_us(base + "\n" + tail.partition("\n")[2] if len(tail) >= 4_000 else head + tail)
    packets.unlink()
    if not times or times[-1] < stream.end_us - 2_000_000:
        raise SourceCutShort("Reading the source stopped before the end of its sound.")


class _SegmentWriter:
    """Takes the encoder's bytes as they come and leaves segment files."""

    def __init__(
        self,
        folder: Path,
        on_init: Callable[[bytes, str], Awaitable[None]] | None,
        on_segment: Callable[[AudioSegment], Awaitable[None]] | None,
    ) -> None:
        self._folder = folder
        self._on_init = on_init
        self._on_segment = on_segment
        self._reader = FragmentReader()
        self._cutter: SegmentCutter | None = None
        self._segments: list[AudioSegment] = []
        folder.mkdir(exist_ok=True)

    async def take(self, data: bytes) -> None:
        """The next bytes."""
        for fragment in self._reader.feed(data):
            if self._cutter is None:
                self._cutter = await self._begin()
            for segment in self._cutter.push(fragment.samples):
                await self._write(segment)

    async def _begin(self) -> SegmentCutter:
        init = self._reader.init
        assert init is not None
        if self._on_init is not None:
            await self._on_init(write_init_for(init), init.codec.name)
        borders = (number * SEGMENT_MS * AUDIO_TIMESCALE // 1000 for number in count())
        return SegmentCutter(init, borders, first_sequence=1)

    async def _write(self, segment: Segment) -> None:
        number = len(self._segments)
        path = self._folder / f"{number:06d}.m4s"
        path.write_bytes(segment.data)
        done = AudioSegment(number, str(path), segment.start, segment.end - segment.start, len(segment.data))
        self._segments.append(done)
        if self._on_segment is not None:
            await self._on_segment(done)

    async def finish(self) -> AudioResult:
        """The last segment, and the whole."""
        self._reader.close()
        init = self._reader.init
        if self._cutter is None or init is None:
            raise BadOutput("the encoder gave no sound")
        for segment in self._cutter.finish():
            await self._write(segment)
        last = self._segments[-1]
        return AudioResult(
            init=write_init_for(init),
            codecs=init.codec.name,
            segments=tuple(self._segments),
            duration_ticks=last.start_ticks + last.duration_ticks,
        )


__all__ = [
    "AudioResult",
    "AudioSegment",
    "Loudness",
    "ProcessFailed",
    "SourceCutShort",
    "decide_gain",
    "encode_audio",
    "measure_loudness",
]
