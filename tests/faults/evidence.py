"""What a disturbed run must have in common with an undisturbed one."""

import contextlib
import hashlib
import json
import sqlite3
import subprocess
from pathlib import Path

import boto3
import httpx
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.clips import ffmpeg_exe
from tests.faults.kills import environment
from tests.hls_fetch import is_ended, join, variants
from tests.private_semma import AWAY, PrivateSemma
from tests.waiting import eventually


def stored_sha256(semma: PrivateSemma, recording: str) -> str:
    """The digest of the source as it lies in the object storage."""
    with contextlib.closing(sqlite3.connect(f"file:{semma.data_dir / 'semma.db'}?mode=ro", uri=True)) as db:
        (cut,) = db.execute("SELECT cut FROM recordings WHERE id = ?", [recording]).fetchone()
        source = json.loads(cut)[0]["source_id"]
        (key,) = db.execute("SELECT key FROM sources WHERE id = ?", [source]).fetchone()
    known = environment(semma)
    client = boto3.client(
        "s3",
        endpoint_url=known["S3_ENDPOINT_URL"],
        aws_access_key_id=known["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=known["AWS_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )

    def read() -> bytes:
        with contextlib.suppress(BotoCoreError, ClientError):
            return bytes(client.get_object(Bucket=known["S3_BUCKET"], Key=key)["Body"].read())
        return b""

    return hashlib.sha256(eventually(read, timeout_s=60, what="the stored source")).hexdigest()


def frame_hashes(semma: PrivateSemma, session: str, folder: Path) -> dict[str, str]:
    """For every rendition, the digest of all its decoded pictures (or sound) with their times."""
    return eventually(lambda: _try_hashes(semma, session, folder), timeout_s=90, what="every rendition")


def _try_hashes(semma: PrivateSemma, session: str, folder: Path) -> dict[str, str]:
    hls = str(httpx.URL(semma.url).join(semma.get(f"/api/v1/sessions/{session}/playback")["hls"]))
    with contextlib.suppress(*AWAY, httpx.HTTPStatusError), httpx.Client(trust_env=False, timeout=30) as client:
        found = {}
        for variant in variants(client, hls):
            assert is_ended(client, variant.url), f"{variant.name} of a ready recording goes on"
            found[variant.name] = _decoded_hash(join(client, variant.url, folder / f"{variant.name}.mp4"))
        return found
    return {}


def _decoded_hash(path: Path) -> str:
    command = [
        ffmpeg_exe(), "-nostdin", "-hide_banner", "-loglevel", "error", "-i", f"file:{path}", "-map", "0",
        "-fps_mode", "passthrough", "-f", "framemd5", "pipe:1",
    ]  # fmt: skip
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    lines = [line for line in done.stdout.splitlines() if not line.startswith(b"#")]
    assert lines, f"nothing could be decoded from {path.name}"
    return f"{len(lines)}:{hashlib.sha256(b''.join(lines)).hexdigest()}"
