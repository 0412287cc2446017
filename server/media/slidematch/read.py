"""Pictures of a recording for little CPU: keyframes always, what is between them only when it matters.

Decoding every picture of an hour of 1080p took 200-370 CPU-seconds (H.264, libav, one thread), the keyframes alone 5-8.
So packets are read once, kept until the next keyframe, and decoded again from their own keyframe when the caller asks
for it: the two keyframes show different pages, or a large packet between them says that something happened. A
recording with no keyframe for long is decoded as it comes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import av
import av.error
import numpy as np

from server.media.slidematch.gradients import Gray
from server.media.slidematch.pages import resize, shrink
from server.media.slidematch.watch import PICTURE_SIDE
from server.media.source_info import VideoStream

# Keyframes nearer than that to the one before are ordinary pictures here (intra-only codecs).
KEY_SPACING_MS = 900
# A stretch without a keyframe is decoded piece by piece when it gets longer than this.
LONGEST_MS = 12_000
LONGEST_BYTES = 48 << 20
# Pictures between keyframes are kept this far apart.
STEP_MS = 150
TINY_WIDTH = 192
# A plane of so many pixels is kept as it is until somebody looks at it: the lines of our own renditions.
KEPT_PIXELS = 1280 * 720
# A packet that says that something changed: beside its keyframe, and beside what nine of ten packets stay below. On
# films of all layouts, stretches in which nothing happened were at 1.0 to 1.8 of the usual, cuts at 2.1 and more.
SPIKE_OF_KEY, SPIKE_OF_USUAL = 0.1, 2.0
# Packets are not in order of time: reading ends so long after the end.
BEYOND_MS = 1_000
PLANES = frozenset({"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "gray"})


@dataclass(slots=True)
class Picture:
    """One decoded picture: `plane` is its luma. `tiny` and `passed` (time and tiny picture of each decoded picture
    between this and the next one kept) are there to find the picture in which something changed."""

    at_ms: int
    plane: Gray
    video: VideoStream
    tiny: Gray
    passed: list[tuple[int, Gray]] = field(default_factory=list)
    _gray: Gray | None = None

    @property
    def gray(self) -> Gray:
        """The picture as it is shown, at most PICTURE_SIDE large. Made when it is asked for: most never are."""
        if self._gray is None:
            self._gray = upright(self.plane, self.video)
        return self._gray

    @property
    def seen(self) -> Gray:
        """What there is of it already, to tell cuts by: two of one reader are alike in size."""
        return self.plane if self.plane.size else self.gray


@dataclass(slots=True)
class Stretch:
    """Packets from a keyframe (or, when `is_continued`, from where the last stretch ended) up to the next.

    `must_open`: too long to wait for the next keyframe. `has_more`: that one is still to come.
    """

    packets: list[Any] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    start_ms: int = 0
    end_ms: int = 0
    size: int = 0
    is_continued: bool = False
    must_open: bool = False
    has_more: bool = False

    def add(self, packet: Any, at_ms: int) -> None:
        """Take the next packet."""
        self.packets.append(packet)
        self.times.append(at_ms)
        self.end_ms = max(self.end_ms, at_ms)
        self.size += packet.size

    def is_long(self) -> bool:
        """True when it should not grow further."""
        return self.end_ms - self.start_ms > LONGEST_MS or self.size > LONGEST_BYTES

    def has_spike(self, after_ms: int = -1) -> bool:
        """True when a packet is far larger than the others and not small beside the keyframe, or is one: a change.
        Packets up to `after_ms` are left out."""
        sizes = np.array([packet.size for packet in self.packets[1:]])
        late = np.array(self.times[1:]) > after_ms
        if len(sizes) < 2 or not late.any():
            return False
        # An encoder puts a keyframe where the picture changes; one so soon after another is no ordinary one.
        keys = np.array([packet.is_keyframe for packet in self.packets[1:]])
        if (keys & late).any() and not keys.all():
            return True
        usual = float(np.percentile(sizes, 90))
        largest = sizes[late].max()
        return bool(largest > SPIKE_OF_KEY * self.packets[0].size and largest > SPIKE_OF_USUAL * usual)


class Reader:
    """Reads one video stream. Times are ms since `origin_us`."""

    def __init__(self, container: Any, video: VideoStream, origin_us: int) -> None:
        self._container = container
        self._stream = container.streams[video.index]
        self._video = video
        self._origin_us = origin_us
        self._now: Stretch | None = None
        # A tick in microseconds, as a fraction: there are too many packets for Fractions.
        tick = self._stream.time_base * 1_000_000
        self._ticks = (int(tick.numerator), int(tick.denominator))
        self._context = self._stream.codec_context
        self._context.thread_count = 1
        # Blocks' edges at a third of the size are nothing that a page is told by.
        self._context.options = {"skip_loop_filter": "all"}

    def read(self, start_ms: int, end_ms: int) -> Iterator[Picture | Stretch]:
        """Keyframes as pictures, each followed by the stretch before it. A stretch that must be opened comes as soon as
        it ends, since it may go on in the decoder's state."""
        self._seek(start_ms)
        for packet in self._container.demux(self._stream):
            time = packet.pts if packet.pts is not None else packet.dts
            if time is None:
                continue
            at_ms = self._ms(time)
            if at_ms > end_ms + BEYOND_MS:
                break
            if packet.is_keyframe and (self._now is None or at_ms - self._now.start_ms >= KEY_SPACING_MS):
                yield from self._begin(packet, at_ms)
            if self._now is not None:
                self._now.add(packet, at_ms)
                if self._now.is_long():
                    yield self._cut(at_ms)
        if self._now is not None:
            self._now.must_open = True
            yield self._now

    def _begin(self, packet: Any, at_ms: int) -> Iterator[Picture | Stretch]:
        before, self._now = self._now, Stretch(start_ms=at_ms, end_ms=at_ms)
        if before is not None and before.must_open:
            yield before
        picture = self._decode_key(packet, at_ms)
        if picture is not None:
            yield picture
        else:
            self._now.must_open = True
        if before is not None and not before.must_open:
            before.end_ms = at_ms
            before.must_open = picture is None
            yield before

    def _cut(self, at_ms: int) -> Stretch:
        assert self._now is not None
        before, self._now = self._now, Stretch(start_ms=at_ms, end_ms=at_ms, is_continued=True, must_open=True)
        before.must_open = before.has_more = True
        return before

    def reread(self, start_ms: int, end_ms: int) -> Stretch | None:
        """What is between two times, once more: from the keyframe before. None when times cannot be reached here."""
        if self._video.seek == "scan":
            return None
        self._seek(start_ms)
        stretch: Stretch | None = None
        for packet in self._container.demux(self._stream):
            time = packet.pts if packet.pts is not None else packet.dts
            if time is None:
                continue
            at_ms = self._ms(time)
            if stretch is None:
                stretch = Stretch(start_ms=at_ms, end_ms=at_ms, must_open=True)
            if at_ms > end_ms + BEYOND_MS or stretch.size > LONGEST_BYTES:
                break
            stretch.add(packet, at_ms)
        return stretch

    def decode(self, stretch: Stretch, is_enough: Callable[[Picture], bool] | None = None) -> list[Picture]:
        """The pictures of a stretch, STEP_MS apart, in order of time; to its end or to the one that `is_enough`."""
        if not stretch.is_continued:
            self._context.flush_buffers()
        pictures: list[Picture] = []
        for packet in [*stretch.packets, *([] if stretch.has_more else [None])]:
            for frame in self._frames(packet):
                at_ms = self._ms(frame.pts) if frame.pts is not None else None
                if at_ms is None or (pictures and at_ms <= pictures[-1].at_ms):
                    continue
                plane = self._plane(frame)
                if not pictures or at_ms - pictures[-1].at_ms >= STEP_MS:
                    pictures.append(self._keep(at_ms, plane))
                    if is_enough is not None and is_enough(pictures[-1]):
                        self._context.flush_buffers()
                        return pictures
                else:
                    pictures[-1].passed.append((at_ms, tiny_of(plane)))
        if not stretch.has_more:
            self._context.flush_buffers()
        return pictures

    def _seek(self, start_ms: int) -> None:
        if start_ms <= 0 and self._now is None:
            return
        target = (max(0, start_ms) * 1000 + self._origin_us) / 1_000_000 / self._stream.time_base
        try:
            self._container.seek(int(target), backward=True, stream=self._stream)
        except av.error.FFmpegError:
            self._container.seek(0)

    def _decode_key(self, packet: Any, at_ms: int) -> Picture | None:
        self._context.flush_buffers()
        frames = [*self._frames(packet), *self._frames(None)]
        self._context.flush_buffers()
        if not frames:
            return None
        plane = self._plane(frames[0])
        return self._keep(at_ms, plane)

    def _keep(self, at_ms: int, plane: Gray) -> Picture:
        """A copy, the decoder needs its own again; large ones are made small at once."""
        if plane.size > KEPT_PIXELS:
            none = np.empty((0, 0), np.uint8)
            return Picture(at_ms, none, self._video, tiny_of(plane), _gray=upright(plane, self._video))
        return Picture(at_ms, np.array(plane, order="C"), self._video, tiny_of(plane))

    def _frames(self, packet: Any) -> list[Any]:
        try:
            return list(self._context.decode(packet))
        except (av.error.FFmpegError, EOFError):
            # Damage in the middle of a recording: what can be decoded goes on behind it.
            return []

    def _ms(self, pts: int) -> int:
        return (pts * self._ticks[0] - self._origin_us * self._ticks[1]) // (1000 * self._ticks[1])

    def _plane(self, frame: Any) -> Gray:
        if frame.format.name in PLANES:
            plane = frame.planes[0]
            return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: frame.height, : frame.width]
        return np.asarray(frame.to_ndarray(format="gray"), dtype=np.uint8)


def upright(plane: Gray, video: VideoStream) -> Gray:
    """The luma of a picture as it is shown, with square pixels, at most PICTURE_SIDE large."""
    turned = video.rotation % 180 != 0
    shown = (video.display_height, video.display_width) if turned else (video.display_width, video.display_height)
    gray = plane
    if abs(gray.shape[1] / gray.shape[0] / (shown[0] / shown[1]) - 1) > 0.01:
        gray = np.asarray(resize(gray, shown), dtype=np.uint8)
    gray = shrink(np.ascontiguousarray(gray), PICTURE_SIDE)
    if video.rotation % 360:
        gray = np.rot90(gray, k=round(video.rotation / 90) % 4)
    if video.mirrored:
        gray = gray[:, ::-1]
    return np.array(gray, dtype=np.uint8, order="C")


def tiny_of(plane: Gray) -> Gray:
    """Single pixels of the plane, TINY_WIDTH of them or a few more across: there are many pictures."""
    step = max(1, plane.shape[1] // TINY_WIDTH)
    return np.array(plane[::step, ::step])
