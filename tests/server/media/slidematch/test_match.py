"""From a film to cues: the whole way through the confined child, and from pictures alone."""

from pathlib import Path

import pytest

from server.media.probe import probe
from server.media.refusals import Refused
from server.media.slidematch.match import match_recording
from server.media.slidematch.results import DeckPage
from tests.slide_films.decks import PageFile, make_deck
from tests.slide_films.films import Film, make_film
from tests.slide_films.timelines import Segment


def deck_pages(files: tuple[PageFile, ...]) -> list[DeckPage]:
    """The pages of a drawn deck as the matcher takes them."""
    return [DeckPage(number=f.number, slide=f.slide, picture=f.picture, text=f.text) for f in files]


def page_at(segments: tuple[Segment, ...], at_ms: int) -> int | None:
    """What is true at a time."""
    return next(one.page for one in segments if one.start_ms <= at_ms < one.end_ms)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    """Twenty seconds of a small talk, slides filling the frame."""
    folder = tmp_path_factory.mktemp("film")
    return make_film(make_deck(3, pages=8), "full", 5, 20, folder, speed=10, width=640, height=360)


async def test_a_recording_becomes_cues_without_holes(film: Film, tmp_path: Path) -> None:
    reached: list[float] = []
    info = await probe(str(film.path))
    found = await match_recording(
        str(film.path), deck_pages(film.pages), info=info, folder=tmp_path, progress=reached.append
    )
    assert found.cues[0].start_ms == 0 and found.cues[-1].end_ms == info.duration_ms
    assert all(one.end_ms == two.start_ms for one, two in zip(found.cues, found.cues[1:], strict=False))
    moments = range(0, film.duration_ms, 40)
    shown = {at: next(cue.page for cue in found.cues if cue.start_ms <= at < cue.end_ms) for at in moments}
    right = sum(shown[at] == page_at(film.truth, at) for at in moments)
    assert right / len(moments) > 0.95
    assert reached == sorted(reached) and reached[-1] <= 1
    assert not list(tmp_path.iterdir())


async def test_a_page_that_cannot_be_read_is_said(film: Film, tmp_path: Path) -> None:
    broken = tmp_path / "page.webp"
    broken.write_bytes(b"RIFF....WEBP")
    info = await probe(str(film.path))
    with pytest.raises(Refused, match="page 4 cannot be read"):
        await match_recording(
            str(film.path), [DeckPage(number=4, slide=1, picture=str(broken))], info=info, folder=tmp_path
        )
