"""What must be true of a broadcast's archive, whatever was killed meanwhile."""

import contextlib
import io
import itertools
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import av
import boto3
import httpx
import msgspec
from botocore.config import Config

from tests.faults.kills import environment
from tests.frame_code import frame_code
from tests.hls_fetch import pieces, variants
from tests.live.room import LiveRoom
from tests.private_semma import PrivateSemma
from tests.waiting import eventually


@dataclass(frozen=True)
class Kept:
    """One row of the archive's index."""

    msn: int
    start: int
    duration: int
    wall: datetime
    discontinuity: bool
    slate: bool
    tracks: dict[str, list[Any]]
    archived: bool


def _rows(semma: PrivateSemma, broadcast: str) -> list[Kept]:
    with contextlib.closing(sqlite3.connect(f"file:{semma.data_dir / 'semma.db'}?mode=ro", uri=True)) as db:
        found = db.execute(
            "SELECT msn, start, duration, wall, discontinuity, slate, tracks, archived_at, dropped_at "
            "FROM live_segments WHERE broadcast_id = ? ORDER BY msn",
            [broadcast],
        ).fetchall()
    return [
        Kept(
            row[0], row[1], row[2], datetime.fromisoformat(row[3]), bool(row[4]), bool(row[5]),
            msgspec.json.decode(row[6]), row[7] is not None and row[8] is None,
        )
        for row in found
    ]  # fmt: skip


def closed_archive(semma: PrivateSemma, broadcast: str, *, timeout_s: float = 90) -> list[Kept]:
    """The index once ingest has written the last segment and all of it is archived."""

    def closed() -> list[Kept]:
        with contextlib.closing(sqlite3.connect(f"file:{semma.data_dir / 'semma.db'}?mode=ro", uri=True)) as db:
            (at,) = db.execute("SELECT closed_at FROM broadcasts WHERE id = ?", [broadcast]).fetchone()
        rows = _rows(semma, broadcast)
        return rows if at is not None and rows and all(row.archived for row in rows) else []

    return eventually(closed, timeout_s=timeout_s, every_s=0.2, what="the broadcast to be closed and archived")


def check_archive(room: LiveRoom, broadcast: str) -> list[list[int]]:
    """Assert that the archive is whole; returns the numbers of the pictures, a list a run that is no slate."""
    rows = closed_archive(room.semma, broadcast)
    assert [row.msn for row in rows] == list(range(1, len(rows) + 1))
    for before, after in itertools.pairwise(rows):
        assert after.start == before.start + before.duration, f"media time has a hole before segment {after.msn}"
        assert after.wall > before.wall
    _check_playlist(room, rows)
    return [_numbers(room.semma, broadcast, run) for run in _runs(rows) if not run[0].slate]


def _runs(rows: list[Kept]) -> list[list[Kept]]:
    """Segments between discontinuities."""
    runs: list[list[Kept]] = []
    for row in rows:
        if row.discontinuity or not runs:
            runs.append([])
        runs[-1].append(row)
    return runs


def _check_playlist(room: LiveRoom, rows: list[Kept]) -> None:
    """What viewers are given lists every segment, ends, and every address in it answers."""
    with httpx.Client(trust_env=False, timeout=30) as client:
        lowest = variants(client, room.hls())[-2]
        text = client.get(lowest.url).text
        assert "#EXT-X-ENDLIST" in text
        listed = pieces(client, lowest.url)
        segments = [address for address in listed if address.endswith(".m4s")]
        assert len(segments) == len(rows)
        for address in listed:
            assert client.get(address).status_code == 200, address


def _numbers(semma: PrivateSemma, broadcast: str, run: list[Kept]) -> list[int]:
    """The pictures' numbers of a run, read from its objects in the storage."""
    known = environment(semma)
    client = boto3.client(
        "s3",
        endpoint_url=known["S3_ENDPOINT_URL"],
        aws_access_key_id=known["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=known["AWS_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )
    track = next(name for name in run[0].tracks if name != "audio")
    names = [run[0].tracks[track][2], *(f"{row.msn}.m4s" for row in run)]
    body = b"".join(
        client.get_object(Bucket=known["S3_BUCKET"], Key=f"live/{broadcast}/{track}/{name}")["Body"].read()
        for name in names
    )
    with av.open(io.BytesIO(body), format="mp4") as container:
        found = [frame_code(frame) for frame in container.decode(video=0)]
    return [number for number in found if number is not None]
