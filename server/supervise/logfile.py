"""A log file that starts anew when it is full, keeping a few old ones."""

from collections import deque
from pathlib import Path
from typing import BinaryIO


class LogFile:
    """Appends bytes to `path`; at `max_bytes` it becomes `path.1`, and so on up to `path.<keep>`."""

    def __init__(self, path: Path, *, max_bytes: int = 10 * 1024 * 1024, keep: int = 3) -> None:
        self.path = path
        self._max_bytes, self._keep = max_bytes, keep
        self._file: BinaryIO = path.open("ab", buffering=0)
        self._size_bytes = self._file.tell()
        self._tail: deque[str] = deque(maxlen=8)

    def write(self, line: bytes) -> None:
        """Append one line. A full disk loses log lines, never the process that wrote them."""
        self._tail.append(line.decode(errors="replace").rstrip())
        try:
            if self._size_bytes + len(line) > self._max_bytes:
                self._turn()
            self._file.write(line)
            self._size_bytes += len(line)
        except OSError:
            return

    def tail(self) -> str:
        """The last lines written by this process's life."""
        return "\n".join(self._tail)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _turn(self) -> None:
        """Move every file one number up, dropping the oldest, and start a new one."""
        self._file.close()
        for number in range(self._keep, 0, -1):
            older = self.path.with_name(f"{self.path.name}.{number}")
            newer = self.path.with_name(f"{self.path.name}.{number - 1}") if number > 1 else self.path
            if newer.exists():
                newer.replace(older)
        self._file = self.path.open("ab", buffering=0)
        self._size_bytes = 0
