"""What the rows say of a recording."""

from server.recordings.assemble import Standing, judge


def _judged(done: list[bool], *, has_audio: bool = True, audio_ms: int = 0, audio_complete: bool = False) -> Standing:
    chunks = [(n * 10_000, (n + 1) * 10_000, flag) for n, flag in enumerate(done)]
    return judge(
        chunks=chunks,
        has_audio=has_audio,
        audio_ms=audio_ms,
        audio_complete=audio_complete,
        duration_ms=len(done) * 10_000 or 40_000,
    )


def test_nothing_is_playable_before_picture_and_sound_are_there() -> None:
    assert _judged([False] * 4, audio_ms=8000).playable_ms == 0
    assert _judged([True, False, False, False]).playable_ms == 0


def test_playable_up_to_the_first_hole_of_either() -> None:
    assert _judged([True, True, False, True], audio_complete=True).playable_ms == 20_000
    assert _judged([True, True, False, True], audio_ms=12_000).playable_ms == 12_000


def test_silent_picture_needs_no_sound() -> None:
    standing = _judged([True, False], has_audio=False)
    assert standing.playable_ms == 10_000 and not standing.complete
    assert _judged([True, True], has_audio=False).complete


def test_sound_alone_is_a_recording() -> None:
    standing = judge(chunks=[], has_audio=True, audio_ms=8000, audio_complete=False, duration_ms=40_000)
    assert (standing.playable_ms, standing.complete) == (8000, False)
    assert judge(chunks=[], has_audio=True, audio_ms=0, audio_complete=True, duration_ms=40_000).complete


def test_progress_never_says_done_too_early_and_rises() -> None:
    shares = [_judged([n < done for n in range(4)], audio_ms=10_000 * done).progress for done in range(5)]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] <= 1
    standing = _judged([True] * 4, audio_ms=39_000)
    assert not standing.complete and standing.progress < 1
    assert _judged([True] * 4, audio_complete=True) == Standing(playable_ms=40_000, progress=1.0, complete=True)
