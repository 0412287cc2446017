"""What a request for a live playlist, or a part, is to be answered: now, later, or not at all (RFC 8216bis 6.2.5).

Pure: nothing here waits or knows HTTP; `origin_routes` does what is decided here.
"""

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from urllib.parse import unquote_plus

from server.media.live import PARTS_A_SEGMENT, TARGET_DURATION_S
from server.media.live_timeline import LiveTimeline

LONGEST_WAIT_S = 3 * TARGET_DURATION_S  # 6.2.5.2: a request held longer is answered 503
# Another web process may be two rows ahead of this one: what it listed is waited for, but not for long.
SHORT_WAIT_S = 1.0
_AHEAD = 2
_WHOLE = re.compile(r"[0-9]{1,15}")


class Verdict(Enum):
    """What to do with a request."""

    NOW = "answer at once"
    WAIT = "answer when `target` is there"
    BAD = "400"
    MISSING = "404"


@dataclass(frozen=True, slots=True)
class Target:
    """The media a request waits for: a whole segment, or one of its parts or anything after it."""

    msn: int
    part: int | None = None

    def is_there(self, timeline: LiveTimeline) -> bool:
        """Whether the timeline has come so far. A part past a closed segment's end is the first of the next."""
        msn, part = timeline.end
        if self.msn != msn:
            return self.msn < msn
        last = timeline.last
        is_closed = last is not None and last.closed
        if self.part is None:
            return is_closed
        # Of a closed segment whose parts nobody knows any more it is known that it had as many as any
        return self.part <= (PARTS_A_SEGMENT - 1 if is_closed and part < 0 else part)


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict on a request; `skip` when a delta update is wanted, `hinted` when the playlist promises it."""

    verdict: Verdict
    target: Target | None = None
    skip: bool = False
    hinted: bool = True

    @property
    def wait_s(self) -> float:
        """How long to wait at most."""
        return LONGEST_WAIT_S if self.hinted else SHORT_WAIT_S


BAD = Decision(Verdict.BAD)
NOW = Decision(Verdict.NOW)
SKIP = Decision(Verdict.NOW, skip=True)
MISSING = Decision(Verdict.MISSING)


@dataclass(frozen=True, slots=True)
class Directives:
    """What a query asks for (6.2.5): a target to wait for, a delta update; `bad` when it cannot be meant."""

    target: Target | None = None
    skip: bool = False
    bad: bool = False


@lru_cache(maxsize=512)
def read_directives(query: bytes) -> Directives:
    """The delivery directives of a query; what else stands there is not ours. A room of viewers sends the same one."""
    if b"_HLS_" not in query:
        return Directives()
    pairs = (pair.partition("=") for pair in query.decode("latin-1").split("&"))
    found = {unquote_plus(name): unquote_plus(value) for name, _, value in pairs if name.startswith("_HLS_")}
    skip = found.get("_HLS_skip") in ("YES", "v2")
    msn, part = found.get("_HLS_msn"), found.get("_HLS_part")
    if msn is None:
        return Directives(skip=skip, bad=part is not None)
    if not _WHOLE.fullmatch(msn) or (part is not None and not _WHOLE.fullmatch(part)):
        return Directives(bad=True)
    return Directives(Target(int(msn), None if part is None else int(part)), skip)


def decide_playlist(asked: Directives, timeline: LiveTimeline) -> Decision:
    """How a playlist request is answered."""
    if timeline.ended:
        return NOW
    if asked.bad or (asked.target is not None and _too_far(asked.target, timeline)):
        return BAD
    if asked.target is None:
        return SKIP if asked.skip else NOW
    verdict = Verdict.NOW if asked.target.is_there(timeline) else Verdict.WAIT
    return Decision(verdict, asked.target, asked.skip)


def _too_far(target: Target, timeline: LiveTimeline) -> bool:
    """Beyond the last segment plus two, or the last part by more than the Advance Part Limit (6.2.5.2)."""
    msn, part = timeline.end
    last = timeline.last
    last_whole = msn if last is None or last.closed else msn - 1
    if target.msn > last_whole + 2:
        return True
    if target.part is None or target.msn < msn:
        return False
    return target.part - (part if target.msn == msn else -1) > timeline.advance_limit


def decide_part(msn: int, part: int, timeline: LiveTimeline) -> Decision:
    """How a request for a part is answered: the hinted one, and those another process may have listed, are waited for.

    Anything else that is not there is missing.
    """
    last_msn, last_part = timeline.end
    segment = timeline.find(msn)
    if segment is not None and part < len(segment.parts):
        return NOW
    if timeline.ended:
        return MISSING
    last = timeline.last
    growing = last is not None and not last.closed
    if msn == last_msn and growing:
        distance = part - last_part
    elif msn == last_msn + 1:
        distance = part + 1 + (1 if growing else 0)
    else:
        return MISSING
    if distance > _AHEAD:
        return MISSING
    return Decision(Verdict.WAIT, Target(msn, part), hinted=distance == 1)


def decide_segment(msn: int, timeline: LiveTimeline) -> Decision:
    """How a request for a whole segment is answered: one that is growing may be whole in another process already."""
    segment = timeline.find(msn)
    if segment is not None and segment.closed:
        return NOW
    if segment is not None and not timeline.ended:
        return Decision(Verdict.WAIT, Target(msn), hinted=False)
    return MISSING
