"""Following a room while it is on air."""

from pathlib import Path

from server.media.slidematch.live import LiveCue, LiveMatch
from tests.server.media.slidematch.looks import beside, speaker, text_page, write_deck


def test_changes_are_told_within_two_seconds(tmp_path: Path) -> None:
    pages = [text_page(seed) for seed in (1, 2, 3)]
    match = LiveMatch(write_deck(pages, tmp_path))
    order = [None] * 3 + [0] * 5 + [1] * 5 + [None] * 4 + [2] * 4
    told: list[LiveCue] = []
    for at, index in enumerate(order):
        cue = match.push(speaker(at) if index is None else beside(pages[index], at), at * 1000)
        told += [cue] if cue is not None else []
    assert [cue.page for cue in told] == [None, 1, 2, None, 3]
    truth = [0, 3_000, 8_000, 13_000, 17_000]
    assert all(0 <= cue.decided_ms - at <= 2_000 for cue, at in zip(told, truth, strict=True))
    assert [cue.start_ms for cue in told] == truth
    assert match.regions()
