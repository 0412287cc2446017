"""What the writer of a broadcast holds of it in its own memory, and what Redis must still be told. No Redis here."""

from collections import deque
from dataclasses import dataclass, field

from server.live import rows
from server.live.rows import Head
from server.media.live import Row

# Rows that wait for the archive beyond the window stay in Redis only up to this; they are in ingest's spool anyway.
MOST_STORED_BYTES = 192 * 1024 * 1024


@dataclass(slots=True)
class Stored:
    """A segment of which Redis may hold rows."""

    parts: int = 0
    size_bytes: int = 0

    def add(self, head: Head) -> None:
        """Count one more row."""
        self.parts = head.part + 1
        self.size_bytes += sum(share.size_bytes for share in head.pieces.values())


@dataclass(slots=True)
class Waiting:
    """What Redis must still be told, oldest first. `seed`: the whole memory, for Redis lost what it knew."""

    rows: deque[Row] = field(default_factory=deque)
    inits: dict[str, bytes] = field(default_factory=dict)
    removals: dict[int, int] = field(default_factory=dict)  # msn → its parts
    seed: bool = False
    ending: bool = False

    def __bool__(self) -> bool:
        return bool(self.rows or self.inits or self.removals or self.seed or self.ending)


class Memory:
    """The window's rows, the inits, and the books of what Redis holds."""

    def __init__(self, *, window_s: float, most_bytes: int = MOST_STORED_BYTES) -> None:
        self.kept: deque[Row] = deque()
        self.inits: dict[str, bytes] = {}
        self.last: Head | None = None
        self.closed = False
        self.waiting = Waiting()
        self._stored: dict[int, Stored] = {}
        self._released: set[int] = set()
        self._segments = rows.window_segments(window_s)
        self._most_bytes = most_bytes

    @property
    def edge(self) -> int:
        """The newest segment that has left the window."""
        return self.last.msn - self._segments if self.last else 0

    def resume(self, heads: list[Head]) -> None:
        """Take over the books of an earlier writer."""
        for head in heads:
            self._stored.setdefault(head.msn, Stored()).add(head)
        self.last = heads[-1]

    def parts_of(self, msn: int) -> int:
        """How many parts of a segment Redis may hold."""
        found = self._stored.get(msn)
        return found.parts if found else 0

    def add_init(self, key: str, data: bytes) -> None:
        """One more init; the same again changes nothing."""
        if self.inits.get(key) != data:
            self.inits[key] = self.waiting.inits[key] = data

    def add(self, row: Row) -> None:
        """One more row."""
        self.last = rows.head_of(row)
        self._stored.setdefault(row.msn, Stored()).add(self.last)
        self.kept.append(row)
        self.waiting.rows.append(row)
        self.forget()

    def release(self, msn: int) -> None:
        """The segment is archived."""
        self._released.add(msn)
        self.forget()

    def close(self) -> None:
        """Nothing more comes."""
        self.closed = self.waiting.ending = True
        self.forget()

    def forget(self) -> None:
        """Let go of what has left the window; what was never sent by then is only in the archive."""
        edge = self.edge
        while self.kept and self.kept[0].msn <= edge:
            gone = self.kept.popleft()
            if self.waiting.rows and self.waiting.rows[0] is gone:
                self.waiting.rows.popleft()
                self.waiting.seed = True
        for msn in [number for number in self._released if number <= edge or self.closed]:
            self._released.discard(msn)
            self._remove(msn)
        while sum(stored.size_bytes for stored in self._stored.values()) > self._most_bytes and self.evict():
            pass

    def evict(self) -> bool:
        """Give up Redis's copy of the oldest segment outside the window; False when there is none."""
        oldest = min(self._stored, default=0)
        if not oldest or oldest > self.edge:
            return False
        self._remove(oldest)
        return True

    def _remove(self, msn: int) -> None:
        if stored := self._stored.pop(msn, None):
            self.waiting.removals[msn] = stored.parts
