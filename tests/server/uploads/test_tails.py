"""However small the pieces a file comes in, the tails stay few and the rewriting cheap."""

from hypothesis import given
from hypothesis import strategies as st

from server.uploads.hold import Tail
from server.uploads.store import MANY_TAILS, swallowed

MIB = 1024 * 1024


def grow(sizes: list[int]) -> tuple[int, int]:
    """Keep pieces of these sizes one after another; the most tails there were, and all bytes written."""
    tails: list[int] = []
    most = written = 0
    for size in sizes:
        count = swallowed([Tail(0, tail, "") for tail in tails], size)
        joined = size + sum(tails[len(tails) - count :])
        tails = [*tails[: len(tails) - count], joined]
        most, written = max(most, len(tails)), written + joined
    assert sum(tails) == sum(sizes)
    return most, written


def test_pieces_of_a_mebibyte_are_never_rewritten() -> None:
    assert grow([MIB] * 8) == (8, 8 * MIB)


def test_a_part_in_pieces_of_a_kibibyte() -> None:
    most, written = grow([1024] * 8192)
    assert most <= MANY_TAILS + 1
    assert written <= 8 * 8 * MIB


@given(st.lists(st.integers(min_value=1, max_value=MIB), max_size=400))
def test_never_many(sizes: list[int]) -> None:
    most, written = grow(sizes)
    assert most <= MANY_TAILS + 24
    assert written <= 30 * max(sum(sizes), 1)
