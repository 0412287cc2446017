"""Looks at a live stream as it comes, part by part, and decodes as little of it as will do.

Of a group of pictures the keyframe is looked at, every two seconds. Pictures behind it are decoded only when a packet
is so large that something must have changed (then the very picture in which it did, and the last of the part), or while
it is not decided yet what is shown. So a change is mostly known with the part that has it, half a second long.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import av
import av.error
import numpy as np
from av.video.codeccontext import VideoCodecContext

from server.media.boxes import BadBox
from server.media.fmp4_read import FragmentReader, Init, Sample
from server.media.live import VIDEO_TIMESCALE
from server.media.slidematch.gradients import Gray
from server.media.slidematch.live import LiveCue, LiveMatch
from server.media.slidematch.live_parts import LivePart, Told
from server.media.slidematch.read import PLANES, SPIKE_OF_KEY, SPIKE_OF_USUAL

DECODERS = {"avc1": "h264"}
TICKS_A_MS = VIDEO_TIMESCALE // 1000
US_A_MS = 1000
KEPT_TIMES = 200


@dataclass(slots=True)
class Group:
    """Pictures from a keyframe on, as far as they came: packets, their sizes, media time and wall time in ms and µs."""

    sizes: list[int] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    times: list[tuple[int, int]] = field(default_factory=list)
    fed: int = 0


def pictures_to_look_at(
    sizes: Sequence[int], first: int, before: Sequence[int], *, is_undecided: bool
) -> tuple[int, ...]:
    """Which pictures of a part are worth a look. `sizes` are the packets of the group so far, its keyframe first;
    those from `first` on are new. `before`: packets of the group before it, without its keyframe. Pure."""
    wanted = [0] if first == 0 else []
    usual = float(np.percentile([*before, *sizes[1:]], 90)) if len(before) + len(sizes) > 1 else 0.0
    least = max(SPIKE_OF_KEY * sizes[0], SPIKE_OF_USUAL * usual)
    changed = next((at for at in range(max(1, first), len(sizes)) if sizes[at] > least), None)
    if changed is not None:
        wanted.append(changed)
    if changed is not None or (is_undecided and len(sizes) > max(1, first)):
        wanted.append(len(sizes) - 1)
    return tuple(dict.fromkeys(wanted))


class Eye:
    """One room's. `take` every part that there is; where some are missing it waits for the next keyframe."""

    def __init__(self, match: LiveMatch) -> None:
        self.match = match
        self.looked = 0
        self._init = b""
        self._head: Init | None = None
        self._context: VideoCodecContext | None = None
        self._group: Group | None = None
        self._before: Sequence[int] = ()
        self._next = -1
        self._walls: dict[int, tuple[int, int]] = {}  # ms that were looked at → media time (ticks), wall time (µs)

    def take(self, part: LivePart) -> list[Told]:
        """The cues that begin, mostly none. What cannot be read is passed over."""
        if not part.is_key and (self._group is None or part.number != self._next):
            self._group = None
            return []
        try:
            samples = self._samples(part)
        except BadBox:
            samples = []
        if not samples:
            self._group = None
            return []
        first = self._add(part, samples)
        assert self._group is not None
        wanted = pictures_to_look_at(self._group.sizes, first, self._before, is_undecided=self.match.is_undecided)
        told = [self._look(index, frame) for index, frame in self._decode(self._group, wanted)]
        return [self._told(cue) for cue in told if cue is not None]

    def _samples(self, part: LivePart) -> list[Sample]:
        """The part's coded pictures; another init is another decoder. Raises BadBox."""
        reader = FragmentReader()
        fragments = reader.feed(part.init + part.data)
        if part.init != self._init or self._head is None:
            self._init, self._head = part.init, reader.init
            self._context = _open_decoder(reader.init)
        return [sample for fragment in fragments for sample in fragment.samples]

    def _add(self, part: LivePart, samples: Sequence[Sample]) -> int:
        """The pictures to their group; the index of the first of them."""
        if part.is_key or self._group is None:
            self._before = self._group.sizes[1:] if self._group is not None else ()
            self._group = Group()
            if self._context is not None:
                self._context.flush_buffers()
        self._next = part.number + 1
        first = len(self._group.sizes)
        begin_ms, scale = part.start / TICKS_A_MS, self._head.timescale if self._head else VIDEO_TIMESCALE
        for sample in samples:
            into_ms = (sample.pts - samples[0].pts) * 1000 / scale
            self._group.times.append((round(begin_ms + into_ms), part.wall_us + round(into_ms * US_A_MS)))
            self._group.samples.append(sample)
            self._group.sizes.append(len(sample.data))
        return first

    def _decode(self, group: Group, wanted: Sequence[int]) -> list[tuple[int, Gray]]:
        """These pictures; each packet is decoded once, and only up to the last one that is wanted."""
        context, found = self._context, {}
        if context is None or not wanted:
            return []
        for index in range(group.fed, wanted[-1] + 1):
            found.update(_frames(context, _packet(group.samples[index], index), wanted))
        group.fed = wanted[-1] + 1
        if wanted[-1] not in found:
            # A decoder that holds pictures back is emptied, and begins anew with the keyframe when more is wanted.
            found.update(_frames(context, None, wanted))
            context.flush_buffers()
            group.fed = 0
        return sorted(found.items())

    def _look(self, index: int, picture: Gray) -> LiveCue | None:
        assert self._group is not None
        at_ms, wall_us = self._group.times[index]
        if self._walls and at_ms <= next(reversed(self._walls)):
            return None
        self.looked += 1
        self._walls[at_ms] = (at_ms * TICKS_A_MS, wall_us)
        while len(self._walls) > KEPT_TIMES:
            del self._walls[next(iter(self._walls))]
        return self.match.push(picture, at_ms)

    def _told(self, cue: LiveCue) -> Told:
        at, wall_us = self._walls.get(cue.start_ms) or self._walls[cue.decided_ms]
        return Told(at=at, wall_us=wall_us, page=cue.page, confidence=cue.confidence)


def _open_decoder(init: Init | None) -> VideoCodecContext | None:
    """For the pictures of this init; None when they are of a kind that is not looked at."""
    if init is None or init.codec.kind not in DECODERS:
        return None
    context = av.CodecContext.create(DECODERS[init.codec.kind], "r")
    assert isinstance(context, VideoCodecContext)
    context.extradata = init.codec.config
    context.thread_count = 1
    context.options = {"skip_loop_filter": "all", "flags": "low_delay"}
    return context


def _packet(sample: Sample, index: int) -> Any:
    packet = av.Packet(bytes(sample.data))
    packet.pts = packet.dts = index
    return packet


def _frames(context: VideoCodecContext, packet: Any, wanted: Sequence[int]) -> dict[int, Gray]:
    """The wanted ones of the pictures that come out, by index; a damaged packet gives none."""
    try:
        frames = context.decode(packet)
    except (av.error.FFmpegError, EOFError):
        return {}
    return {frame.pts: _plane(frame) for frame in frames if frame.pts is not None and frame.pts in wanted}


def _plane(frame: Any) -> Gray:
    if frame.format.name in PLANES:
        plane = frame.planes[0]
        view = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: frame.height, : frame.width]
        return np.ascontiguousarray(view)
    return np.asarray(frame.to_ndarray(format="gray"), dtype=np.uint8)
