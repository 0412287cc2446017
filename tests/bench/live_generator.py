"""Simulated low-latency viewers: raw HTTP/1.1 over connections kept open, in one process, a protocol object each.

Prints one JSON object: how late the answers came after their rows, how many there were, how many failed.
"""

import asyncio
import json
import re
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

PARTS = 8
_LENGTH = re.compile(rb"content-length: *(\d+)", re.I)
_HINT = re.compile(r'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="(\d+)\.(\d+)\.m4s"')


@dataclass
class Figures:
    """What all viewers saw together."""

    answers: list[tuple[int, int, float]] = field(default_factory=list)  # msn, part, when it was there
    parts: int = 0
    failed: int = 0
    bytes: int = 0


class Line(asyncio.Protocol):
    """One connection that asks for a playlist's next state, again and again (and for the part, when wanted)."""

    def __init__(self, base: str, track: str, place: tuple[int, int], figures: Figures, *, parts: bool) -> None:
        self.base, self.track, self.place, self.figures, self.parts = base, track, place, figures, parts
        self.buffer, self.left, self.in_body, self.wants_part = bytearray(), 0, False, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.WriteTransport = transport  # type: ignore[assignment]
        self.ask()

    def ask(self) -> None:
        msn, part = self.place
        name = f"{msn}.{part}.m4s" if self.wants_part else f"index.m3u8?_HLS_msn={msn}&_HLS_part={part}&_HLS_skip=YES"
        path = f"{self.base}/{self.track}/{name}"
        self.transport.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        self.figures.bytes += len(data)
        if not self.in_body:
            self.buffer += data
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            length = _LENGTH.search(self.buffer, 0, end)
            if not self.buffer.startswith(b"HTTP/1.1 200") or length is None:
                self.figures.failed += 1
                self.transport.close()
                return
            self.left, self.in_body = int(length[1]) - (len(self.buffer) - end - 4), True
        else:
            self.left -= len(data)
        if self.left <= 0:
            self.answered()

    def answered(self) -> None:
        self.buffer.clear()
        self.in_body = False
        if self.wants_part:
            self.figures.parts += 1
            self.wants_part = False
            self.step()
        else:
            self.figures.answers.append((*self.place, time.monotonic()))
            self.wants_part = self.parts
            if not self.parts:
                self.step()
        self.ask()

    def step(self) -> None:
        msn, part = self.place
        self.place = (msn, part + 1) if part + 1 < PARTS else (msn + 1, 0)


async def next_place(port: int, base: str) -> tuple[int, int]:
    """What comes next, from the playlist's hint."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {base}/audio/index.m3u8 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    text = (await reader.read()).decode()
    writer.close()
    found = _HINT.search(text)
    assert found, text[-2000:]
    return int(found[1]), int(found[2])


async def view(asked: dict[str, object], published: Path) -> dict[str, float]:
    """All viewers together for the time asked; then what it was like, without the first seconds."""
    base, ports, viewers = str(asked["base"]), list(asked["ports"]), int(str(asked["viewers"]))  # type: ignore[call-overload]
    seconds, figures, loop = float(str(asked["seconds"])), Figures(), asyncio.get_running_loop()
    lines: list[Line] = []
    for number in range(viewers):
        place = await next_place(ports[0], base) if number % 100 == 0 else lines[-1].place
        for track in ("360p", "audio"):
            line = Line(base, track, place, figures, parts=bool(asked["parts"]))
            await loop.create_connection(lambda line=line: line, "127.0.0.1", ports[number % len(ports)])  # type: ignore[misc]
            lines.append(line)
    begin = time.monotonic() + 3
    await asyncio.sleep(3 + seconds)
    moments = {
        (int(msn), int(part)): float(moment)
        for msn, part, moment in (row.split() for row in published.read_text().splitlines())
    }
    late = sorted(
        at - moments[msn, part]
        for msn, part, at in figures.answers
        if moments.get((msn, part), 0) > begin and (msn, part) in moments
    )
    assert late, "no answer came"
    expected = 2 * viewers * sum(1 for moment in moments.values() if begin < moment < begin + seconds - 1)
    return {
        "p50_s": round(late[len(late) // 2], 4),
        "p99_s": round(late[int(len(late) * 0.99)], 4),
        "worst_s": round(late[-1], 4),
        "answers_per_s": round(len(late) / seconds, 1),
        "expected": expected,
        "answers": len(late),
        "parts": figures.parts,
        "failed": figures.failed + max(0, expected - len(late)),
        "mbit_per_s": round(figures.bytes * 8 / (seconds + 3) / 1e6, 1),
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(view(json.loads(sys.argv[1]), Path(sys.argv[2])))))  # noqa: T201 -- its result
