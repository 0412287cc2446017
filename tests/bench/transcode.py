"""`transcode.*`: how soon the first frame can be watched, what encoding costs against a bare command, what it keeps."""

import os
import tempfile
import time
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import httpx

from server.media.ffmpeg import find_ffmpeg
from server.media.ladder import choose_rungs
from tests import clips
from tests.bench.baseline import Bare, encode_bare
from tests.bench.cpu import Used, used_by
from tests.bench.pictures import Size, WorstBlock, vmaf, worst_block
from tests.bench.results import emit, note
from tests.hls_fetch import join, pieces, variants
from tests.private_semma import PrivateSemma, private_semma
from tests.waiting import eventually

SIZE = Size(1920, 1080, "25")
THREADS = os.cpu_count() or 2
# Lengths in seconds; shorter ones for a quick look.
TALK_S = int(os.environ.get("SEMMA_BENCH_TALK_S", "600"))
CLIP_S = int(os.environ.get("SEMMA_BENCH_CLIP_S", "120"))
SMALL_S = int(os.environ.get("SEMMA_BENCH_SMALL_S", "20"))


@dataclass(frozen=True)
class Encoded:
    """A recording that is ready, and its renditions as files."""

    used: Used
    files: dict[str, Path]

    @property
    def sizes(self) -> dict[str, int]:
        return {name: path.stat().st_size for name, path in self.files.items()}


def measure() -> None:
    """Every `transcode.*` result."""
    with private_semma({"SEMMA_ENCODE_THREADS": str(THREADS)}) as semma, tempfile.TemporaryDirectory() as folder:
        _first_frame(semma, Path(folder))
        _cpu_ratio(semma, Path(folder), "transcode.cpu_ratio_moving", "noisy_speaker", "<= 1.10")
        _cpu_ratio(semma, Path(folder), "transcode.cpu_ratio_slides", "slides", "<= 0.25")
        _motion_kept(semma, Path(folder))


# --- the first frame ---


def _long_talk(folder: Path) -> Path:
    """Ten minutes of slides and speaker: a minute made, then repeated without encoding."""
    minute = clips.clip("noisy_speaker", seconds=min(60, TALK_S), width=SIZE.width, height=SIZE.height)
    path = folder / "talk.mp4"
    clips.run_ffmpeg(
        "-stream_loop", str(max(1, TALK_S // 60) - 1), "-i", f"file:{minute}", "-c", "copy", f"file:{path}"
    )
    return path


def _first_frame(semma: PrivateSemma, folder: Path) -> None:
    """From the last byte uploaded to a picture decoded from what HTTP answers."""
    talk = _long_talk(folder)
    note(f"uploading a talk of {TALK_S} s")
    session = semma.make_session("First frame")
    recording = semma.upload(session, talk)
    uploaded = time.monotonic()

    def watch() -> tuple[float, str]:
        with httpx.Client(trust_env=False, timeout=30) as client:
            hls = eventually(partial(_hls_of, semma, session), timeout_s=600, every_s=0.05, what="something to watch")
            listed = time.monotonic() - uploaded
            return listed, eventually(partial(_first_picture, client, hls, folder), timeout_s=60, what="a picture")

    (listed, first), used = used_by(semma, watch)
    took = time.monotonic() - uploaded
    detail = {
        "until_listed_s": round(listed, 2),
        "talk_s": TALK_S,
        "picture": first,
        "upload_bytes": talk.stat().st_size,
        "cpu_by_process_s": used.rounded(),
    }
    emit("transcode.first_frame_s", took, "s", "<= 10", detail)
    semma.api("POST", f"/api/v1/recordings/{recording}/cancel")


def _hls_of(semma: PrivateSemma, session: str) -> str:
    headers = {"Authorization": f"Bearer {semma.token}"}
    answer = httpx.get(f"{semma.url}/api/v1/sessions/{session}/playback", headers=headers, trust_env=False, timeout=10)
    if answer.status_code != 200:
        return ""
    hls = answer.json()["hls"]
    return str(httpx.URL(semma.url).join(hls)) if hls else ""


def _first_picture(client: httpx.Client, hls: str, folder: Path) -> str:
    """Size of the first picture decoded from the lowest rung's first segment; empty while there is none."""
    lowest = next((variant for variant in reversed(variants(client, hls)) if variant.name != "audio"), None)
    addresses = pieces(client, lowest.url)[:2] if lowest else []
    if len(addresses) < 2:
        return ""
    path = folder / "first.mp4"
    path.write_bytes(b"".join(client.get(address).content for address in addresses))
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    return f"{frame.width}x{frame.height}"


# --- CPU against a bare command ---


def encode(semma: PrivateSemma, source: Path, folder: Path) -> Encoded:
    """Upload, wait until it is ready, fetch every rendition."""
    session = semma.make_session(source.stem)

    def work() -> str:
        recording = semma.upload(session, source)
        # Asking costs the web process some CPU too, so it is asked seldom.
        semma.wait_ready(recording, timeout_s=60 + 20 * CLIP_S, every_s=2)
        return recording

    _recording, used = used_by(semma, work)
    target = folder / f"semma-{source.stem}"
    target.mkdir(exist_ok=True)
    with httpx.Client(trust_env=False, timeout=60) as client:
        hls = _hls_of(semma, session)
        files = {v.name: join(client, v.url, target / f"{v.name}.mp4") for v in variants(client, hls)}
    return Encoded(used, files)


def _bare(source: Path, folder: Path) -> Bare:
    target = folder / f"bare-{source.stem}"
    target.mkdir(exist_ok=True)
    rungs = choose_rungs(SIZE.width, SIZE.height, Fraction(SIZE.rate))
    return encode_bare(find_ffmpeg().path, source, rungs, THREADS, target)


def _cpu_ratio(semma: PrivateSemma, folder: Path, name: str, clip: str, goal: str) -> None:
    source = clips.clip(clip, seconds=CLIP_S, width=SIZE.width, height=SIZE.height, rate=SIZE.rate)
    note(f"{name}: {CLIP_S} s, the bare command before and after Semma")
    before = _bare(source, folder)
    ours = encode(semma, source, folder)
    # CPU seconds grow with the company on the machine; the mean of both sides follows a load that comes or goes.
    bare = _bare(source, folder)
    bare_cpu_s = (before.cpu_s + bare.cpu_s) / 2
    quality = {who: _vmafs(source, files) for who, files in (("semma", ours.files), ("bare", bare.files))}
    lower = min(quality["semma"][rung]["mean"] - quality["bare"][rung]["mean"] for rung in quality["bare"])
    detail = {
        "clip_s": CLIP_S,
        "semma_cpu_s": round(ours.used.semma_s, 2),
        "bare_cpu_s": round(bare_cpu_s, 2),
        "bare_cpu_s_before_and_after": [round(before.cpu_s, 2), round(bare.cpu_s, 2)],
        "semma_wall_s": round(ours.used.wall_s, 2),
        "bare_wall_s": round(bare.wall_s, 2),
        "cpu_by_process_s": ours.used.rounded(),
        "ffmpeg": find_ffmpeg().version_text,
        "threads": THREADS,
        "vmaf": quality,
        "vmaf_difference_worst_rung": round(lower, 2),
        "vmaf_not_lower_by_more_than_0.5": lower >= -0.5,
        "bytes": {"semma": ours.sizes, "bare": {rung: path.stat().st_size for rung, path in bare.files.items()}},
        "worst_block": {
            "semma": asdict(_worst(source, ours.files)),
            "bare": asdict(_worst(source, bare.files)),
        },
    }
    emit(name, ours.used.semma_s / bare_cpu_s, "ratio", goal, detail)


def _vmafs(source: Path, files: dict[str, Path]) -> dict[str, dict[str, float]]:
    """VMAF of the two highest rungs, both at the source's size."""
    rungs = [name for name in files if name != "audio"][:2]
    return {name: vmaf(clips.ffmpeg_exe(), source, files[name], SIZE) for name in rungs}


def _worst(source: Path, files: dict[str, Path]) -> WorstBlock:
    return worst_block(clips.ffmpeg_exe(), source, files[f"{SIZE.height}p"], SIZE)


# --- what moves must move ---


def _motion_kept(semma: PrivateSemma, folder: Path) -> None:
    """The worst block of four small movements over stills, as a share of the bare command's own worst block."""
    found: dict[str, dict[str, object]] = {}
    worst_ratio = 0.0
    for name in ("noisy_speaker", "soft_speaker", "pointer", "cursor"):
        source = clips.clip(name, seconds=SMALL_S, width=SIZE.width, height=SIZE.height, rate=SIZE.rate)
        note(f"transcode.motion_kept: {name}")
        bare, ours = _bare(source, folder), encode(semma, source, folder)
        theirs, shown = _worst(source, bare.files), _worst(source, ours.files)
        # Below two levels of 255 a difference is rounding, not motion.
        ratio = max(shown.worst, 2) / max(theirs.worst, 2)
        worst_ratio = max(worst_ratio, ratio)
        found[name] = {"ratio": round(ratio, 2), "semma": asdict(shown), "bare": asdict(theirs)}
    detail = {"what": "worst 16x16 block, mean absolute luma difference (0-255), over the bare command's", **found}
    emit("transcode.motion_kept", worst_ratio, "ratio", "<= 1.5", detail)
