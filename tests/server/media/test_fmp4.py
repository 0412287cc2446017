import hashlib
import itertools
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import pytest

from server.media import fmp4
from server.media.boxes import read_boxes
from server.media.fmp4_write import decode_times_for

FFMPEGS = [path for path in (shutil.which("ffmpeg"), imageio_ffmpeg.get_ffmpeg_exe()) if path]
pytestmark = pytest.mark.ffmpeg
KEPT = "eq(mod(n,100),0)+eq(mod(n,100),1)+between(mod(n,100),40,47)+eq(mod(n,100),99)"
# The same, and from 12 s to 16 s a single frame that lasts the whole segment.
SPARSE = f"if(between(n,301,399),0,{KEPT})"
ABSOLUTE = "+frag_keyframe+default_base_moof+empty_moov+delay_moov"


def run(ffmpeg: str, *arguments: str, stdin: bytes = b"") -> bytes:
    command = [ffmpeg, "-hide_banner", "-nostdin", "-loglevel", "error", "-y", *arguments]
    if stdin:
        command.remove("-nostdin")
    return subprocess.run(command, input=stdin or None, capture_output=True, check=True).stdout


def encode(ffmpeg: str, start: int, end: int, keep: str = "1", movflags: str = ABSOLUTE, more: tuple[str, ...] = ()):
    picture = (
        f"trim={start}:{end},select='{keep}'" if start == 0 and end == 0 else f"select='{keep}',trim={start}:{end}"
    )
    return run(
        ffmpeg, "-f", "lavfi", "-i", "testsrc2=s=96x54:r=25:d=24", "-copyts", "-vf", picture, "-fps_mode", "vfr",
        "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "fast", "-bf", "3", "-level", "3.1", "-threads", "1",
        "-force_key_frames", "expr:gte(t,n_forced*4)", "-video_track_timescale", "90000", "-movie_timescale", "90000",
        "-movflags", movflags, *more, "-f", "mp4", "pipe:1",
    )  # fmt: skip


def shown(ffmpeg: str, data: bytes) -> list[int]:
    """The presentation times of all decoded pictures, in 90 kHz ticks."""
    arguments = ("-i", "pipe:0", "-fps_mode", "passthrough", "-copyts", "-enc_time_base", "1:90000")
    text = run(ffmpeg, *arguments, "-f", "framemd5", "pipe:1", stdin=data).decode()
    return [int(line.split(",")[2]) for line in text.splitlines() if not line.startswith("#")]


def join(ffmpeg: str, keep: str, movflags: str = ABSOLUTE, shift_by_chunk: bool = False) -> tuple[bytes, list]:
    segments: list[fmp4.Segment] = []
    inits = set()
    for start in (0, 8, 16):
        init, fragments = fmp4.read_fragments(encode(ffmpeg, start, start + 8, keep, movflags))
        inits.add(fmp4.write_init_for(init))
        shift = 0
        if shift_by_chunk:
            shift = start * 90_000 - fmp4.first_presented(fragments)
        borders = [(start + step) * 90_000 for step in (0, 4, 8)]
        segments += fmp4.cut_chunk(init, fragments, borders, len(segments) + 1, shift)
    assert len(inits) == 1
    return b"".join([*inits, *(segment.data for segment in segments)]), segments


@pytest.mark.parametrize("reader", FFMPEGS)
@pytest.mark.parametrize("writer", FFMPEGS)
def test_chunks_join_with_every_picture_at_its_time(writer: str, reader: str) -> None:
    joined, segments = join(writer, "1")
    assert [(s.start, s.end, s.samples, s.sequence) for s in segments] == [
        (n * 360_000, (n + 1) * 360_000, 100, n + 1) for n in range(6)
    ]
    assert shown(reader, joined) == [n * 3600 for n in range(600)]


@pytest.mark.parametrize("ffmpeg", FFMPEGS)
def test_dropped_frames_keep_their_neighbours_in_place(ffmpeg: str) -> None:
    joined, segments = join(ffmpeg, SPARSE)
    kept = [n for n in range(600) if not 301 <= n <= 399 and (n % 100 in (0, 1, 99) or 40 <= n % 100 <= 47)]
    assert shown(ffmpeg, joined) == [n * 3600 for n in kept]
    assert segments[3].samples == 1
    assert [segment.duration for segment in segments] == [Fraction(4)] * 6


@pytest.mark.parametrize("movflags", [
    "+frag_keyframe+default_base_moof+empty_moov",
    "+frag_keyframe+default_base_moof+empty_moov+negative_cts_offsets",
    "+frag_every_frame+empty_moov+default_base_moof",
    "+frag_keyframe+empty_moov",
    "+cmaf+frag_keyframe",
    "+dash+frag_keyframe+global_sidx",
])  # fmt: skip
def test_chunks_whose_clock_was_lost_are_put_in_place_by_the_shift(movflags: str) -> None:
    joined, _segments = join(FFMPEGS[0], SPARSE, movflags, shift_by_chunk=True)
    assert shown(FFMPEGS[0], joined) == shown(FFMPEGS[0], join(FFMPEGS[0], SPARSE)[0])


def test_the_init_carries_no_edit_list_and_is_the_same_from_any_chunk() -> None:
    init, _ = fmp4.read_fragments(encode(FFMPEGS[0], 8, 12))
    assert init.edits
    again = next(box for box in read_boxes(fmp4.write_init_for(init)) if box.kind == "moov")
    assert again.find("trak", "edts") is None
    assert fmp4.codec_of(fmp4.write_init_for(init)) == init.codec
    assert init.codec.name == "avc1.64001F"
    assert (init.codec.width, init.codec.height, init.timescale) == (96, 54, 90_000)


def test_another_codec_is_refused_with_what_differs() -> None:
    first, _ = fmp4.read_fragments(encode(FFMPEGS[0], 0, 1))
    other, _ = fmp4.read_fragments(encode(FFMPEGS[0], 0, 1, more=("-level", "4.0")))
    fmp4.require_same_codec(first.codec, first.codec)
    with pytest.raises(fmp4.CodecChanged, match="decoder configuration of this chunk is 01640028"):
        fmp4.require_same_codec(first.codec, other.codec)


def test_a_chunk_without_keyframes_on_the_grid_is_refused() -> None:
    init, fragments = fmp4.read_fragments(encode(FFMPEGS[0], 0, 8))
    with pytest.raises(fmp4.BadChunk, match=r"the frame at 3\.000 s .* is no keyframe"):
        fmp4.cut_chunk(init, fragments, [0, 270_000, 720_000], 1)
    with pytest.raises(fmp4.BadChunk, match="lies at or after the end"):
        fmp4.cut_chunk(init, fragments, [0, 360_000, 700_000], 1)
    with pytest.raises(fmp4.BadChunk, match="is not where the chunk starts"):
        fmp4.cut_chunk(init, fragments, [90_000, 360_000, 720_000], 1)


def test_another_timescale_is_rescaled_without_adding_up() -> None:
    more = ("-video_track_timescale", "12800")
    init, fragments = fmp4.read_fragments(encode(FFMPEGS[0], 0, 8, more=more))
    assert init.timescale == 12_800
    segments = fmp4.cut_chunk(init, fragments, [0, 360_000, 720_000], 1)
    joined = fmp4.write_init_for(init) + b"".join(segment.data for segment in segments)
    assert shown(FFMPEGS[0], joined) == [n * 3600 for n in range(200)]


def test_a_frame_half_a_millisecond_early_belongs_to_its_border() -> None:
    init, fragments = fmp4.read_fragments(encode(FFMPEGS[0], 0, 8))
    segments = fmp4.cut_chunk(init, fragments, [0, 360_000, 720_000], 1, shift=-40)
    assert [(s.start, s.end) for s in segments] == [(0, 360_000), (360_000, 720_000)]
    with pytest.raises(fmp4.BadChunk):
        fmp4.cut_chunk(init, fragments, [0, 360_000, 720_000], 1, shift=-60)


def test_a_frame_after_the_border_starts_its_segment_late_and_the_one_before_lasts_until_then() -> None:
    init, fragments = fmp4.read_fragments(encode(FFMPEGS[0], 0, 8))
    segments = fmp4.cut_chunk(init, fragments, [0, 360_000, 723_000], 1, shift=3000)
    assert [(s.start, s.end) for s in segments] == [(3000, 363_000), (363_000, 723_000)]


@pytest.mark.parametrize("size", [1000, 7919, 1 << 20])
def test_reading_piece_by_piece_gives_the_same_fragments(size: int) -> None:
    data = encode(FFMPEGS[0], 0, 8)
    reader = fmp4.FragmentReader()
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    fragments = [fragment for piece in pieces for fragment in reader.feed(piece)]
    reader.close()
    assert (reader.init, fragments) == fmp4.read_fragments(data)


def encode_audio(ffmpeg: str, movflags: str = ABSOLUTE, rate: int = 48_000) -> bytes:
    return run(
        ffmpeg, "-f", "lavfi", "-i", f"aevalsrc=exprs=0.4*sin(2*PI*500*t)*lt(mod(t\\,1)\\,0.1):s={rate}:d=10",
        "-c:a", "aac", "-b:a", "96k", "-movflags", movflags, "-frag_duration", "1000000", "-f", "mp4", "pipe:1",
    )  # fmt: skip


@pytest.mark.parametrize("ffmpeg", FFMPEGS)
def test_audio_is_cut_at_the_nearest_frame_as_it_comes(ffmpeg: str) -> None:
    data = encode_audio(ffmpeg)
    reader = fmp4.FragmentReader()
    cutter = None
    segments: list[fmp4.Segment] = []
    for at in range(0, len(data), 4096):
        for fragment in reader.feed(data[at : at + 4096]):
            assert reader.init is not None
            cutter = cutter or fmp4.SegmentCutter(reader.init, itertools.count(0, 4 * 48_000), 1)
            segments += cutter.push(fragment.samples)
    assert cutter is not None and reader.init is not None
    assert len(segments) == 2, "what is complete is there before the end is"
    segments += cutter.finish()
    # 4 s lie in the middle of a frame of 1,024 samples: the earlier border is taken.
    borders = [0, 187 * 1024, 375 * 1024]
    assert [s.start for s in segments] == borders
    assert [s.end for s in segments[:-1]] == borders[1:]
    assert segments[-1].end - 480_000 in range(-1024, 1025)
    assert reader.init.codec.name == "mp4a.40.2"
    assert fmp4.codec_of(fmp4.write_init_for(reader.init)) == reader.init.codec


@pytest.mark.parametrize("reader", FFMPEGS)
@pytest.mark.parametrize("writer", FFMPEGS)
def test_beeps_stay_where_they_are_within_a_frame_of_the_codec(writer: str, reader: str) -> None:
    init, fragments = fmp4.read_fragments(encode_audio(writer))
    segments = fmp4.cut_chunk(init, fragments, [0, 192_000, 384_000, 481_280], 1)
    joined = fmp4.write_init_for(init) + b"".join(segment.data for segment in segments)
    sound = run(reader, "-i", "pipe:0", "-f", "s16le", "-ac", "1", "pipe:1", stdin=joined)
    levels = [abs(int.from_bytes(sound[at : at + 2], "little", signed=True)) for at in range(0, len(sound), 2)]
    for second in range(1, 10):
        around = levels[second * 48_000 - 4800 : second * 48_000 + 4800]
        start = next(index for index, level in enumerate(around) if level > 4000)
        assert abs(start - 4800) < 200, f"beep {second} moved by {start - 4800} samples"


def test_the_same_input_gives_the_same_bytes() -> None:
    data = encode(FFMPEGS[0], 0, 8)
    first, second = (fmp4.cut_chunk(*fmp4.read_fragments(data), [0, 360_000, 720_000], 1) for _ in range(2))
    assert [hashlib.sha256(s.data).digest() for s in first] == [hashlib.sha256(s.data).digest() for s in second]


def test_a_plain_mp4_is_refused_in_words(tmp_path: Path) -> None:
    run(FFMPEGS[0], "-f", "lavfi", "-i", "testsrc2=s=96x54:d=1", "-c:v", "libx264", str(tmp_path / "plain.mp4"))
    with pytest.raises(fmp4.BadBox, match="was not written as fragments"):
        fmp4.read_fragments((tmp_path / "plain.mp4").read_bytes())


def test_two_tracks_are_refused_in_words() -> None:
    data = run(
        FFMPEGS[0], "-f", "lavfi", "-i", "testsrc2=s=96x54:d=1", "-f", "lavfi", "-i", "sine=d=1", "-c:v", "libx264",
        "-c:a", "aac", "-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-f", "mp4", "pipe:1",
    )  # fmt: skip
    with pytest.raises(fmp4.BadBox, match="2 tracks where one is expected"):
        fmp4.read_fragments(data)


@pytest.mark.parametrize("count", range(1, 8))
def test_decode_times_rise_and_never_pass_their_picture(count: int) -> None:
    for order in itertools.permutations(range(1, count)):
        pts = [index * 100 for index in (0, *order)]
        times = decode_times_for(pts)
        assert times[0] == 0 and times[-1] == pts[-1] and len(times) == count
        assert all(dts <= shown for dts, shown in zip(times, pts, strict=True))
        assert all(one < two for one, two in itertools.pairwise(times))
