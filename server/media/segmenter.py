"""Coded frames in, rows out: the parts and segments of a broadcast, all tracks at once (docs/contributors/live.md).

    segmenter = Segmenter(layout)
    segmenter.begin(wall, slate=False)
    rows = segmenter.push("720p", init, samples)        # as often as frames come, any track in any order
    rows = segmenter.end()                              # the run is over; the next one may begin

**Time.** Pictures are placed by counting them: the encoder gives exactly one for each tick of the layout's frame rate,
the first at 0. Sound is placed by its own time, in whole AAC frames. Both are anchored to the media time reached when
the run began, in integers and fractions, so nothing drifts however long a broadcast lasts.

**Sound follows pictures.** A part of sound holds the AAC frames that start nearest to the borders of the pictures.
Frames that do not come are replaced by silence: at once when the run has no sound, else once sound is `PATIENCE_S`
behind. The pictures decide where a run ends; the last frame of sound is as long as it takes to end there too.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction

from server.media.fmp4_read import Init, Sample
from server.media.fmp4_write import TimedSample, write_segment
from server.media.lanes import AudioLane, BadRun, VideoLane
from server.media.live import AUDIO_FRAME, AUDIO_RATE, PARTS_A_SEGMENT, VIDEO_TIMESCALE, Layout, Piece, Row

__all__ = ["MOST_AHEAD_S", "PATIENCE_S", "BadRun", "Segmenter"]

# How long sound may stay behind pictures before it is taken for missing. Encoders interleave within half a second.
PATIENCE_S = Fraction(3, 2)
_LEAST_STEP = timedelta(milliseconds=1)  # as exact as dates in playlists are
# A track this far before the slowest one means that one is stuck.
MOST_AHEAD_S = 10


class Segmenter:
    """Cuts one broadcast.

    `start` is the media time already reached (90 kHz ticks), `next_msn` the number of the next segment, `wall` the
    moment up to which there is media: with those a restarted process goes on, in a new segment (only there sound may
    leave, or cover, half a frame). `inits` has the bytes of each init by track and name once it is used.
    """

    def __init__(self, layout: Layout, *, next_msn: int = 1, start: int = 0, wall: datetime | None = None) -> None:
        self.layout = layout
        self.next_msn = next_msn
        self.inits: dict[tuple[str, str], bytes] = {}
        self._videos = [VideoLane(track, layout.rate) for track in layout.tracks if track.kind == "video"]
        self._audios = [AudioLane(track, layout.rate) for track in layout.tracks if track.kind == "audio"]
        lanes: list[VideoLane | AudioLane] = [*self._videos, *self._audios]
        self._lanes = {lane.name: lane for lane in lanes}
        self._wall: datetime | None = None
        self._earliest = wall  # the wall clock of a broadcast goes on from segment to segment
        self._slate = False
        self._broken: BadRun | None = None
        # Where the present run began; how many frames of it are in rows (AAC frames when there are no pictures); how
        # far that is on the grid; the next part of the present segment.
        self._base = start
        self._at = self._grid = self._part = 0
        # Where each track's last chunk ended, in its own ticks.
        self._ends: dict[str, int] = {}

    @property
    def media_end(self) -> int:
        """The media time reached by the rows given out, in 90 kHz ticks."""
        return self._base + self._elapsed(self._at)

    @property
    def is_running(self) -> bool:
        """True between `begin` and `end`."""
        return self._wall is not None

    def begin(self, wall: datetime, *, slate: bool, silent: bool = False) -> None:
        """A run begins at `wall`, with a new segment. `silent`: no sound will come, have silence there at once.

        What was captured before the newest row began (an encoder that took long to be ready while the slate went on)
        gets the moment just after that: dates that go back would mislead players and every cut by the clock.
        """
        if self._wall is not None:
            raise RuntimeError("end the run before the next one begins")
        wall = max(wall, self._earliest or wall)
        for lane in self._lanes.values():
            lane.begin()
        for audio in self._audios:
            audio.is_away = silent
        self._wall, self._slate, self._broken = wall, slate, None
        self._at = self._grid = self._part = 0

    def push(self, track: str, init: Init, samples: Sequence[Sample]) -> list[Row]:
        """The next frames of one track; the rows that are complete with them. Raises BadRun: then `end` the run."""
        if self._wall is None:
            raise RuntimeError("begin a run before frames are pushed")
        if self._broken is not None:
            raise self._broken
        if track not in self._lanes:
            raise BadRun(f"the broadcast has no track '{track}'")
        try:
            self._lanes[track].push(init, samples)
        except BadRun as error:
            # What came before the bad frame is good; `end` gives it out.
            self._broken = error
            raise
        return self._complete_rows()

    def end(self) -> list[Row]:
        """The run is over: what is complete, then one last row, perhaps shorter, of what every track has.

        When it ends exactly where a part does, there is no further row, and the one before does not say `last`: that
        the segment is closed is then said by the next segment's number.
        """
        if self._wall is None:
            return []
        rows: list[Row] = []
        with contextlib.suppress(BadRun):
            for audio in self._audios:
                audio.is_away = True
            rows += self._complete_rows()
            left = min(lane.received for lane in self._videos or self._audios)
            if left > self._at and self._is_ready(left):
                rows.append(self._row(left, ends_run=True))
        self._base = self.media_end
        self._at = self._grid = self._part = 0
        self._wall = None
        return rows

    def _complete_rows(self) -> list[Row]:
        """All complete rows. An error behind some of them is told at the next call: those are not lost for it."""
        rows: list[Row] = []
        try:
            while self._is_ready(end := self._next_border()):
                rows.append(self._row(end))
            self._check_nobody_is_stuck()
        except BadRun as error:
            self._broken = error
            if not rows:
                raise
        return rows

    def _next_border(self) -> int:
        grid = self._grid + self.layout.part_frames[self._part]
        return grid if self._videos else self._audios[0].border(grid)

    def _is_ready(self, end: int) -> bool:
        if any(video.received < end for video in self._videos):
            return False
        ready = True
        for audio in self._audios:
            needed = self._place(audio, end)
            if audio.received < needed and self._videos and self._is_missing(audio):
                audio.is_away = True
                audio.fill(needed)
            ready = ready and audio.received >= needed
        return ready

    def _is_missing(self, audio: AudioLane) -> bool:
        seen = min(video.received for video in self._videos) / self.layout.rate
        return audio.is_away or seen - Fraction(audio.received * AUDIO_FRAME, AUDIO_RATE) > PATIENCE_S

    def _check_nobody_is_stuck(self) -> None:
        reached = {video.name: video.received / self.layout.rate for video in self._videos}
        reached |= {audio.name: Fraction(audio.received * AUDIO_FRAME, AUDIO_RATE) for audio in self._audios}
        slowest, fastest = min(reached, key=reached.__getitem__), max(reached, key=reached.__getitem__)
        if reached[fastest] - reached[slowest] > MOST_AHEAD_S:
            raise BadRun(f"{slowest} stays more than {MOST_AHEAD_S} s behind {fastest}")

    def _row(self, end: int, *, ends_run: bool = False) -> Row:
        """The row from where the last one ended to `end`; nothing is changed when it cannot be made."""
        assert self._wall is not None
        for video in self._videos:
            if self._part == 0 and not video.starts_with_keyframe:
                raise BadRun(f"a segment of {video.name} starts without a keyframe")
        row_start, elapsed = self.media_end, self._elapsed(self._at)
        row = Row(
            msn=self.next_msn if self._part == 0 else self.next_msn - 1,
            part=self._part,
            last=ends_run or self._part == PARTS_A_SEGMENT - 1,
            start=row_start,
            wall=self._wall + timedelta(microseconds=round(Fraction(elapsed * 1_000_000, VIDEO_TIMESCALE))),
            discontinuity=self._at == 0 and self.next_msn > 1,
            slate=self._slate,
            inits={name: lane.init_name for name, lane in self._lanes.items()},
            pieces={name: self._piece(lane, end, ends_run) for name, lane in self._lanes.items()},
        )
        self.inits |= {(name, lane.init_name): lane.init_bytes for name, lane in self._lanes.items()}
        self._earliest = row.wall + _LEAST_STEP
        self._grid += self.layout.part_frames[self._part]
        self._part = (self._part + 1) % PARTS_A_SEGMENT
        self._at = end
        self.next_msn = row.msn + 1
        return row

    def _piece(self, lane: VideoLane | AudioLane, end: int, ends_run: bool) -> Piece:
        """One CMAF chunk: the lane's frames up to the border `end`, the last of them lasting to exactly there."""
        place = self._place(lane, self._at)
        frames = lane.take(self._place(lane, end) - place)
        base = _rescaled(self._base, lane.track.timescale)
        samples = [
            TimedSample(base + lane.ticks(place + number), 0, frame.is_sync, frame.data)
            for number, frame in enumerate(frames)
        ]
        if self._at == 0 and lane.name in self._ends:
            # A run that ended on a border left sound up to half a frame before or behind it: the first one makes up.
            samples[0] = replace(samples[0], pts=self._ends[lane.name])
        until = base + lane.ticks(place + len(frames))
        if ends_run:
            until = _rescaled(self._base + self._elapsed(end), lane.track.timescale)
        self._ends[lane.name] = until
        return Piece(
            duration=until - samples[0].pts,
            independent=samples[0].is_sync,
            data=write_segment(samples, until, self._sequence(), is_first_chunk=self._part == 0),
        )

    def _sequence(self) -> int:
        """The fragment's number (mfhd): rises over the whole broadcast, and over a restart, too."""
        msn = self.next_msn if self._part == 0 else self.next_msn - 1
        return (msn - 1) * PARTS_A_SEGMENT + self._part + 1

    def _place(self, lane: VideoLane | AudioLane, frames: int) -> int:
        """How many of the lane's own frames are before a border given as `_at` counts them."""
        return lane.border(frames) if self._videos else frames

    def _elapsed(self, frames: int) -> int:
        """Ticks of 90 kHz from the run's begin to that border."""
        lane = (self._videos or self._audios)[0]
        return round(Fraction(lane.ticks(frames) * VIDEO_TIMESCALE, lane.track.timescale))


def _rescaled(ticks: int, timescale: int) -> int:
    """A time of 90 kHz ticks in another timescale."""
    return round(Fraction(ticks * timescale, VIDEO_TIMESCALE))
