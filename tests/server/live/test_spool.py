"""The disk spool: what has its name is whole, what a crash left half written is gone, what is broken is said."""

import errno
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from server.live.spool import ClosedSegment, Spool, TrackBytes

WALL = datetime(2031, 5, 6, 9, 0, 0, 120_000, tzinfo=UTC)


def segment(msn: int, broadcast_id: str = "b1") -> ClosedSegment:
    return ClosedSegment(
        broadcast_id=broadcast_id,
        msn=msn,
        start=(msn - 1) * 360_000,
        duration=360_000,
        wall=WALL,
        discontinuity=msn == 3,
        slate=False,
        tracks={
            "v360": TrackBytes(360_000, "init-0123456789ab.mp4", b"init of the picture", b"picture" * 999),
            "audio": TrackBytes(192_512, "init-ba9876543210.mp4", b"init of the sound", b"sound"),
        },
    )


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    made = Spool(tmp_path / "spool")
    made.open()
    return made


def test_a_segment_comes_back_as_it_was(spool: Spool) -> None:
    path = spool.write(segment(1))
    assert Spool(spool.folder).open() == [path]
    assert spool.read(path) == segment(1)


def test_segments_come_back_in_order_and_the_newest_is_known(spool: Spool) -> None:
    for msn in (10, 9, 100):
        spool.write(segment(msn))
    spool.write(segment(200, "b2"))
    found = [spool.read(path) for path in spool.open()]
    assert [(item.broadcast_id, item.msn) for item in found if item] == [
        ("b1", 9),
        ("b1", 10),
        ("b1", 100),
        ("b2", 200),
    ]
    newest = spool.newest_of("b1")
    assert newest is not None and newest.msn == 100
    spool.remove("b1", 100)
    spool.remove("b1", 100)
    newest = spool.newest_of("b1")
    assert newest is not None and newest.msn == 10
    assert spool.newest_of("b3") is None


def test_what_a_crash_left_half_written_goes(spool: Spool) -> None:
    whole = spool.write(segment(1))
    half = whole.with_name("b1-00000002.part")
    half.write_bytes(whole.read_bytes()[:100])
    assert spool.open() == [whole]
    assert not half.exists()


def test_a_full_disk_is_told_and_leaves_nothing(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        spool.write(segment(1))
    assert list(spool.folder.iterdir()) == []


@pytest.mark.parametrize("length", [0, 5, 40, 300])
def test_a_broken_file_is_said_and_left(spool: Spool, length: int) -> None:
    path = spool.write(segment(1))
    path.write_bytes(path.read_bytes()[:length])
    assert spool.read(path) is None
    assert path.exists()
