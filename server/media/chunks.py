"""How a recording's time is divided: 4 s segments, and chunks of whole segments that are encoded one by one.

Recording time starts at 0 where the earliest of the source's streams starts. Segment n starts at n × 4 s exactly, in
every rung. Pure arithmetic.
"""

import msgspec

SEGMENT_MS = 4_000
# The first chunks are short so that there is something to watch soon (with EXT-X-START at zero one segment is enough
# for a player to start; each next one is ready before that is over when encoding takes half the time of playing),
# the others long: every chunk costs a process start and the decoding of up to two groups of pictures before it.
FIRST_CHUNKS_MS = (4_000, 8_000, 16_000)
CHUNK_MS = 60_000
# Where the container has no index, reaching a chunk means reading all before it; then few chunks are better.
CHUNK_WITHOUT_INDEX_MS = 600_000


class Chunk(msgspec.Struct, frozen=True):
    """The range [start_ms, end_ms) of recording time; its first segment is number `first_segment` of the recording."""

    position: int
    start_ms: int
    end_ms: int
    first_segment: int

    @property
    def duration_ms(self) -> int:
        """How long it is."""
        return self.end_ms - self.start_ms

    @property
    def segment_count(self) -> int:
        """How many segments it has; the last one of a recording may be shorter than 4 s."""
        return -(-self.duration_ms // SEGMENT_MS)

    def borders(self, timescale: int) -> list[int]:
        """Where its segments start, and last where it ends, in ticks of `timescale`."""
        starts = range(self.start_ms, self.end_ms, SEGMENT_MS)
        return [time_ms * timescale // 1000 for time_ms in (*starts, self.end_ms)]


def plan_chunks(duration_ms: int, chunk_ms: int = CHUNK_MS) -> list[Chunk]:
    """All chunks of a recording in time order. `chunk_ms` is rounded down to whole segments.

    A rest shorter than a quarter of a chunk is added to the chunk before it.
    """
    if duration_ms <= 0:
        raise ValueError(f"a recording of {duration_ms} ms has no chunks")
    usual_ms = max(SEGMENT_MS, chunk_ms - chunk_ms % SEGMENT_MS)
    chunks: list[Chunk] = []
    start_ms = 0
    while start_ms < duration_ms:
        position = len(chunks)
        wanted_ms = min(FIRST_CHUNKS_MS[position], usual_ms) if position < len(FIRST_CHUNKS_MS) else usual_ms
        end_ms = start_ms + wanted_ms
        if duration_ms - end_ms < wanted_ms // 4:
            end_ms = duration_ms
        chunks.append(Chunk(position, start_ms, end_ms, start_ms // SEGMENT_MS))
        start_ms = end_ms
    return chunks
