"""What an encoding ffmpeg says about its input while it runs, as observations: pure, line by line.

Two sources: `-progress` (blocks of name=value that end with progress=…) and the messages of the detectors that
live_command puts into the graph. All times are seconds of the run.
"""

import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import msgspec

# Speed and frame rate are those of the last seconds, not since the start.
RECENT_S = 10.0


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What is known by now; None where nothing is (yet).

    `speed`: media seconds encoded per second that passed; `input_fps`: pictures decoded per second of media. `*_since_s`:
    since when it has been black, still, silent, in seconds of the run (each is only said after a while, see
    live_command). `errors`: messages of level error.
    """

    media_s: float = 0.0
    speed: float | None = None
    input_fps: float | None = None
    black_since_s: float | None = None
    frozen_since_s: float | None = None
    silent_since_s: float | None = None
    errors: int = 0


class Notes:
    """Collects observations of one run."""
