"""Which ffmpeg to use and what it can do; and the input options that make reading untrusted media safe."""

import re
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from server.media.refusals import NoFfmpeg

# 5.1 brought -fps_mode, alimiter's latency compensation and the http options used here.
OLDEST = (5, 1)
NEEDED_ENCODERS = frozenset({"libx264", "aac", "mjpeg"})
NEEDED_FILTERS = frozenset({"mpdecimate", "streamselect", "tpad", "scale", "trim", "ebur128", "alimiter", "aresample"})

# What recordings come in. Playlists and other text formats (hls, dash, concat, sdp, …) name further files, so they are
# not here; nor are pictures. A format that is not on the list is refused whatever the file's name says.
FORMATS = (
    "mov", "matroska", "mpegts", "mpeg", "flv", "avi", "ogg", "wav", "w64", "aiff", "mp3", "flac", "aac", "asf", "mxf",
    "caf", "dv",
)  # fmt: skip


class Ffmpeg(msgspec.Struct, frozen=True):
    """One ffmpeg program: where it is, its version, and the names of what was built into it."""

    path: str
    version: tuple[int, ...]
    version_text: str
    encoders: frozenset[str]
    filters: frozenset[str]
    protocols: frozenset[str]

    @property
    def missing(self) -> list[str]:
        """What Semma needs and this program lacks; empty when it will do."""
        lacks = [f"encoder {name}" for name in sorted(NEEDED_ENCODERS - self.encoders)]
        lacks += [f"filter {name}" for name in sorted(NEEDED_FILTERS - self.filters)]
        lacks += [f"protocol {name}" for name in sorted({"file", "http", "pipe"} - self.protocols)]
        if self.version < OLDEST:
            lacks.insert(0, f"version {OLDEST[0]}.{OLDEST[1]} or newer (it is {self.version_text})")
        return lacks

    @property
    def can_tonemap(self) -> bool:
        """True when HDR can be brought to SDR properly."""
        return {"zscale", "tonemap"} <= self.filters


def find_ffmpeg(preferred: str | None = None) -> Ffmpeg:
    """The ffmpeg to use: `preferred` when given, else the one on PATH when new enough, else the wheel's.

    Raises NoFfmpeg with what was looked at and why it will not do. Looking takes some 0.2 s, once a process.
    """
    reasons = []
    for path in [preferred] if preferred else _candidates():
        try:
            found = look_at(path)
        except NoFfmpeg as error:
            reasons.append(error.detail)
            continue
        if not found.missing:
            return found
        reasons.append(f"{path} lacks {', '.join(found.missing)}")
    raise NoFfmpeg(
        f"No usable ffmpeg: {'; '.join(reasons) or 'none on PATH'}. Install ffmpeg 5.1 or newer with libx264, or the "
        "Python package imageio-ffmpeg."
    )


def _candidates() -> list[str]:
    on_path = shutil.which("ffmpeg")
    wheel = _wheel()
    return [path for path in (on_path, wheel) if path]


def _wheel() -> str | None:
    try:
        import imageio_ffmpeg  # noqa: PLC0415 -- optional: only in the one-machine installation
    except ImportError:
        return None
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:
        return None


@lru_cache(maxsize=8)
def look_at(path: str) -> Ffmpeg:
    """Version and features of the program at `path` (or of that name on PATH). Raises NoFfmpeg when it does not run."""
    full = shutil.which(path)
    if full is None:
        raise NoFfmpeg(f"{path} is not there or not executable")
    head = _ask(full, "-version").splitlines()[0]
    match = re.search(r"version n?(\d+)\.(\d+)(?:\.(\d+))?", head)
    # A build from git has no number: it is newer than any release we know.
    version = tuple(int(part) for part in match.groups() if part) if match else (99, 0)
    return Ffmpeg(
        path=str(Path(full).absolute()),
        version=version,
        version_text=head.removeprefix("ffmpeg version ").split(" ")[0],
        encoders=_names(_ask(full, "-encoders"), r"^ [VAS][A-Z.]{5} (\S+)"),
        filters=_names(_ask(full, "-filters"), r"^ [A-Z.]{2,3} (\S+) "),
        protocols=_names(_ask(full, "-protocols"), r"^  ([a-z0-9]+)$"),
    )


def _ask(path: str, question: str) -> str:
    try:
        done = subprocess.run(
            [path, "-hide_banner", question], stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NoFfmpeg(f"{path} does not run ({error})") from error
    return done.stdout.decode(errors="replace") or "\n"


def _names(text: str, pattern: str) -> frozenset[str]:
    return frozenset(re.findall(pattern, text, re.MULTILINE))


def is_remote(source: str) -> bool:
    """True for the presigned URL of an object, False for a path."""
    return source.startswith(("http://", "https://"))


def source_name(source: str) -> str:
    """The source as ffmpeg must be given it: a path gets `file:`, so that no name becomes an option or a protocol."""
    return source if is_remote(source) else f"file:{Path(source).absolute()}"


def safe_input_options(source: str) -> dict[str, Any]:
    """Input options for any untrusted source, for ffmpeg and for libav alike (they must be *input* options)."""
    options: dict[str, Any] = {
        # Only what the source itself needs; a container cannot make us open anything else.
        "protocol_whitelist": "http,https,tcp,tls" if is_remote(source) else "file",
        "format_whitelist": ",".join(FORMATS),
    }
    if is_remote(source):
        options |= {
            # S3 servers close idle connections and hiccup; go on at the offset reached. ffmpeg nests its retries (8 s
            # here became three minutes), so an outage longer than a few seconds is left to the job's next attempt.
            "reconnect": "1",
            "reconnect_on_network_error": "1",
            "reconnect_delay_max": "2",
            # A connection that stays silent for 30 s is dead.
            "rw_timeout": "30000000",
            # Reading on over a small gap is cheaper than a new request.
            "short_seek_size": "1048576",
        }
    return options
