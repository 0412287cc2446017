"""The ffmpeg command of one run of a broadcast: one container on its input, one pipe a track. Arguments only.

    pipe:0 ─ pictures ─┬─ counted (null)                                              → frame= of -progress
                       └─ frame rate, from 0 ─ top rung's size ─┬─ rung 1             → its pipe
                                                                ├─ scale ─ rung 2     → its pipe …
                                                                └─ small, 2 a second ─ black? still?  (null)
           ─ coded pictures as they are (when they pass through)                     → rung 1's pipe
           ─ sound ─ 48 kHz, from 0, no holes ─ silent? ─ AAC                         → its pipe

**Time.** Every track starts at exactly 0 and has no hole: pictures are repeated or left out by the fps filter, sound is
padded, cut and (below 0.1 s) stretched by aresample. delay_moov writes AAC's priming as an edit list, so that the
presentation times read back are exact.

**Delay.** A frame waits for a later one three times only: the fps filter holds it until the next tells how long it
lasts, the deinterlacer (SRT only) looks one ahead, and the muxer gives a fragment out when the next begins.

**No sound** is not made here: the segmenter has silence. **No picture**, in a broadcast that has some, is the sound
drawn as a line: it comes exactly as the sound does, so no second clock is needed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ffmpeg

from server.media.chunk_command import guessed_colours
from server.media.ffmpeg import Ffmpeg
from server.media.live import AUDIO_RATE, KEYFRAME_S, VIDEO_TIMESCALE, Layout, Track
from server.media.live_ladder import AUDIO_KBPS, LiveRung, rungs_of

# A still or silent input is told after so long; how long is too long is for others to judge.
FROZEN_S = 5
SILENT_S = 3
SILENT_DB = -50
LOOKS_A_SECOND = 2
LOOK_WIDTH = 160
DRAWN_WIDTH, DRAWN_RATE = 320, 25
# FLV and MPEG-TS headers, a keyframe and some sound come within this; ffmpeg stops looking once every stream is known.
PROBE_BYTES = 1_000_000
PROBE_US = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOrder:
    """Everything the command depends on. `outputs` has the file descriptor of each track; `has_*` says what comes in.

    `threads` is for each encoder; the decoder has one, as more would hold pictures back. `passes`: the input is clean
    (media.passthrough) and begins with a keyframe, no sound before it; the top rung is what was sent.
    """

    container: str  # flv | mpegts
    layout: Layout
    has_video: bool
    has_audio: bool
    outputs: Mapping[str, int]
    program: Ffmpeg
    threads: int = 2
    passes: bool = False

    @property
    def videos(self) -> list[LiveRung]:
        """The rungs."""
        return rungs_of(self.layout)

    @property
    def audios(self) -> list[Track]:
        """The tracks of sound that can be made."""
        return [track for track in self.layout.tracks if track.kind == "audio"] if self.has_audio else []


def run_argv(order: RunOrder) -> list[str]:
    """The argument list. Messages of the detectors come on stderr, progress on stdout."""
    source = _source(order)
    outputs: list[Any] = []
    sound = None
    if order.has_audio and order.audios:
        branches = 1 + (1 if order.videos and not order.has_video else 0)
        split = _sound(source).filter_multi_output("asplit", branches)
        sound = split.stream(0)
        drawn = split.stream(1) if branches > 1 else None
    else:
        drawn = None
    if order.videos and (order.has_video or drawn is not None):
        outputs += _pictures(source, drawn, order)
    outputs += [_encode_sound(sound, order.outputs[track.name]) for track in order.audios]
    merged = ffmpeg.merge_outputs(*outputs).global_args(
        "-hide_banner",
        # `level+` marks errors, info has the detectors' messages.
        "-loglevel", "level+info", "-nostats",
        "-progress", "pipe:1", "-stats_period", "1",
        # Damaged input is an encoder's daily bread; what can be decoded goes on.
        "-max_error_rate", "1",
        "-filter_complex_threads", "1",
    )  # fmt: skip
    return [str(word) for word in ffmpeg.compile(merged, cmd=order.program.path, overwrite_output=True)]


def still_argv(
    layout: Layout, program: Ffmpeg, picture: str, outputs: Mapping[str, str], threads: int = 2
) -> list[str]:
    """The command that encodes one group of pictures of a still (a PNG of the top rung's size) for each track of
    pictures, exactly as a run would. `outputs` has a file name for each; run it where `picture` and those belong."""
    rungs = rungs_of(layout)
    # The one picture is read again and again at the layout's rate.
    still = ffmpeg.input(picture, f="image2", protocol_whitelist="file", loop=1, framerate=layout.frame_rate)
    copies = _coloured(still.video.filter("format", pix_fmts="yuv420p"), rungs[0].track).filter_multi_output(
        "split", len(rungs)
    )
    made = [
        _rung(copies.stream(place), place, rung).output(
            outputs[rung.track.name],
            **{"frames:v": group_frames(layout)},
            **_encoding(rung, layout, threads),
        )
        for place, rung in enumerate(rungs)
    ]
    merged = ffmpeg.merge_outputs(*made).global_args(
        "-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+warning"
    )
    return [str(word) for word in ffmpeg.compile(merged, cmd=program.path, overwrite_output=True)]


def group_frames(layout: Layout) -> int:
    """Pictures from keyframe to keyframe."""
    return round(layout.rate * KEYFRAME_S)


def _source(order: RunOrder) -> Any:
    return ffmpeg.input(
        "pipe:0",
        **{
            "f": order.container,
            # The input names nothing else that could be opened.
            "protocol_whitelist": "pipe",
            "format_whitelist": order.container,
            # No picture waits for others to be decoded beside it.
            "threads": 1,
            # Enough to find the streams, not more: what is read for that comes late.
            "probesize": PROBE_BYTES,
            "analyzeduration": PROBE_US,
            "fpsprobesize": 0,
            # Broken packets are not shown. (nobuffer would lose all that is read while probing.)
            "fflags": "+discardcorrupt",
            # A change of size must not restart the graph, which would start time anew: the scale filter evens it out.
            # (One of the sound's format ends ffmpeg; the room begins a new run.)
            "reinit_filter": 0,
        },
    )


def _sound(source: Any) -> Any:
    return (
        source["a:0"]
        # From 0 on; holes and overlaps above 0.1 s are filled and cut, slow drift of the encoder's clock is stretched.
        .filter("aresample", AUDIO_RATE, **{"async": 1000, "first_pts": 0, "min_hard_comp": 0.1})
        .filter("aformat", sample_fmts="fltp", sample_rates=AUDIO_RATE, channel_layouts="stereo")
        .filter("silencedetect", noise=f"{SILENT_DB}dB", duration=SILENT_S)
    )


def _pictures(source: Any, drawn: Any, order: RunOrder) -> list[Any]:
    rungs, outputs = order.videos, []
    if drawn is None:
        both = source["v:0"].filter_multi_output("split", 2)
        # First of all outputs, so that `frame=` counts what was decoded.
        outputs.append(both.stream(0).output("-", f="null", **{"c:v": "wrapped_avframe", "fps_mode": "passthrough"}))
        picture = _shape(_timed(both.stream(1), order), order)
    else:
        picture = _drawn(drawn, order)
    made = list(enumerate(rungs))
    if order.passes and drawn is None:
        made = made[1:]
        # The fps filter gives the others exactly one picture for each of these.
        outputs.append(source["v:0"].output(f"pipe:{order.outputs[rungs[0].track.name]}", **_copying()))
    copies = picture.filter_multi_output("split", len(made) + (1 if drawn is None else 0))
    for branch, (place, rung) in enumerate(made):
        target = f"pipe:{order.outputs[rung.track.name]}"
        outputs.append(
            _rung(copies.stream(branch), place, rung).output(target, **_encoding(rung, order.layout, order.threads))
        )
    if drawn is None:
        outputs.append(_look(copies.stream(len(made)), order))
    return outputs


def _timed(picture: Any, order: RunOrder) -> Any:
    if order.container == "mpegts":
        # Hardware encoders may send interlaced pictures; RTMP has none. Only marked ones are touched.
        picture = picture.filter("bwdif", mode="send_frame", parity="auto", deint="interlaced")
    return picture.filter("fps", fps=order.layout.frame_rate, start_time=0, round="near")


def _shape(picture: Any, order: RunOrder) -> Any:
    """The top rung's size, the picture whole in the middle of it; square pixels, 8 bit 4:2:0, its colours said."""
    top = order.videos[0].track
    # dar is the shape as displayed; sizes are even for 4:2:0.
    scaled = picture.filter(
        "scale",
        w=f"2*round(min({top.width},{top.height}*dar)/2)",
        h=f"2*round(min({top.height},{top.width}/dar)/2)",
        flags="bicubic",
        out_range="tv",
    )
    whole = scaled.filter("format", pix_fmts="yuv420p").filter(
        "pad", w=top.width, h=top.height, x="(ow-iw)/2", y="(oh-ih)/2"
    )
    return _coloured(whole, top)


def _coloured(picture: Any, top: Track) -> Any:
    """With its colours said, the same for all rungs: players take small pictures for SD, and colours would jump."""
    colours = guessed_colours(top.width, top.height)
    return picture.filter(
        "setparams",
        field_mode="prog",
        range="tv",
        color_primaries=colours,
        color_trc=colours,
        colorspace=colours,
    )


def _rung(picture: Any, place: int, rung: LiveRung) -> Any:
    """The picture at a rung's size; the first rung has it."""
    if place:
        picture = picture.filter("scale", w=rung.track.width, h=rung.track.height, flags="bicubic")
    return picture.filter("setsar", sar="1")


def _drawn(sound: Any, order: RunOrder) -> Any:
    """The sound as a line. At this width and rate a picture is a whole number of samples (6 a column), whatever the
    layout's rate; times are counted, as ffmpeg 9 begins them at the fourth picture and ends them in another unit."""
    top = order.videos[0].track
    height = 2 * round(DRAWN_WIDTH * top.height / top.width / 2)
    return (
        sound.filter("showwaves", s=f"{DRAWN_WIDTH}x{height}", rate=DRAWN_RATE, mode="cline", colors="0x6f8fae")
        .filter("setpts", expr=f"N/({DRAWN_RATE}*TB)")
        .filter("fps", fps=order.layout.frame_rate, start_time=0, round="near")
        .filter("scale", w=top.width, h=top.height, flags="bilinear")
        .filter("format", pix_fmts="yuv420p")
    )


def _look(picture: Any, order: RunOrder) -> Any:
    """Black and still pictures, looked for in a small copy. blackdetect says so only when it is over, but it marks the
    first black frame at once, and metadata prints the mark."""
    step = max(1, round(order.layout.rate / LOOKS_A_SECOND))
    return (
        picture.filter("framestep", step=step)
        .filter("scale", w=LOOK_WIDTH, h=-2, flags="fast_bilinear")
        .filter("blackdetect", d=1, pix_th=0.1)
        .filter("metadata", mode="print", key="lavfi.black_start")
        .filter("metadata", mode="print", key="lavfi.black_end")
        .filter("freezedetect", n="-60dB", d=FROZEN_S)
        .output("-", f="null", **{"c:v": "wrapped_avframe", "fps_mode": "passthrough"})
    )


def _encoding(rung: LiveRung, layout: Layout, threads: int) -> dict[str, Any]:
    return {
        "c:v": "libx264",
        "preset": rung.preset,
        # No look-ahead, no B-frames, a picture's slices are encoded beside each other: one in, one out.
        "tune": "zerolatency",
        "profile:v": "high",
        "level:v": rung.level,
        # Constant quality under a cap of one second: a slide costs next to nothing.
        "crf": rung.crf,
        "maxrate": f"{rung.track.peak_kbps}k",
        "bufsize": f"{rung.buffer_kbit}k",
        "threads": threads,
        # A keyframe each so many pictures and nowhere else: all rungs have them at the same ones.
        "g": group_frames(layout),
        "keyint_min": group_frames(layout),
        "sc_threshold": 0,
        "x264-params": "open-gop=0",
        # The fps filter made the times; they are kept.
        "fps_mode": "passthrough",
        "enc_time_base": f"1:{VIDEO_TIMESCALE}",
        "video_track_timescale": VIDEO_TIMESCALE,
        **_fragments(),
    }


def _copying() -> dict[str, Any]:
    return {"c:v": "copy", "video_track_timescale": VIDEO_TIMESCALE, **_fragments()}


def _encode_sound(sound: Any, output: int) -> Any:
    return sound.output(
        f"pipe:{output}",
        **{
            "c:a": "aac",
            "profile:a": "aac_low",
            "b:a": f"{AUDIO_KBPS}k",
            "ar": AUDIO_RATE,
            "ac": 2,
            **_fragments(),
        },
    )


def _fragments() -> dict[str, Any]:
    return {
        "f": "mp4",
        # A fragment a frame; delay_moov: the moov knows the priming.
        "movflags": "+frag_every_frame+empty_moov+default_base_moof+delay_moov",
        # Out at once, not when a buffer is full.
        "flush_packets": 1,
        "muxdelay": 0,
        "map_metadata": -1,
        "map_chapters": -1,
        # No version strings: equal settings give equal inits.
        "fflags": "+bitexact",
    }
