"""A broadcast that happened: real tiny CMAF segments in the storage, their rows, stretches; made once a run.

24 s of numbered pictures and a tone in six segments of 4 s. From the fourth on another encoder sends: a discontinuity,
a wall clock that is half a second further than media time says, and, where asked for, another profile, so another init.
"""

import functools
import hashlib
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from server.core.clock import now
from server.core.ids import new_id
from server.core.runtime import Runtime
from server.events.models import Room
from server.live.models import Broadcast, LiveSegment, Stretch
from server.live.storage_keys import broadcast_prefix, init_path, segment_path
from server.media import fmp4
from server.media.live import Layout, Track, grid_of
from tests.clips import clip, ffmpeg_exe
from tests.server.uploads.world import World

BEGAN = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
SECOND_RUN = 3  # segments before it
SEGMENTS = 6
JUMP = timedelta(milliseconds=500)
ALIKE, OTHERS = ("high", "high"), ("high", "baseline")


@dataclass(frozen=True)
class Bytes:
    """A track's segment."""

    init: bytes
    data: bytes
    duration: int

    @property
    def init_name(self) -> str:
        return f"init-{hashlib.sha256(self.init).hexdigest()[:12]}.mp4"


def _encoded(source: Path, *arguments: str) -> tuple[fmp4.Init, list[fmp4.Fragment]]:
    done = subprocess.run(
        [
            ffmpeg_exe(), "-hide_banner", "-nostdin", "-loglevel", "error", "-copyts", "-i", str(source), *arguments,
            "-movflags", "+frag_keyframe+default_base_moof+empty_moov+delay_moov", "-f", "mp4", "pipe:1",
        ],
        capture_output=True, check=True,
    )  # fmt: skip
    return fmp4.read_fragments(done.stdout)


def _cut(encoded: tuple[fmp4.Init, list[fmp4.Fragment]], borders: list[int], first: int) -> list[Bytes]:
    init, fragments = encoded
    head = fmp4.write_init_for(init)
    cut = fmp4.cut_chunk(init, fragments, borders, first)
    return [Bytes(head, one.data, one.end - one.start) for one in cut]


@functools.cache
def shot(profiles: tuple[str, str] = ALIKE) -> list[dict[str, Bytes]]:
    """Every segment's tracks, by encoders of these profiles."""
    source = clip("bars", seconds=24, width=320, height=180)
    pictures: list[Bytes] = []
    for profile, (first, end) in zip(profiles, pairwise((0, SECOND_RUN, SEGMENTS)), strict=True):
        encoded = _encoded(
            source, "-an", "-vf", f"trim={first * 4}:{end * 4}", "-c:v", "libx264", "-preset", "superfast",
            "-profile:v", profile, "-bf", "0", "-crf", "23", "-force_key_frames", "expr:gte(t,n_forced*2)",
            "-video_track_timescale", "90000", "-movie_timescale", "90000",
        )  # fmt: skip
        borders = [number * 4 * 90_000 for number in range(first, end + 1)]
        pictures += _cut(encoded, borders, first + 1)
    assert len({one.init for one in pictures}) == len(set(profiles))
    sound = _encoded(source, "-vn", "-c:a", "aac", "-b:a", "64k", "-frag_duration", "1000000")
    sounds = _cut(sound, [number * 4 * 48_000 for number in range(SEGMENTS + 1)], 1)
    return [{"180p": picture, "audio": audio} for picture, audio in zip(pictures, sounds, strict=True)]


def layout() -> Layout:
    codecs = fmp4.codec_of(shot()[0]["180p"].init).name
    return Layout(
        tracks=(
            Track(name="180p", kind="video", codecs=codecs, timescale=90_000, peak_kbps=600, width=320, height=180,
                  frame_rate="25/1"),
            Track(name="audio", kind="audio", codecs="mp4a.40.2", timescale=48_000, peak_kbps=64),
        ),
        frame_rate="25/1",
        part_frames=grid_of(Fraction(25)),
    )  # fmt: skip


def wall(media_s: float) -> datetime:
    """When what stands at this media time was shown."""
    return BEGAN + timedelta(seconds=media_s) + (JUMP if media_s >= SECOND_RUN * 4 else timedelta())


@dataclass
class OnAir:
    """The broadcast of the world's event."""

    runtime: Runtime
    world: World
    broadcast: str
    profiles: tuple[str, str] = ALIKE

    async def archive(self, first: int, last: int) -> None:
        """Segments of these numbers are in the storage, and in its index."""
        for msn in range(first, last + 1):
            await self._store(msn)
        async with self.runtime.database.write() as db:
            for msn in range(first, last + 1):
                row = await db.get(LiveSegment, (self.broadcast, msn))
                if row is None:
                    db.add(self._row(msn))

    async def _store(self, msn: int) -> None:
        prefix = broadcast_prefix(self.broadcast)
        for track, one in shot(self.profiles)[msn - 1].items():
            await self.runtime.store.put(prefix + segment_path(track, msn), one.data, content_type="video/mp4")
            await self.runtime.store.put(prefix + init_path(track, one.init_name), one.init, content_type="video/mp4")

    def _row(self, msn: int) -> LiveSegment:
        start = (msn - 1) * 4 * 90_000
        return LiveSegment(
            broadcast_id=self.broadcast,
            msn=msn,
            start=start,
            duration=4 * 90_000,
            wall=wall((msn - 1) * 4),
            discontinuity=msn == SECOND_RUN + 1,
            tracks={t: [one.duration, len(one.data), one.init_name] for t, one in shot(self.profiles)[msn - 1].items()},
            archived_at=now(),
        )

    async def talk(self, session: str, start_s: float, end_s: float | None, *, do_not_record: bool = False) -> str:
        """A stretch of a session, in media time."""
        stretch = Stretch(
            id=new_id(),
            event_id=self.world.event,
            broadcast_id=self.broadcast,
            session_id=session,
            starts_at=wall(start_s),
            ends_at=None if end_s is None else wall(end_s),
            do_not_record=do_not_record,
        )
        async with self.runtime.database.write() as db:
            db.add(stretch)
        return stretch.id

    async def change(self, model: type[Any], id_: str, **values: Any) -> None:
        """Set columns of a row."""
        async with self.runtime.database.write() as db:
            row = await db.get_one(model, id_)
            for name, value in values.items():
                setattr(row, name, value)


async def put_on_air(
    runtime: Runtime, world: World, *, archived: int = SEGMENTS, profiles: tuple[str, str] = ALIKE
) -> OnAir:
    """A broadcast with its first `archived` segments."""
    room = Room(id=new_id(), event_id=world.event, slug="hall", name="Hall")
    broadcast = Broadcast(
        id=new_id(),
        event_id=world.event,
        room_id=room.id,
        started_at=BEGAN,
        layout=msgspec.to_builtins(layout()),
    )
    async with runtime.database.write() as db:
        db.add(room)
        await db.flush()
        db.add(broadcast)
    made = OnAir(runtime, world, broadcast.id, profiles)
    await made.archive(1, archived)
    return made
