"""What a recording cut from a broadcast lists of the broadcast's archive; as JSON in `Recording.plan["live"]`."""

from collections.abc import Mapping
from typing import Any

import msgspec

from server.live.storage_keys import broadcast_prefix
from server.recordings.models import Recording

LIVE = "live"
BROADCAST = "broadcast"  # the kind of such a recording's source


class LiveList(msgspec.Struct, frozen=True, kw_only=True):
    """The listed segments and the exact borders.

    `generation` is the one that is made of them; `runs` are [first, last] numbers of segments that follow one another;
    `clip` are the talk's borders in the playlist's time, in 90 kHz ticks. `wanted` are the stretches' borders as
    wall times: when they are as before, a better encode made for them stays.
    """

    broadcast: str
    generation: int
    runs: tuple[tuple[int, int], ...]
    clip: tuple[int, int]
    wanted: tuple[tuple[str, str], ...]
    complete: bool

    def lists(self, msn: int) -> bool:
        """Whether the segment of this number belongs to it."""
        return any(first <= msn <= last for first, last in self.runs)

    @property
    def prefix(self) -> str:
        """Where the archive is stored."""
        return broadcast_prefix(self.broadcast)


def live_of(plan: Mapping[str, Any]) -> LiveList | None:
    """The list of a recording's plan; None when it is no cut of a broadcast."""
    return msgspec.convert(plan[LIVE], LiveList) if plan.get(LIVE) else None


def shown_live(recording: Recording) -> LiveList | None:
    """The list when its segments are what viewers see now; None for uploads, and once a better encode is shown."""
    found = live_of(recording.plan)
    return found if found is not None and found.generation == recording.generation else None


def with_live(plan: Mapping[str, Any], live: LiveList) -> dict[str, Any]:
    """The plan with this list."""
    return {**plan, LIVE: msgspec.to_builtins(live)}


def newest_generation(recording: Recording) -> int:
    """The highest number any generation had: a number is never used twice, since its old objects may yet be removed."""
    return max(recording.generation, recording.next_generation or 0, int(recording.plan.get("newest", 0)))


def take_generation(recording: Recording) -> int:
    """A number no generation had."""
    number = newest_generation(recording) + 1
    recording.plan = {**recording.plan, "newest": number}
    return number
