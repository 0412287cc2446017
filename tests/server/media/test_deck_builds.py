"""Pages that are build steps of one slide, and pages that only look like it."""

import io
from pathlib import Path

from PIL import Image, ImageDraw

from server.media.deck_builds import MOST_STEPS, group_pages, labels_tell
from server.media.deck_draw import Drawn, compare
from server.media.deck_pages import DeckPage, PictureStep, Word
from server.media.deck_read import read_deck
from tests.server.media.deck_files import Page, Pdf, box, text

SAME = PictureStep(lost=0.0, gained=0.0, kept=0.1)
GREW = PictureStep(lost=0.0, gained=0.05, kept=0.1)
OTHER = PictureStep(lost=0.06, gained=0.05, kept=0.02)


def page(number: int, title: str = "", lines: str = "", label: str = "") -> DeckPage:
    words: list[Word] = [
        (0.1, y / 10, 0.1 + len(word) / 50, y / 10 + 0.05, word)
        for y, word in enumerate([*title.split(), *lines.split()], start=1)
    ]
    text = f"{title}\n{lines}".strip()
    return DeckPage(
        number=number,
        label=label,
        title=title,
        text=text,
        words=words,
        width_px=1600,
        height_px=900,
        large="l",
        small="s",
    )


def slides(pages: list[DeckPage], *steps: PictureStep) -> list[int]:
    return group_pages(pages, [None, *steps])


def test_labels_that_repeat_decide() -> None:
    pages = [page(n, f"Title {label}", f"w{n}", label=label) for n, label in enumerate("1223334", start=1)]
    assert slides(pages, *[OTHER] * 6) == [1, 2, 2, 3, 3, 3, 4]


def test_labels_that_never_or_always_repeat_say_nothing() -> None:
    assert not labels_tell([page(n, label=str(n)) for n in range(1, 9)])
    assert not labels_tell([page(n, label="Cover") for n in range(1, 9)])
    assert not labels_tell([page(1, label="1"), page(2, label="1"), page(3, label="")])


def test_frames_without_a_number_are_slides_of_their_own() -> None:
    pages = [
        page(1, "Questions", "and answers", label="7"),
        page(2, "Backup", "quite other things", label="7"),
        page(3, "Backup", "quite other things still", label="7"),
        page(4, "Numbers", "table", label="8"),
    ]
    assert slides(pages, OTHER, GREW, OTHER) == [1, 2, 2, 3]


def test_bullets_that_appear_one_by_one() -> None:
    pages = [page(1, "Plan", "one"), page(2, "Plan", "one two"), page(3, "Plan", "one two three"), page(4, "End", "x")]
    assert slides(pages, GREW, GREW, OTHER) == [1, 1, 1, 2]


def test_words_alone_and_pictures_alone_are_not_enough() -> None:
    results = [page(1, "Results of it", "see below"), page(2, "Results of it", "see below")]
    assert slides(results, OTHER) == [1, 2], "two figures under one title"
    assert slides([page(1, "Plan", "one"), page(2, "Plan", "two one")], GREW) == [1, 2], "words moved"
    assert slides([page(1, "Plan", "one"), page(2, "Other", "one two")], GREW) == [1, 2], "another title"
    assert group_pages(results, [None, None]) == [1, 2], "another shape"


def test_much_text_that_is_said_again_may_have_moved() -> None:
    said = "what one sees of cranes that dance in spring"
    pages = [
        page(1, "Cranes", said),
        page(2, "Cranes", f"first {said} and more"),
        page(3, "Storks", f"{said} and more"),
    ]
    assert slides(pages, OTHER, OTHER) == [1, 1, 2]
    assert slides([page(1, "Cranes", said), page(2, "Cranes", said)], OTHER) == [1, 2], "the same words, other pictures"


def test_a_contents_list_that_goes_on_and_a_running_agenda() -> None:
    contents = [page(1, "Contents", "intro methods"), page(2, "Contents", "results outlook")]
    assert slides(contents, OTHER) == [1, 2]
    agenda = page(1, "Agenda", "intro methods results")
    assert slides([agenda, page(2, "Intro", "what"), agenda], OTHER, OTHER) == [1, 2, 3]


def test_pages_without_words() -> None:
    pages = [page(1), page(2), page(3)]
    assert slides(pages, GREW, GREW) == [1, 1, 1]
    blank = PictureStep(lost=0.0, gained=0.2, kept=0.0)
    logo = PictureStep(lost=0.0, gained=0.3, kept=0.04)
    assert slides(pages, blank, logo) == [1, 2, 3], "a blank page or a logo is a part of everything"


def test_a_page_number_may_change() -> None:
    def numbered(number: int, lines: str) -> DeckPage:
        made = page(number, "Plan", lines)
        return DeckPage(
            number=number, title="Plan", width_px=1600, height_px=900, large="l", small="s", text=made.text,
            words=[*made.words, (0.9, 0.95, 0.95, 0.98, f"{number}/20")],
        )  # fmt: skip

    assert slides([numbered(1, "one"), numbered(2, "one two")], GREW) == [1, 1]


def test_a_slide_does_not_grow_for_ever() -> None:
    pages = [page(n, "Same", "words here") for n in range(MOST_STEPS + 5)]
    assert group_pages(pages, [None, *[SAME] * (MOST_STEPS + 4)])[-1] == 2


def drawn(*boxes: tuple[int, int, int, int], words: list[Word] | None = None) -> Drawn:
    image = Image.new("RGB", (320, 180), (250, 250, 245))
    for one in boxes:
        ImageDraw.Draw(image).rectangle(one, fill=(30, 40, 90))
    out = io.BytesIO()
    image.save(out, "WEBP", quality=80)
    return Drawn.of(Image.open(out).convert("RGB"), words or [])


def test_comparing_pictures() -> None:
    first, second = (20, 20, 100, 40), (20, 60, 100, 80)
    grew = compare(drawn(first), drawn(first, second))
    assert grew is not None and grew.lost < 0.001 and grew.gained > 0.003 and grew.kept > 0.003
    gone = compare(drawn(first, second), drawn(first))
    assert gone is not None and gone.lost > 0.003 and gone.gained < 0.001
    word = [(20 / 320, 20 / 180, 100 / 320, 40 / 180, "word")]
    recoloured = Drawn.of(drawn(first).picture.point(lambda value: min(255, value + 90)), word)
    hidden = compare(drawn(first, words=word), recoloured)
    assert hidden is not None and hidden.lost < 0.001, "the same word in another colour"
    assert compare(drawn(first), Drawn.of(Image.new("RGB", (180, 320)), [])) is None


async def test_builds_of_a_real_pdf(tmp_path: Path) -> None:
    head = text("What we found", 40, 250, 30)
    lines = [text(f"Point number {n} is made", 60, 200 - 40 * n, 18) for n in range(3)]
    count = [text(str(n), 450, 8, 10) for n in range(1, 10)]
    axes = box(40, 40, 300, 2) + box(40, 40, 2, 200)
    pages = [
        *(Page(head + "".join(lines[: n + 1]) + count[n]) for n in range(3)),
        Page(head + axes + box(60, 42, 30, 90) + count[3]),
        Page(head + axes + box(200, 42, 30, 140) + count[4]),
        Page(axes + box(60, 42, 30, 90)),
        Page(axes + box(60, 42, 30, 90) + box(120, 42, 30, 150)),
        Page(box(300, 150, 150, 100)),
    ]
    contents = await read_deck(Pdf(pages).write(tmp_path / "deck.pdf"), "pdf", tmp_path)
    assert [page.slide for page in contents.pages] == [1, 1, 1, 2, 3, 4, 4, 5]
