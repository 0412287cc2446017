"""Publishes rows in real time, as ingest would, and writes down when. A process of its own, ended by SIGTERM."""

import asyncio
import json
import sys
import time
from pathlib import Path

from msgspec import structs

from server.core.live_bus import Bus
from server.live.rows import Meta
from server.live.window import Window
from server.media.live import Piece, Row
from tests.server.live.synthetic import Timeline, layout_of

# Half a second of 5, 2.5 and 0.2 Mbit/s (a slide), and of the sound. Behind nginx viewers fetch the lowest rung: the
# bytes of a higher one would measure this machine's loopback and the generator, not what serves them.
BYTES = {"1080p": 312_000, "720p": 156_000, "360p": 12_000, "audio": 4_000}


def heavy(row: Row) -> Row:
    """The row with pieces of a real size."""
    pieces = {
        track: Piece(piece.duration, piece.independent, bytes(BYTES[track])) for track, piece in row.pieces.items()
    }
    return structs.replace(row, pieces=pieces)


async def feed(asked: dict[str, str], published: Path) -> None:
    """One row every half second, for ever; what left the window counts as archived."""
    layout = layout_of("30/1", (1080, 720, 360))
    bus = Bus(asked["redis_url"])
    meta = Meta(room_id=asked["room"], event_id="bench", broadcast_id=asked["broadcast"], layout=layout, window_s=60)
    window, timeline = Window(bus, meta=meta), Timeline(layout)
    resumed = await window.open()
    if resumed.last is not None:
        timeline.msn, timeline.frames = resumed.last.msn + 1, 60 * resumed.last.msn * 2
        timeline.discontinuous = True
    for (track, name), data in timeline.inits().items():
        window.add_init(track, name, data)
    due = time.monotonic()
    with published.open("a") as file:
        while True:
            row = heavy(timeline.row())
            await asyncio.sleep(max(due - time.monotonic(), 0))
            due += 0.5
            moment = time.monotonic()
            await window.append(row)
            file.write(f"{row.msn} {row.part} {moment}\n")
            file.flush()
            if row.last and row.msn > 20:
                window.release(row.msn - 20)


if __name__ == "__main__":
    asyncio.run(feed(json.loads(sys.argv[1]), Path(sys.argv[2])))
