"""The machine: platform, ffmpeg, disk, ports, settings. Nothing here needs a running engine."""

import os
import platform
import shutil
import socket
import urllib.request
from pathlib import Path

from server.core.settings import Settings
from server.doctor.findings import Finding, note, ok, wrong
from server.engine import EngineMissing
from server.engines import valkey_binary, weed_binary
from server.media.deck_office import find_office
from server.media.ffmpeg import find_ffmpeg
from server.media.refusals import NoFfmpeg
from server.supervise.checks import NEEDED_BYTES, CannotStart, check_platform, check_port

_ROOMY_BYTES = 10 * 1024**3


def look_at_machine(settings: Settings) -> list[Finding]:
    """Everything that can be seen without the engines."""
    return [
        _platform(settings),
        _ffmpeg(settings),
        _office(),
        _disk(settings.data_dir, "data directory"),
        _scratch(settings),
        _port(settings),
        _secret(settings),
    ]


def _platform(settings: Settings) -> Finding:
    says = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} processors"
    try:
        check_platform()
        engines = [str(valkey_binary()), str(weed_binary())]
    except (CannotStart, EngineMissing) as error:
        if settings.redis_url and settings.s3_endpoint_url:
            return ok("platform", says + "; no embedded engines, and none are needed")
        return note(
            "platform", f"{says}. {error.detail}", "Set REDIS_URL and S3_ENDPOINT_URL, or use the compose file."
        )
    return ok("platform", says + "; embedded engines are installed", engines=engines)


def _ffmpeg(settings: Settings) -> Finding:
    try:
        found = find_ffmpeg(settings.ffmpeg or None)
    except NoFfmpeg as error:
        return wrong("ffmpeg", error.detail, "Install ffmpeg 5.1 or newer with libx264, or name one with SEMMA_FFMPEG.")
    features = {
        "tone mapping of HDR": found.can_tonemap,
        "SVT-AV1": "libsvtav1" in found.encoders,
        "SRT": "srt" in found.protocols,
        "RTMP": "rtmp" in found.protocols,
        "VMAF": "libvmaf" in found.filters,
    }
    has = ", ".join(name for name, there in features.items() if there) or "nothing beyond what is needed"
    says = f"{found.path}, version {found.version_text}; with {has}"
    if not found.can_tonemap:
        return note("ffmpeg", says, "HDR recordings will look pale: install an ffmpeg with zscale.", features=features)
    return ok("ffmpeg", says, features=features)


def _office() -> Finding:
    found = find_office()
    if found is None:
        return note(
            "LibreOffice",
            "not found: PowerPoint and OpenDocument slides are refused with the advice to export a PDF",
            "Where workers run: install LibreOffice Impress (Debian and Ubuntu: apt install libreoffice-impress).",
        )
    return ok("LibreOffice", f"{found}: PowerPoint and OpenDocument slides are taken")


def _disk(folder: Path, name: str) -> Finding:
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not os.access(there, os.W_OK):
        return wrong(name, f"{there} cannot be written", "Make it writable for this user, or set SEMMA_DATA_DIR.")
    free_bytes = shutil.disk_usage(there).free
    says = f"{folder}, {free_bytes / 1024**3:.1f} GiB free"
    if free_bytes < NEEDED_BYTES:
        return wrong(name, says, "Free some space, or move it to another disk.", free_bytes=free_bytes)
    if free_bytes < _ROOMY_BYTES:
        return note(name, says, "A day of recordings may not fit: free some space soon.", free_bytes=free_bytes)
    return ok(name, says, free_bytes=free_bytes)


def _scratch(settings: Settings) -> Finding:
    return _disk(settings.scratch_path, "scratch directory")


def _port(settings: Settings) -> Finding:
    where = f"{settings.host} port {settings.port}"
    try:
        check_port(settings.host, settings.port, "SEMMA_PORT")
    except CannotStart as error:
        if _is_semma(settings.port):
            return ok("port", f"Semma listens on {where}")
        return wrong("port", error.detail, "Stop the other program, or choose another port with SEMMA_PORT.")
    except (OSError, socket.gaierror) as error:
        return wrong("port", f"{where}: {error}", "Set SEMMA_HOST to an address of this machine.")
    return ok("port", f"{where} is free: no web process runs on this machine")


def _is_semma(port: int) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}/healthz", timeout=3) as answer:
            return b"alive" in answer.read(200)
    except OSError:
        return False


def _secret(settings: Settings) -> Finding:
    if settings.secret_keys:
        return ok("secret key", f"set ({len(settings.secret_keys)} accepted)")
    advice = "Set SEMMA_SECRET_KEY (`openssl rand -hex 32`); `semma up` makes one at its first start."
    return wrong("secret key", "not set", advice)
