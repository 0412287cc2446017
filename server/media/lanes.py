"""The frames of one track of the present run that are not in a row yet."""

import hashlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from server.media.fmp4 import presented_at, require_same_codec
from server.media.fmp4_codec import Codec
from server.media.fmp4_read import Init, Sample
from server.media.fmp4_write import write_init
from server.media.live import AUDIO_FRAME, AUDIO_RATE, Track
from server.media.silence import SILENT_CODEC, SILENT_FRAME

# No input leaves a hole longer than this: the run would have been ended before.
MOST_SILENCE_FRAMES = 30 * AUDIO_RATE // AUDIO_FRAME


class BadRun(ValueError):
    """The encoder's output is not what was ordered; the run must end, the broadcast goes on."""

    code = "live.bad_run"


@dataclass(frozen=True, slots=True)
class Frame:
    """A coded frame: a picture, or 1,024 samples of sound."""

    is_sync: bool
    data: memoryview = field(repr=False)


SILENCE = Frame(True, memoryview(SILENT_FRAME))


class _Lane:
    """What both kinds have: the codec of the run, the frames that wait, and how many came since the run began."""

    def __init__(self, track: Track, rate: Fraction) -> None:
        self.track = track
        self.name = track.name
        self.received = 0
        self.init_name = ""
        self.init_bytes = b""
        self._rate = rate
        self._codec: Codec | None = None
        self._waiting: deque[Frame] = deque()

    def begin(self) -> None:
        """A new run: nothing of the one before is left, and the codec may be another."""
        self._waiting.clear()
        self._codec = None
        self.received = 0

    def take(self, count: int) -> list[Frame]:
        """The next frames, which must be there."""
        return [self._waiting.popleft() for _ in range(count)]

    def _see_codec(self, codec: Codec) -> None:
        if self._codec is codec:
            return
        if self._codec is not None:
            try:
                require_same_codec(self._codec, codec)
            except ValueError as error:
                raise BadRun(f"the codec of {self.name} changed within a run: {error}") from error
            return
        self._codec = codec
        self.init_bytes = write_init(codec, self.track.timescale)
        self.init_name = f"init-{hashlib.sha256(self.init_bytes).hexdigest()[:12]}.mp4"


class VideoLane(_Lane):
    """Pictures, one a tick of the frame rate."""

    def push(self, init: Init, samples: Sequence[Sample]) -> None:
        """Take the next frames in order; a hole or a frame between ticks is a BadRun."""
        self._see_codec(init.codec)
        for sample in samples:
            place = presented_at(init, sample) * self._rate
            if abs(place - self.received) >= Fraction(1, 2):
                seconds = float(place / self._rate)
                raise BadRun(
                    f"frame {self.received} of {self.name} is at {seconds:.3f} s of the run: frames are missing"
                )
            self._waiting.append(Frame(sample.is_sync, sample.data))
            self.received += 1

    @property
    def starts_with_keyframe(self) -> bool:
        """Whether the next frame can be decoded alone."""
        return bool(self._waiting) and self._waiting[0].is_sync

    def border(self, frames: int) -> int:
        """The frames before a border."""
        return frames

    def ticks(self, frames: int) -> int:
        """Where that frame starts, in ticks from the run's begin."""
        return _rounded(frames * self.track.timescale * self._rate.denominator, self._rate.numerator)


class AudioLane(_Lane):
    """Sound in AAC frames on the run's clock; holes are silence. `is_away`: none is expected, have silence at once."""

    def __init__(self, track: Track, rate: Fraction) -> None:
        super().__init__(track, rate)
        self.is_away = False

    def push(self, init: Init, samples: Sequence[Sample]) -> None:
        """Take the next frames in order. Priming (before 0) and what comes after its place was filled is left out."""
        if init.codec.sample_rate != AUDIO_RATE:
            raise BadRun(f"the sound of {self.name} has {init.codec.sample_rate} Hz, {AUDIO_RATE} are expected")
        self._see_codec(init.codec)
        self.is_away = self.is_away and not samples
        shift = _shift(init)
        for sample in samples:
            place = _rounded((sample.pts + shift) * AUDIO_RATE, AUDIO_FRAME * init.timescale)
            if place < self.received:
                continue
            if place - self.received > MOST_SILENCE_FRAMES:
                raise BadRun(f"the sound of {self.name} jumps to {place * AUDIO_FRAME / AUDIO_RATE:.1f} s of the run")
            self.fill(place)
            self._waiting.append(Frame(True, sample.data))
            self.received += 1

    def fill(self, frames: int) -> None:
        """Silence up to that frame."""
        if self.received < frames and self._codec is None:
            self._see_codec(SILENT_CODEC)
        while self.received < frames:
            self._waiting.append(SILENCE)
            self.received += 1

    def border(self, frames: int) -> int:
        """The AAC frame that starts nearest to where the picture of that number does."""
        return nearest_audio_frame(frames, self._rate)

    def ticks(self, frames: int) -> int:
        """Where that AAC frame starts, in ticks from the run's begin."""
        return frames * AUDIO_FRAME


def nearest_audio_frame(frames: int, rate: Fraction) -> int:
    """The AAC frame whose start is nearest to that of a picture, both counted from 0 at the same moment."""
    return _rounded(frames * AUDIO_RATE * rate.denominator, rate.numerator * AUDIO_FRAME)


def _rounded(above: int | Fraction, below: int) -> int:
    """The whole number nearest to a quotient; a half goes up."""
    return int((2 * above + below) // (2 * below))


def _shift(init: Init) -> int | Fraction:
    """Ticks from a sample's own time to the time it is presented at: whole ones, as ffmpeg writes them."""
    shift = init.shift * init.timescale
    return shift.numerator if shift.denominator == 1 else shift
