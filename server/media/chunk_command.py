"""The ffmpeg command that encodes one chunk: one decode feeds every rung and the storyboard. Arguments only.

    source ─ deinterlace ─ to recording time ─┬─ every picture's time (null encoder) → frames.txt
                                              └─ rate cap ─ scale to the top rung ─ drop repeats ─ grid ─ [a, b)
                                                    ─┬─ rung 1 → 1080p.mp4
                                                     ├─ scale ─ rung 2 → 720p.mp4 …
                                                     └─ one picture each N s → thumb-00001.jpg …
    the same packets, copied ────────────────────────── every packet's time → packets.txt

**Repeats.** mpdecimate drops a picture only when nothing changed anywhere: no 8×8 block by more than 4 levels a pixel
on average, and not 2 % of the blocks by more than 2. Pictures that were dropped are what was shown before, so dropping
comes first, and the pictures that must be there are put back after it.

**The grid.** Every 4 s of recording time needs a keyframe in every rung, but mpdecimate may have dropped the picture
there, and a source of 29.97 frames a second, or of one picture a minute, has none. streamselect gives out its first
input whenever *either* input has a new picture; the second is a clock that ticks on the grid. So the picture shown at
that moment appears at exactly that time: once when the source has one there too, repeated when it has not. tpad keeps
the last picture going where the source ends before the recording does.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from server.media.chunks import SEGMENT_MS, Chunk
from server.media.ffmpeg import Ffmpeg, safe_input_options, source_name
from server.media.ladder import Rung
from server.media.source_info import SourceInfo, VideoStream

TICKS = 90_000
SEGMENT_TICKS = SEGMENT_MS * TICKS // 1000
# Times within 2 ms of the grid are on it: containers round to milliseconds.
SNAP_TICKS = 2 * TICKS // 1000
HALF_MS = TICKS // 2000
# mpdecimate never looks at the first 8 columns of a plane. A text cursor at the left edge must not freeze, so the
# picture is moved right by 16 chroma columns while it is judged (32 keeps rows aligned for SIMD).
BLIND_COLUMNS = 32
# Pictures beyond the chunk's end that are still noted, as proof that reading went on to there.
BEYOND_TICKS = TICKS // 2
FINEST_QUANTIZER = 16
THUMBNAIL_NAME = "thumb-%05d.jpg"
FRAMES_NAME = "frames.txt"
PACKETS_NAME = "packets.txt"


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """Storyboard pictures: one each `every_ms` of recording time (a multiple of 4 s), in pixels."""

    every_ms: int
    width: int
    height: int

    def times_ms(self, chunk: Chunk) -> list[int]:
        """The times of the pictures that this chunk makes."""
        first = -(-chunk.start_ms // self.every_ms) * self.every_ms
        return list(range(first, chunk.end_ms, self.every_ms))


@dataclass(frozen=True, slots=True)
class ChunkOrder:
    """Everything the command depends on.

    `margin_us`: how far before the chunk decoding starts at least. `hold_us`: pictures up to this source time are
    shown from the chunk's start on, because there is none before them. `is_lenient`: make no assumption about where
    pictures are. `blank`: draw black instead of the source.
    """

    source: str
    info: SourceInfo
    rungs: tuple[Rung, ...]
    chunk: Chunk
    workdir: Path
    program: Ffmpeg
    threads: int
    margin_us: int
    hold_us: int
    thumbnails: Thumbnails | None = None
    is_lenient: bool = False
    blank: bool = False

    @property
    def video(self) -> VideoStream:
        """The source's picture; the order makes no sense without."""
        assert self.info.video is not None
        return self.info.video

    @property
    def start_us(self) -> int:
        """The chunk's start on the source's clock."""
        return self.info.origin_us + self.chunk.start_ms * 1000

    @property
    def end_us(self) -> int:
        """The chunk's end on the source's clock."""
        return self.info.origin_us + self.chunk.end_ms * 1000


def chunk_command(order: ChunkOrder) -> list[str]:
    """The argument list; run it in `order.workdir`."""
    source = _source(order)
    picture = _blank(order) if order.blank else source[str(order.video.index)]
    timed = _to_recording_time(picture, order) if not order.blank else picture
    both = timed.filter_multi_output("split", 2)
    outputs = [_frame_times(both.stream(0), order)]
    if not order.blank:
        outputs.append(_packet_times(source, order))
    outputs += _rungs(_on_grid(_only_changes(_shape(both.stream(1), order), order), order), order)
    merged = ffmpeg.merge_outputs(*outputs).global_args(
        "-hide_banner", "-nostdin",
        "-loglevel", "level+warning",
        "-progress", "pipe:1", "-stats_period", "1", "-nostats",
        # Times stay those of the source; nothing is shifted behind our back.
        "-copyts",
        # However much of a damaged source cannot be decoded, the rest is wanted.
        "-max_error_rate", "1",
        "-filter_complex_threads", str(order.threads),
    )  # fmt: skip
    return [str(word) for word in ffmpeg.compile(merged, cmd=order.program.path, overwrite_output=True)]


def packets_command(order: ChunkOrder) -> list[str]:
    """Reads the chunk's packets once more, and nothing else, into the same list."""
    listing = _packet_times(_source(order), order).global_args(
        "-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+warning", "-copyts"
    )
    return [str(word) for word in ffmpeg.compile(listing, cmd=order.program.path, overwrite_output=True)]


def _source(order: ChunkOrder) -> Any:
    seek_us = min(order.start_us, order.video.end_us) - order.margin_us
    options = safe_input_options(order.source) | {
        "threads": order.threads,
        # A change of size in the middle (browsers do that) must not restart the graph: the first scale evens it out.
        "reinit_filter": 0,
    }
    if seek_us > order.video.start_us:
        options |= {
            "ss": _seconds(seek_us),
            # -ss in the source's own time, not from its start.
            "seek_timestamp": 1,
            # All pictures from the keyframe on: the one shown when the chunk starts may be older than the margin.
            "noaccurate_seek": None,
        }
    return ffmpeg.input(source_name(order.source), **options)


def _blank(order: ChunkOrder) -> Any:
    length = _seconds((order.end_us - order.start_us) + 8_000_000)
    rate, video = order.video.frame_rate, order.video
    black = ffmpeg.input(f"color=c=black:s={video.width}x{video.height}:r={rate}:d={length}", f="lavfi")
    return black.video.filter("settb", expr=f"1/{TICKS}").filter("setpts", expr=f"PTS+{_ticks(order.chunk.start_ms)}")


def _to_recording_time(picture: Any, order: ChunkOrder) -> Any:
    """Deinterlaced, in ticks of recording time, times near the grid moved onto it."""
    if order.video.interlaced:
        # One picture a frame, and only where a frame is marked: 50 fields would double the cost for no one's gain.
        picture = picture.filter("bwdif", mode="send_frame", parity="auto", deint="interlaced")
    origin = round(order.info.origin_us * TICKS / 1_000_000)
    start = _ticks(order.chunk.start_ms)
    video_end = round((order.video.end_us - order.info.origin_us) * TICKS / 1_000_000)
    # A chunk after the last picture shows that one: it is brought to where the chunk starts.
    shift = max(0, start - video_end)
    hold = round((order.hold_us - order.info.origin_us) * TICKS / 1_000_000) + HALF_MS
    time = f"(PTS-{origin}+{shift})"
    grid = f"(round({time}/{SEGMENT_TICKS})*{SEGMENT_TICKS})"
    snapped = f"if(lte(abs({time}-{grid}),{SNAP_TICKS}),{grid},{time})"
    return picture.filter("settb", expr=f"1/{TICKS}").filter(
        "setpts", expr=f"if(lte({time},{hold}),min({snapped},{start}),{snapped})"
    )


def _frame_times(timed: Any, order: ChunkOrder) -> Any:
    """Counts what is decoded, at no cost: the "encoder" passes references on and framecrc writes their times."""
    start, end = _ticks(order.chunk.start_ms), _ticks(order.chunk.end_ms)
    noted = timed.filter("trim", start_pts=start - HALF_MS, end_pts=end + BEYOND_TICKS)
    return noted.output(
        FRAMES_NAME,
        f="framecrc",
        **{"c:v": "wrapped_avframe", "fps_mode": "passthrough", "enc_time_base": f"1:{TICKS}"},
    )


def _packet_times(source: Any, order: ChunkOrder) -> Any:
    # A second and four pictures more than the range: packets come in decoding order.
    beyond_us = 1_000_000 + 4 * round(1_000_000 / order.video.rate)
    return source[str(order.video.index)].output(
        PACKETS_NAME, f="framecrc", to=_seconds(max(order.end_us + beyond_us, 1)), **{"c": "copy"}
    )


def _shape(timed: Any, order: ChunkOrder) -> Any:
    """Upright (ffmpeg applies the display matrix itself), square pixels, the top rung's size, 8 bit 4:2:0, SDR."""
    video, top = order.video, order.rungs[0]
    if not order.is_lenient and not video.is_variable:
        # What is decoded only because a keyframe was far is not looked at any more; a second holds the picture that is
        # shown when the chunk starts. (Where it does not, there is no picture at the start, and a second try looks.)
        before = max(TICKS, 4 * _ticks(video.longest_gap_ms))
        timed = timed.filter("trim", start_pts=_ticks(order.chunk.start_ms) - before)
    if video.rate > top.rate * 51 / 50:
        timed = timed.filter("fps", fps=top.frame_rate).filter("settb", expr=f"1/{TICKS}")
    scaling: dict[str, Any] = {"w": top.width, "h": top.height, "flags": "bicubic"}
    if video.full_range and not video.hdr:
        scaling["out_range"] = "tv"
    if video.matrix in NEEDS_NEW_MATRIX and not video.hdr:
        scaling["out_color_matrix"] = "bt709"
    picture = timed.filter("scale", **scaling)
    if video.hdr and order.program.can_tonemap:
        picture = tonemap(picture, video)
    return picture.filter("format", pix_fmts="yuv420p").filter("setsar", sar="1").filter("setparams", field_mode="prog")


NEEDS_NEW_MATRIX = frozenset({"gbr", "bt2020nc", "bt2020c", "fcc", "smpte240m"})


def colours_of(video: VideoStream) -> str:
    """The one name for primaries, transfer and matrix of the output: BT.709, or SD's where the source is SD."""
    if video.hdr or video.matrix in NEEDS_NEW_MATRIX or video.matrix == "bt709":
        return "bt709"
    if video.matrix in {"smpte170m", "bt470bg"}:
        return "smpte170m"
    return guessed_colours(video.width, video.height)


def guessed_colours(width: int, height: int) -> str:
    """What players take untagged pictures of this size for."""
    return "bt709" if max(width, height) >= 1280 or min(width, height) >= 720 else "smpte170m"


def _tagged(picture: Any, rung: Rung, video: VideoStream) -> Any:
    """With its colours said, unless the source says none and players guess right: 480 lines of HD material are taken
    for SD colours, and colours would jump when the player changes the rung."""
    colours = colours_of(video)
    untouched = not video.matrix and not video.full_range and not video.hdr
    if untouched and guessed_colours(rung.width, rung.height) == colours:
        return picture
    return picture.filter("setparams", range="tv", color_primaries=colours, color_trc=colours, colorspace=colours)


def tonemap(picture: Any, video: VideoStream) -> Any:
    """HDR to SDR in linear light, after scaling because it is the dearest step. mobius leaves colours that fit alone
    (hable, the usual one, turns skin red)."""
    return (
        picture.filter("zscale", transferin=video.transfer, matrixin="bt2020nc", primariesin="bt2020",
                       transfer="linear", npl=203)
        .filter("format", pix_fmts="gbrpf32le")
        .filter("zscale", primaries="bt709")
        .filter("tonemap", tonemap="mobius", desat=0)
        .filter("zscale", transfer="bt709", matrix="bt709", range="tv")
    )  # fmt: skip


def _only_changes(picture: Any, order: ChunkOrder) -> Any:
    top = order.rungs[0]
    pad_right, pad_bottom = -top.width % 8, -top.height % 8
    return (
        picture.filter("tpad", stop_mode="clone", stop_duration=order.chunk.duration_ms / 1000 + 8)
        .filter("pad", w=top.width + BLIND_COLUMNS + pad_right, h=top.height + pad_bottom, x=BLIND_COLUMNS, y=0)
        .filter(
            "mpdecimate",
            # A block of 8×8 may change by 4 levels a pixel …
            hi=64 * 4,
            # … and 2 % of the blocks by more than 2; anything above and the picture is kept.
            lo=64 * 2,
            frac=0.02,
            # At least one picture a second stays, so that noise below the threshold does not stand still for long.
            max=max(1, round(top.rate) - 1),
        )
        .filter("crop", w=top.width, h=top.height, x=BLIND_COLUMNS, y=0)
    )


def _on_grid(changes: Any, order: ChunkOrder) -> Any:
    start, end = _ticks(order.chunk.start_ms), _ticks(order.chunk.end_ms)
    # Two ticks more than segments: the clock's end would end the output.
    length = (order.chunk.segment_count + 2) * SEGMENT_MS // 1000
    clock = ffmpeg.input(f"color=c=black:s=16x16:r=1000/{SEGMENT_MS}:d={length},format=yuv420p", f="lavfi").video
    clock = clock.filter("settb", expr=f"1/{TICKS}").filter("setpts", expr=f"PTS+{start}")
    return (
        ffmpeg.filter([changes, clock], "streamselect", inputs=2, map=0)
        .filter("trim", start_pts=start, end_pts=end)
        .filter("setpts", expr=f"PTS-{start}")
    )


def _rungs(picture: Any, order: ChunkOrder) -> list[Any]:
    outputs = []
    thumbnails = order.thumbnails if order.thumbnails and order.thumbnails.times_ms(order.chunk) else None
    copies = picture.filter_multi_output("split", len(order.rungs) + (1 if thumbnails else 0))
    for position, rung in enumerate(order.rungs):
        stream = copies.stream(position)
        if position:
            stream = stream.filter("scale", w=rung.width, h=rung.height, flags="bicubic").filter("setsar", sar="1")
        tagged = _tagged(stream, rung, order.video)
        outputs.append(tagged.output(f"{rung.name}.mp4", **_encoding(rung, order.threads)))
    if thumbnails:
        outputs.append(_thumbnail_output(copies.stream(len(order.rungs)), thumbnails, order))
    return outputs


def _encoding(rung: Rung, threads: int) -> dict[str, Any]:
    return {
        "c:v": "libx264",
        "preset": rung.preset,
        "profile:v": "high",
        "level:v": rung.level,
        "crf": rung.crf,
        "maxrate": f"{rung.peak_kbps}k",
        "bufsize": f"{rung.buffer_kbit}k",
        "threads": threads,
        # Every picture keeps its own time.
        "fps_mode": "passthrough",
        "enc_time_base": f"1:{TICKS}",
        # Keyframes on the grid only, the same in every rung; `t` counts from the chunk's first picture.
        "force_key_frames": f"expr:gte(t,n_forced*{SEGMENT_MS // 1000})",
        "forced-idr": 1,
        "g": 100_000,
        "sc_threshold": 0,
        # With uneven times x264 must be told the rate, or it is guessed and differs between chunks (avcC).
        # sync-lookahead=0: with its look-ahead in a thread of its own, x264 sees more or fewer pictures before a forced
        # keyframe as the machine is busy: about one encode in ten differed (both versions, two threads). Without it
        # 168 of 168 were equal, and a chunk made twice must be.
        "x264-params": f"fps={rung.frame_rate}:open-gop=0:sync-lookahead=0",
        # A picture that stays for a second is taken for one that deserves every bit: x264 went down to a quantizer of 3
        # on still slides, where nobody sees a difference (VMAF 97.2 instead of 97.3) but 14 % of the bytes. Pictures
        # that move are coded coarser than this anyway.
        "qmin": FINEST_QUANTIZER,
        "f": "mp4",
        # Fragments at keyframes; the edit list, which says where B-frames start, needs the late moov.
        "movflags": "+frag_keyframe+empty_moov+default_base_moof+delay_moov",
        "video_track_timescale": TICKS,
        "map_metadata": -1,
        "map_chapters": -1,
        # No version strings and dates: the same input gives the same bytes.
        "fflags": "+bitexact",
        "flags:v": "+bitexact",
    }


def _thumbnail_output(picture: Any, thumbnails: Thumbnails, order: ChunkOrder) -> Any:
    every, start = _ticks(thumbnails.every_ms), _ticks(order.chunk.start_ms)
    return (
        # Grid pictures have exact times, so that equality is safe.
        picture.filter("select", expr=f"not(mod(pts*TB*{TICKS}+{start},{every}))")
        # JPEG is full range BT.601 by its own definition (JFIF).
        .filter(
            "scale",
            w=thumbnails.width,
            h=thumbnails.height,
            flags="bicubic",
            in_color_matrix=colours_of(order.video),
            out_color_matrix="smpte170m",
            out_range="pc",
        )
        .filter("format", pix_fmts="yuvj420p")
        .output(
            THUMBNAIL_NAME,
            f="image2",
            **{"c:v": "mjpeg", "q:v": 5, "fps_mode": "passthrough", "enc_time_base": f"1:{TICKS}"},
        )
    )


def _ticks(time_ms: int) -> int:
    return time_ms * TICKS // 1000


def _seconds(time_us: int) -> str:
    return f"{time_us / 1_000_000:.6f}"
