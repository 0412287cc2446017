"""A broadcast made by hand: rows as ingest would write them, with bytes that say which part of which track they are."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from server.core.ids import new_id
from server.live.rows import Meta
from server.media.live import AUDIO, AUDIO_FRAME, AUDIO_RATE, VIDEO_TIMESCALE, Layout, Piece, Row, Track, grid_of

BEGAN = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)


def layout_of(rate: str = "25/1", heights: tuple[int, ...] = (720, 360)) -> Layout:
    """A layout of some rungs and the sound."""
    rungs = [
        Track(
            name=f"{height}p",
            kind="video",
            codecs="avc1.64001f" if height > 360 else "avc1.64001e",
            timescale=VIDEO_TIMESCALE,
            peak_kbps=height * 4,
            width=height * 16 // 9,
            height=height,
            frame_rate=rate,
        )
        for height in heights
    ]
    sound = Track(name=AUDIO, kind="audio", codecs="mp4a.40.2", timescale=AUDIO_RATE, peak_kbps=130)
    return Layout(tracks=(*rungs, sound), frame_rate=rate, part_frames=grid_of(Fraction(rate)))


def meta_of(layout: Layout, *, window_s: float = 32, room_id: str = "", event_id: str = "") -> Meta:
    """What a window is opened with; ids are new unless given."""
    return Meta(
        room_id=room_id or new_id(),
        event_id=event_id or new_id(),
        broadcast_id=new_id(),
        layout=layout,
        window_s=window_s,
    )


def body_of(track: str, msn: int, part: int) -> bytes:
    """The bytes of a part: told apart, and of sizes that differ."""
    return f"{track} {msn}.{part} ".encode() * (20 + (msn + part) % 5)


def init_name(track: str, generation: int) -> str:
    """The name of an init; a new one begins with a discontinuity that changed the encoder."""
    return f"init-{generation:012x}.mp4"


def init_body(track: str, generation: int) -> bytes:
    """The bytes of an init."""
    return f"init {track} {generation}".encode()


@dataclass
class Timeline:
    """Makes rows that follow one another."""

    layout: Layout
    msn: int = 1
    part: int = 0
    frames: int = 0
    audio_frames: int = 0
    generation: int = 1
    discontinuous: bool = False
    slate: bool = False
    jump: timedelta = field(default_factory=timedelta)

    def row(self) -> Row:
        """The next row."""
        count = self.layout.part_frames[self.part]
        last = self.part == len(self.layout.part_frames) - 1
        start = self.frames
        self.frames += count
        until = int(Fraction(self.frames) / self.layout.rate * AUDIO_RATE / AUDIO_FRAME)
        sound, self.audio_frames = until - self.audio_frames, until
        row = Row(
            msn=self.msn,
            part=self.part,
            last=last,
            start=int(start / self.layout.rate * VIDEO_TIMESCALE),
            wall=BEGAN + timedelta(seconds=float(start / self.layout.rate)) + self.jump,
            discontinuity=self.discontinuous and self.part == 0,
            slate=self.slate,
            inits={track.name: init_name(track.name, self.generation) for track in self.layout.tracks},
            pieces={track.name: self._piece(track, count, sound) for track in self.layout.tracks},
        )
        self.discontinuous = self.discontinuous and self.part != 0
        self.msn, self.part = (self.msn + 1, 0) if last else (self.msn, self.part + 1)
        return row

    def _piece(self, track: Track, frames: int, sound: int) -> Piece:
        is_video = track.kind == "video"
        duration = round(frames / self.layout.rate * VIDEO_TIMESCALE) if is_video else sound * AUDIO_FRAME
        half = len(self.layout.part_frames) // 2
        return Piece(duration, not is_video or self.part % half == 0, body_of(track.name, self.msn, self.part))

    def rows(self, count: int) -> Iterator[Row]:
        """The next rows."""
        return (self.row() for _ in range(count))

    def cut(self, *, new_init: bool = True, gap_s: float = 0, slate: bool = False) -> None:
        """A run ends here, in the middle of a segment or not: the next row begins a segment, discontinuous."""
        if self.part:
            self.msn, self.part = self.msn + 1, 0
        self.discontinuous = True
        self.slate = slate
        self.generation += new_init
        self.jump += timedelta(seconds=gap_s)

    def inits(self) -> dict[tuple[str, str], bytes]:
        """The inits of the present generation by track and name."""
        return {
            (track.name, init_name(track.name, self.generation)): init_body(track.name, self.generation)
            for track in self.layout.tracks
        }
