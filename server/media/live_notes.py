"""What an encoding ffmpeg says of its input while it runs, as observations. Pure: lines in, what is known out.

Lines come from two places: `-progress` (blocks of name=value, each ended by progress=…), and the messages of the
detectors that live_command puts into the graph. All times are seconds of the run.
"""

import re
from collections import deque
from contextlib import suppress

import msgspec

# Speed and lost pictures are those of the last seconds, not since the start.
RECENT_S = 10.0
ENOUGH_S = 3.0
# "silence_start: 4.2", "lavfi.freezedetect.freeze_end: 9", "lavfi.black_start=3.5"
MARK = re.compile(r"\b(silence|freeze|black)_(start|end)[:=] ?(-?\d+(?:\.\d+)?)")
ERROR = re.compile(r"\[(?:error|fatal|panic)\]")


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What is known by now.

    `media_s`: how far the encoders are. `speed`: media seconds a second, None as long as too little ran. `decoded_fps`:
    pictures that came out of the decoder a second of media; `dropped_frames`: how many fewer in the last ten seconds
    than the input's frame rate promises. `black_s`, `frozen_s`, `silence_s`: for how long it has been so, 0 when it is
    not. `errors`: messages of level error since the run began.
    """

    media_s: float = 0.0
    speed: float | None = None
    decoded_fps: float | None = None
    dropped_frames: int = 0
    black_s: float = 0.0
    frozen_s: float = 0.0
    silence_s: float = 0.0
    errors: int = 0


class _Moment(msgspec.Struct, frozen=True):
    """One block of progress: when it came, media seconds encoded, pictures decoded."""

    at_s: float
    media_s: float
    decoded: int


class Notes:
    """Collects what one run says. `expected_fps` is the frame rate that the input claims, 0 when it does not."""

    def __init__(self, expected_fps: float = 0.0) -> None:
        self._expected_fps = expected_fps
        self._block: dict[str, str] = {}
        self._moments: deque[_Moment] = deque()
        self._since: dict[str, float] = {}
        self._errors = 0

    def feed_progress(self, line: str, at_s: float) -> None:
        """One line of the progress output, read at a monotonic time. ffmpeg 9 writes N/A before anything is out."""
        name, _, value = line.partition("=")
        if name != "progress":
            self._block[name] = value.strip()
            return
        block, self._block = self._block, {}
        with suppress(KeyError, ValueError):
            # The time jumps to and fro between outputs.
            media_s = max(int(block["out_time_us"]) / 1_000_000, self._moments[-1].media_s if self._moments else 0.0)
            self._moments.append(_Moment(at_s, media_s, int(block.get("frame", 0))))
        while len(self._moments) > 2 and self._moments[1].at_s <= at_s - RECENT_S:
            self._moments.popleft()

    def feed_message(self, line: str) -> None:
        """One line of stderr."""
        self._errors += bool(ERROR.search(line))
        for what, which, time in MARK.findall(line):
            if which == "start":
                self._since.setdefault(what, max(0.0, float(time)))
            else:
                self._since.pop(what, None)

    def observed(self) -> Observed:
        """What is known by now."""
        if not self._moments:
            return Observed(errors=self._errors)
        first, last = self._moments[0], self._moments[-1]
        passed, media, decoded = last.at_s - first.at_s, last.media_s - first.media_s, last.decoded - first.decoded
        lost = round(media * self._expected_fps) - decoded
        return Observed(
            media_s=last.media_s,
            speed=round(media / passed, 3) if passed >= ENOUGH_S and media > 0 else None,
            decoded_fps=round(decoded / media, 2) if media > 0 and decoded > 0 else None,
            # Two pictures of difference are the moments at which it was asked.
            dropped_frames=lost if self._expected_fps and decoded and lost > 2 else 0,
            black_s=self._lasts("black", last.media_s),
            frozen_s=self._lasts("freeze", last.media_s),
            silence_s=self._lasts("silence", last.media_s),
            errors=self._errors,
        )

    def _lasts(self, what: str, now_s: float) -> float:
        since = self._since.get(what)
        return max(0.0, now_s - since) if since is not None else 0.0
