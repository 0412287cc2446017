"""What was mended while reading, collected: alike ones are counted, and never more than people would read."""

from dataclasses import dataclass

from server.sessions.formats.form import Note

MOST_OF_A_CODE = 20
MOST_WHERE = 120


@dataclass(slots=True)
class _Said:
    where: str
    count: int = 1


class Notes:
    """Collects notes. The same sentence again only raises its count; of one code at most 20 sentences are kept."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], _Said] = {}
        self._sentences: dict[str, int] = {}
        self._more: dict[str, int] = {}

    def add(self, code: str, says: str, where: str = "") -> None:
        """Note that something was mended at `where` (a title, a part of the file)."""
        before = self._said.get((code, says))
        if before is not None:
            before.count += 1
        elif self._sentences.get(code, 0) >= MOST_OF_A_CODE:
            self._more[code] = self._more.get(code, 0) + 1
        else:
            self._sentences[code] = self._sentences.get(code, 0) + 1
            self._said[code, says] = _Said(where[:MOST_WHERE])

    def all(self) -> tuple[Note, ...]:
        """The notes in the order they were first made; what was too many of a code is said at the end."""
        notes = [Note(code=code, says=says, where=at.where, count=at.count) for (code, says), at in self._said.items()]
        more = [Note(code=code, says=f"{count} more of this kind.", count=count) for code, count in self._more.items()]
        return tuple(notes + more)
