"""Chunks cover a recording without gap or overlap, on the segment grid, short ones first."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media.chunks import SEGMENT_MS, plan_chunks


@given(st.integers(1, 10 * 3600 * 1000), st.integers(1, 700_000))
def test_chunks_tile_the_recording(duration_ms: int, chunk_ms: int) -> None:
    chunks = plan_chunks(duration_ms, chunk_ms)
    assert chunks[0].start_ms == 0 and chunks[-1].end_ms == duration_ms
    for before, after in pairwise(chunks):
        assert before.end_ms == after.start_ms
        assert after.first_segment == before.first_segment + before.segment_count
    for position, chunk in enumerate(chunks):
        assert chunk.position == position
        assert chunk.start_ms % SEGMENT_MS == 0 and chunk.start_ms == chunk.first_segment * SEGMENT_MS
        assert chunk.duration_ms > 0


def test_the_first_ones_are_short() -> None:
    lengths = [chunk.duration_ms for chunk in plan_chunks(600_000)]
    assert lengths[:4] == [4_000, 8_000, 16_000, 60_000]
    assert lengths[-1] == 32_000


def test_a_short_rest_joins_the_chunk_before() -> None:
    assert [chunk.end_ms for chunk in plan_chunks(90_000)] == [4_000, 12_000, 28_000, 90_000]


def test_borders_are_exact_ticks() -> None:
    _first, chunk = plan_chunks(9_001)
    assert chunk.borders(90_000) == [360_000, 720_000, 810_090]


def test_nothing_has_no_chunks() -> None:
    with pytest.raises(ValueError, match="0 ms"):
        plan_chunks(0)
