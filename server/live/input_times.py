"""An encoder's timestamps made continuous: its clock may step, wrap or jump back, the stream's must not.

Pure: a timestamp and the moment it came in, the time to write out. The rules:

- What comes out begins at START_MS, runs as the encoder's clock runs, and never goes back within a kind (times in RTMP
  are decoding times, so B-frames do not disturb that).
- A step back of more than 0.3 s, or ahead of more than 1 s for which no wall time has passed, is the clock's and is
  taken out: pictures and sound are shifted alike. A gap for which wall time has passed is a real one and stays.
- Wall time lags and jitters (a network that stalls, then delivers all at once), so "has passed" is asked of the whole
  stream: a step is real as long as it does not bring the media further ahead of the wall than it has been.
"""

from dataclasses import dataclass, field

START_MS = 1000  # room for a kind that begins a little earlier than the first message
BACK_MS = 300
AHEAD_MS = 1000
_FORGET = 0.02  # of the passing wall time: an encoder's slow clock must not save up room for a step
_USUAL_STEP_MS = 40


@dataclass(slots=True)
class _Kind:
    """What is remembered of the pictures, or of the sound."""

    raw: int  # unwrapped
    out: int
    shift: int
    at_s: float
    step_ms: int = _USUAL_STEP_MS


@dataclass(slots=True)
class InputTimes:
    """One connection's clock. `jumps` counts the steps that were taken out."""

    jumps: int = 0
    _kinds: dict[str, _Kind] = field(default_factory=dict)
    _head: int = START_MS
    _first_at_s: float | None = None
    _furthest_ms: float = 0.0  # how far media has been ahead of the wall
    _at_s: float = 0.0

    def place(self, kind: str, timestamp: int, now_s: float) -> int:
        """Where a message of a kind stands on the outgoing clock, in ms.

        `timestamp` is the encoder's, in ms modulo 2**32; `now_s` the moment it came in, monotonic.
        """
        last = self._kinds.get(kind)
        if last is None:
            last = self._begin(kind, timestamp, now_s)
            out = max(0, last.out)
        else:
            last.raw += _signed(timestamp - last.raw)
            out = self._judge(kind, last, now_s)
            step = out - last.out
            if 0 < step <= BACK_MS:
                last.step_ms = step
            out = max(out, last.out + 1)
        last.out, last.at_s = out, now_s
        self._note(out, now_s)
        return out

    def _begin(self, kind: str, timestamp: int, now_s: float) -> _Kind:
        """The first message of a kind: on the other kind's clock if it is near to it, else beside it."""
        other = next(iter(self._kinds.values()), None)
        if other is None:
            self._first_at_s = self._at_s = now_s
            made = _Kind(timestamp, START_MS, START_MS - timestamp, now_s)
        else:
            raw = other.raw + _signed(timestamp - other.raw)
            out = raw + other.shift
            if not -AHEAD_MS <= out - self._head <= AHEAD_MS:
                out = self._head
                self.jumps += 1
            made = _Kind(raw, out, out - raw, now_s)
        self._kinds[kind] = made
        return made

    def _judge(self, kind: str, last: _Kind, now_s: float) -> int:
        """The time by the shift that fits; a new shift when none does."""
        elapsed_ms = (now_s - last.at_s) * 1000
        earliest = last.out + last.step_ms
        latest = earliest + elapsed_ms
        shifts = [last.shift, *(other.shift for name, other in self._kinds.items() if name != kind)]
        # After a step the other kind's messages come on the old clock, then on the new one: the nearer one is meant.
        shift = min(shifts, key=lambda each: _outside(last.raw + each, earliest, latest))
        out = last.raw + shift
        if self._is_step(out, last, now_s):
            out = last.out + (round(elapsed_ms) if elapsed_ms > AHEAD_MS else last.step_ms)
            shift = out - last.raw
            self.jumps += 1
        last.shift = shift
        return out

    def _is_step(self, out: int, last: _Kind, now_s: float) -> bool:
        if out < last.out - BACK_MS:
            return True
        return out > self._head + AHEAD_MS and self._ahead_ms(out, now_s) > self._furthest_ms + AHEAD_MS

    def _ahead_ms(self, out: int, now_s: float) -> float:
        """How far the media is ahead of the wall, counted from the first message."""
        return out - START_MS - (now_s - (self._first_at_s or 0.0)) * 1000

    def _note(self, out: int, now_s: float) -> None:
        self._head = max(self._head, out)
        forgotten = min(now_s - self._at_s, 1.0) * 1000 * _FORGET
        self._furthest_ms = max(self._furthest_ms - forgotten, self._ahead_ms(self._head, now_s))
        self._at_s = now_s


def _outside(value: float, low: float, high: float) -> float:
    """How far a value is from a span."""
    return max(low - value, value - high, 0)


def _signed(difference: int) -> int:
    """A difference of 32-bit clocks as the shorter way round."""
    return (difference + 0x80000000) % 0x100000000 - 0x80000000
