"""The demo's drawn media: films that decode whole, decks with a page a slide, letters with their dots."""

from dataclasses import replace
from pathlib import Path

import av
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageStat

from server.demo.deck import make_deck
from server.demo.film import SLIDE_S, film_talk
from server.demo.programme import ITEMS, PEOPLE, ROOMS, TRACKS, filmed
from server.demo.slides import THEMES, draw_slide
from server.demo.voice import speak
from server.media.deck_read import read_deck
from server.media.lettering import write
from tests.clips import ffmpeg_exe


@pytest.mark.ffmpeg
@pytest.mark.parametrize("item", filmed(), ids=lambda item: item.slug)
def test_a_talk_is_filmed_whole(item, tmp_path: Path) -> None:
    short = replace(item, slides=item.slides[:2])
    path = film_talk(short, ffmpeg_exe(), tmp_path, height=180)
    with av.open(str(path)) as film:
        video, audio = film.streams.video[0], film.streams.audio[0]
        assert (video.width, video.height, video.average_rate) == (320, 180, 25)
        assert audio.sample_rate == 48000
        count = sum(1 for _ in film.decode(video))
    assert count == round(SLIDE_S * 2 * 25)
    assert [made.name for made in tmp_path.iterdir()] == [path.name]
    before = path.stat().st_mtime_ns
    assert film_talk(short, ffmpeg_exe(), tmp_path, height=180).stat().st_mtime_ns == before


async def test_a_deck_shows_what_the_film_does_and_has_its_words(tmp_path: Path) -> None:
    item = filmed()[0]
    make_deck(item.slides, THEMES[item.look], tmp_path / "deck.pdf")
    deck = await read_deck(tmp_path / "deck.pdf", "pdf", tmp_path)
    assert [page.title for page in deck.pages] == [slide.title.replace("\n", " ") for slide in item.slides]
    assert [page.slide for page in deck.pages] == list(range(1, len(item.slides) + 1))
    assert [entry.page for entry in deck.outline] == [page.number for page in deck.pages] and deck.warnings == []
    slide, page = item.slides[1], deck.pages[1]
    assert all(line in page.text for line in slide.lines)
    drawn = draw_slide(slide, THEMES[item.look], 1600, 900, number=2)
    with Image.open(tmp_path / page.large) as picture:
        assert picture.size == drawn.size
        difference = ImageChops.difference(picture.convert("RGB"), drawn).convert("L")
    assert ImageStat.Stat(difference).mean[0] < 2
    # Each word stands where its ink is.
    x0, y0, x1, y1, _word = next(word for word in page.words if word[4] == slide.lines[0].split()[0])
    inked = drawn.crop((round(x0 * 1600), round(y0 * 900), round(x1 * 1600), round(y1 * 900))).convert("L")
    assert inked.getextrema()[0] < 60 and x1 - x0 < 0.2


def test_letters_wear_their_dots_and_rings() -> None:
    def ink_above(text: str) -> int:
        image = Image.new("L", (80, 80))
        write(ImageDraw.Draw(image), (10, 10), text, 255, 50)  # type: ignore[arg-type]
        letter = Image.new("L", (80, 80))
        write(ImageDraw.Draw(letter), (10, 10), "a", 255, 50)  # type: ignore[arg-type]
        return sum(image.tobytes()) - sum(letter.tobytes())

    assert ink_above("ä") > 0
    assert ink_above("å") > 0
    assert ink_above("ä") != ink_above("å")


def test_the_voice_says_the_same_again_and_the_mouth_follows() -> None:
    first, again = speak(4, pitch_hz=120, seed=3), speak(4, pitch_hz=120, seed=3)
    assert first == again
    assert len(first.mouth) == 100
    assert max(first.mouth) > 0.8
    assert min(first.mouth) == 0
    assert max(first.samples) > 5000


def test_the_programme_names_only_what_it_has() -> None:
    people = {person.slug for person in PEOPLE}
    for item in ITEMS:
        assert set(item.speakers) <= people
        assert item.room in {slug for slug, *_ in ROOMS}
        assert item.track in {slug for slug, *_ in TRACKS}
    assert (len(ITEMS), len(filmed()), len({item.slug for item in ITEMS})) == (6, 2, 6)
