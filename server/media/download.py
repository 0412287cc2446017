"""A file to download from samples that are there already: nothing is encoded again.

The samples stand in one plain MP4 (join_mp4). ffmpeg copies them into a progressive file and adds captions (3GPP timed
text, a track a language), chapters (a chapter track and Nero's list) and what the talk is called.

A cut inside the file: pictures before the border that it needs to begin with (from the keyframe before, at most two
seconds in a live recording) are in the file, but its edit list does not show them, so players begin exactly at the
border; at the end a picture or two may be too many (packets are in decode order).
"""

import re
from pathlib import Path

import msgspec

from server.media.boxes import BadBox
from server.media.ffmpeg import Ffmpeg
from server.media.language_codes import long_code
from server.media.mp4_summary import Mp4Summary, read_summary
from server.media.process import Limits, Progress, run
from server.media.refusals import BadOutput

COPY_LIMITS = Limits(memory_bytes=4 << 30, cpu_s=3600, file_bytes=200 << 30, wall_s=2 * 3600)
# The last pictures of a cut come in decode order; a frame of sound lasts 21 ms.
SLACK_MS = 400


class CaptionFile(msgspec.Struct, frozen=True, kw_only=True):
    """A SubRip file on the file's timeline."""

    path: Path
    language: str
    label: str


class DownloadOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What the file is made of. `metadata` is an ffmetadata file with title and chapters.

    `start_us` and `duration_us` say which part of `media` it is; `samples` are how many are in `media`, by handler
    (vide, soun), and must all arrive unless it is `cut`.
    """

    media: Path
    metadata: Path
    captions: tuple[CaptionFile, ...]
    samples: dict[str, int]
    start_us: int
    duration_us: int
    cut: bool


async def make_download(order: DownloadOrder, target: Path, *, program: Ffmpeg, note: Progress | None = None) -> None:
    """Write the file. Raises ProcessFailed, or BadOutput when it is not what was ordered."""
    await run(command(order, target, program), limits=COPY_LIMITS, on_line=note.feed if note else None)
    try:
        summary = read_summary(target)
    except BadBox as error:
        raise BadOutput(f"The file to download is no whole MP4: {error}.") from error
    if wrong := faults(order, summary):
        raise BadOutput(f"The file to download is not what was ordered: {'; '.join(wrong)}.")


def faults(order: DownloadOrder, made: Mp4Summary) -> list[str]:
    """What is wrong with it, in words; pure."""
    wrong = [] if made.progressive else ["its tables come last"]
    for handler, samples in order.samples.items():
        tracks = made.of(handler)
        if len(tracks) != 1:
            wrong.append(f"{len(tracks)} tracks of '{handler}'")
            continue
        if tracks[0].samples > samples or (not order.cut and tracks[0].samples != samples):
            wrong.append(f"{tracks[0].samples} samples of '{handler}' instead of {samples}")
        if abs(tracks[0].shown_ms - order.duration_us // 1000) > SLACK_MS:
            wrong.append(f"'{handler}' lasts {tracks[0].shown_ms} ms instead of {order.duration_us // 1000}")
    # Older versions of ffmpeg call timed text `text`, as the chapter track is called in all.
    words = len(made.of("sbtl")) + len(made.of("text"))
    if words < len(order.captions):
        wrong.append(f"{words} tracks of text instead of {len(order.captions)}")
    return wrong


def command(order: DownloadOrder, target: Path, program: Ffmpeg) -> list[str]:
    """The argument list."""
    has_picture = "vide" in order.samples
    return [
        program.path,
        "-hide_banner", "-nostdin", "-y",  # no terminal; the target is ours alone
        "-loglevel", "level+warning", "-progress", "pipe:1", "-stats_period", "1",  # for media/process
        *_media(order),
        *_texts(order),
        *_maps(order),
        "-c:v", "copy", "-c:a", "copy",  # the very samples that viewers watch
        "-c:s", "mov_text",  # the only text that MP4 players read
        "-movflags", "+faststart",  # tables first: plays while it comes
        "-fflags", "+bitexact",  # no version strings and dates: the same input gives the same bytes
        # "ipod" is M4A: players then take it for sound.
        "-f", "mp4" if has_picture else "ipod",
        f"file:{target}",
    ]  # fmt: skip


def _media(order: DownloadOrder) -> list[str]:
    # Before the input: seeking by the tables, to the keyframe before the border; the edit list hides what is too early.
    part = ["-ss", _seconds(order.start_us), "-t", _seconds(order.duration_us)] if order.cut else []
    return [*part, *_only("mov"), "-i", f"file:{order.media}"]


def _only(form: str) -> list[str]:
    """Input options: one format and no other file, whatever stands in it."""
    return ["-protocol_whitelist", "file", "-format_whitelist", form, "-f", form]


def _texts(order: DownloadOrder) -> list[str]:
    inputs = [
        word for one in order.captions for word in (*_only("srt"), "-sub_charenc", "UTF-8", "-i", f"file:{one.path}")
    ]
    return [*inputs, *_only("ffmetadata"), "-i", f"file:{order.metadata}"]


def _maps(order: DownloadOrder) -> list[str]:
    metadata = str(1 + len(order.captions))
    words = []
    for handler, stream in (("vide", "0:v:0"), ("soun", "0:a:0")):
        words += ["-map", stream] if handler in order.samples else []
    for number, one in enumerate(order.captions):
        words += ["-map", f"{number + 1}:s:0"]
        words += [f"-metadata:s:s:{number}", f"language={long_code(one.language)}"]
        # What players call the track.
        words += [f"-metadata:s:s:{number}", f"handler_name={_one_line(one.label)}"]
        words += [f"-metadata:s:s:{number}", f"title={_one_line(one.label)}"]
        words += [f"-disposition:s:{number}", "0"]  # offered, not shown unasked
    return [*words, "-map_metadata", metadata, "-map_chapters", metadata]


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()[:100]


def _seconds(time_us: int) -> str:
    return f"{time_us / 1_000_000:.6f}"


def write_tags(tags: dict[str, str], chapters: str) -> str:
    """An ffmetadata file: what the file is called (empty ones left out) before chapters written by media/chapters."""
    head, _, rest = chapters.partition("\n")
    escaped = {name: re.sub(r"([=;#\\\n])", r"\\\1", " ".join(value.split())) for name, value in tags.items()}
    return "\n".join([head, *(f"{name}={value}" for name, value in escaped.items() if value), rest])
