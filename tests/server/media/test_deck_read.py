"""Decks become pages: pictures, words at their places, links, labels, outline, whatever the shape of the page."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from PIL import Image

from server.media.deck_pages import DeckContents, DeckPage
from server.media.deck_read import READER, read_deck
from tests.server.media.deck_files import Page, Pdf, box, letters, text

HEBREW = "שלום עולם 2024 קטן"
TURNS = (0, 90, 180, 270)
# A link to the web, one to the third page, and one that would run a program.
LINKS = (
    "/Annots [<< /Type /Annot /Subtype /Link /Rect [48 150 240 180] /Border [0 0 0] /A << /S /URI /URI "
    "(https://example.org/a?b=c) >> >> << /Type /Annot /Subtype /Link /Rect [240 0 480 30] /Border [0 0 0] "
    "/Dest [104 0 R /Fit] >> << /Type /Annot /Subtype /Link /Rect [0 0 48 30] /Border [0 0 0] /A << /S /Launch /F "
    "(calc.exe) >> >> << /Type /Annot /Subtype /Link /Rect [0 0 48 30] /Border [0 0 0] /A << /S /URI /URI "
    "(javascript:alert\\(1\\)) >> >>]"
)
OUTLINE = (
    "/Outlines 20 0 R /PageLabels << /Nums [0 << /S /r /St 4 >> 1 << /S /D >>] >>",
    {
        20: b"<< /Type /Outlines /First 21 0 R /Last 21 0 R /Count 2 >>",
        21: b"<< /Title (What is measured) /Parent 20 0 R /Dest [100 0 R /Fit] /First 22 0 R /Last 22 0 R >>",
        22: b"<< /Title <FEFF004B00E4006B0069> /Parent 21 0 R /Dest [110 0 R /Fit] >>",
    },
)


def odd_deck() -> Pdf:
    """Pages of every shape. The turned ones are cut by a crop box, and hold one word each."""
    turned = [Page(text("Wxgb", 140, 130, 40), more=f"/Rotate {turn} /CropBox [100 60 420 260]") for turn in TURNS]
    pages = [
        Page(text("What is measured", 48, 240, 36) + text("Words to be found", 48, 160), more=LINKS),
        *turned,
        Page(text("Upright page", 40, 400, 30), size=(300, 480)),
        Page(text("Four to three", 40, 250, 30), size=(400, 300)),
        Page(text("Huge", 4000, 10000, 4000), size=(20_000, 12_500)),
        Page(box(40, 40, 200, 150)),
        Page(
            letters(HEBREW[::-1].replace("4202", "2024"), 40, 200)
            + letters(HEBREW[:9], 400, 150, backwards=True)
            + letters("Hello", 40, 100)
            + letters("םלוע", 140, 100)
        ),
        Page(text("Face that nobody has", 40, 200, 24, "F2")),
        Page(letters("soft\xadhyphen \x01\ud800x", 20, 200) + text("Turn", 2000, 200)),
        Page(text("tiny", 2, 5, 6), size=(20, 12)),
    ]
    return Pdf(pages, *OUTLINE)


@pytest.fixture(scope="module")
async def read(tmp_path_factory: pytest.TempPathFactory) -> tuple[DeckContents, Path, list[float]]:
    folder = tmp_path_factory.mktemp("deck")
    heard: list[float] = []
    path = odd_deck().write(folder / "odd.pdf")
    return await read_deck(path, "pdf", folder, progress=heard.append), folder, heard


Odd = tuple[DeckContents, Path, list[float]]


def ink(folder: Path, page: DeckPage) -> tuple[float, float, float, float]:
    """Where the page's picture is dark, in fractions."""
    with Image.open(folder / page.large) as picture:
        dark = picture.convert("L").point(lambda value: 255 if value < 128 else 0).getbbox()
        assert dark is not None
        return (
            dark[0] / picture.width,
            dark[1] / picture.height,
            dark[2] / picture.width,
            dark[3] / picture.height,
        )


def test_every_page_has_two_pictures_of_its_shape(read: Odd) -> None:
    contents, folder, heard = read
    assert contents.page_count == len(contents.pages) == 13 and contents.warnings == []
    assert heard == sorted(heard) and heard[-1] == 1.0 and len(heard) == 13
    sizes = [(page.width_px, page.height_px) for page in contents.pages]
    assert sizes[0] == (1600, 1000) and sizes[5] == (1000, 1600) and sizes[6] == (1600, 1200)
    assert sizes[1:5] == [(1600, 1000), (1000, 1600), (1600, 1000), (1000, 1600)]
    assert sizes[7] == (1600, 1000), "a page of 20,000 points is scaled, not refused"
    assert sizes[12] == (120, 72), "a tiny page is not blown up"
    for page, size in zip(contents.pages, sizes, strict=True):
        with Image.open(folder / page.large) as large, Image.open(folder / page.small) as small:
            assert (large.format, small.format) == ("WEBP", "WEBP")
            assert large.size == size and max(small.size) == min(320, max(size))
    assert (contents.pages[3].large, contents.pages[3].small) == ("0004-large.webp", "0004-small.webp")


def test_words_stand_where_they_are_seen(read: Odd) -> None:
    contents, folder, _ = read
    places = set()
    for page in contents.pages[1:5]:
        [(x0, y0, x1, y1, word)] = page.words
        left, top, right, bottom = ink(folder, page)
        assert word == "Wxgb"
        assert x0 - 0.01 <= left and y0 - 0.01 <= top and right <= x1 + 0.01 and bottom <= y1 + 0.01
        assert (x1 - x0) * (y1 - y0) < 2.5 * (right - left) * (bottom - top), "no wider than it needs to be"
        places.add((round(left, 1), round(top, 1)))
    assert len(places) == 4, "each turn puts it elsewhere"


def test_text_title_label_and_outline(read: Odd) -> None:
    contents, _, _ = read
    first = contents.pages[0]
    assert (first.title, first.label) == ("What is measured", "iv")
    assert first.text == "What is measured\nWords to be found"
    assert [word[4] for word in first.words] == ["What", "is", "measured", "Words", "to", "be", "found"]
    assert [page.label for page in contents.pages[1:4]] == ["1", "2", "3"]
    assert [(entry.title, entry.page, entry.level) for entry in contents.outline] == [
        ("What is measured", 1, 0),
        ("Käki", 6, 1),
    ]
    assert contents.pages[5].title == "Upright page", "an outline that names something else is no title"
    assert (contents.pages[8].text, contents.pages[8].words, contents.pages[8].title) == ("", [], "")


def test_only_links_that_lead_somewhere_harmless(read: Odd) -> None:
    contents, _, _ = read
    assert contents.pages[0].links == [
        (0.1, 0.4, 0.5, 0.5, "https://example.org/a?b=c"),
        (0.5, 0.9, 1.0, 1.0, 3),
    ]


def test_right_to_left_text_reads_in_its_own_order(read: Odd) -> None:
    contents, _, _ = read
    assert contents.pages[9].text == f"{HEBREW}\n{HEBREW[:9]}\nHello עולם"
    first, second = contents.pages[9].words[:2]
    assert first[4] == "שלום" and first[0] > second[0], "the first word is the rightmost"


def test_a_face_that_is_missing_is_replaced(read: Odd) -> None:
    contents, folder, _ = read
    page = contents.pages[10]
    assert page.text == "Face that nobody has"
    left, _, right, _ = ink(folder, page)
    assert page.words[0][0] - 0.01 <= left and right <= page.words[-1][2] + 0.02


def test_text_is_fit_for_a_database_and_what_is_off_the_page_is_left_out(read: Odd) -> None:
    contents, _, _ = read
    everything = "".join(page.text + page.title for page in contents.pages)
    assert all(char == "\n" or char.isprintable() for char in everything)
    assert contents.pages[11].text == "softhyphen x"


async def test_three_hundred_pages(tmp_path: Path) -> None:
    pages = [Page(text(f"p{number}", 1, 3, 5), size=(16, 10)) for number in range(1, 301)]
    contents = await read_deck(Pdf(pages).write(tmp_path / "deck.pdf"), "pdf", tmp_path)
    assert [page.number for page in contents.pages] == list(range(1, 301))
    assert [page.text for page in contents.pages] == [f"p{number}" for number in range(1, 301)]


async def test_stopping_stops_the_reader(tmp_path: Path) -> None:
    path = Pdf([Page(text("Page", 10, 10), size=(600, 400))] * 500).write(tmp_path / "deck.pdf")
    begun = asyncio.Event()
    reading = asyncio.create_task(read_deck(path, "pdf", tmp_path, progress=lambda _: begun.set()))
    await begun.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert not _readers(path)


async def test_a_reader_that_is_killed_loses_no_page(tmp_path: Path) -> None:
    """By whoever needs the memory: the page it was at is tried again."""
    path = Pdf([Page(text(f"p{number}", 40, 90, 40)) for number in range(16)]).write(tmp_path / "deck.pdf")
    killed: list[int] = []

    def kill(share: float) -> None:
        if share > 0.2 * (1 + len(killed)) and len(killed) < 2:
            killed.append(_readers(path)[0])
            os.kill(killed[-1], signal.SIGKILL)

    contents = await read_deck(path, "pdf", tmp_path, progress=kill)
    assert len(set(killed)) == 2
    assert [page.text for page in contents.pages] == [f"p{number}" for number in range(16)]
    assert contents.warnings == []


def _readers(path: Path) -> list[int]:
    return [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit() and _reads(one, path)]


def _reads(process: Path, path: Path) -> bool:
    try:
        words = (process / "cmdline").read_bytes()
    except OSError:
        return False
    return os.fsencode(READER) in words and os.fsencode(path) in words


@pytest.mark.skipif("SEMMA_SAMPLES" not in os.environ, reason="SEMMA_SAMPLES names no folder of real files")
async def test_real_decks(tmp_path: Path) -> None:
    folder = Path(os.environ["SEMMA_SAMPLES"]) / "slides"
    beamer = await read_deck(folder / "debconf16-beamer.pdf", "pdf", tmp_path)
    assert [page.slide for page in beamer.pages] == [1, 2, 3, 4, 4, 5, 5, 6, 7, 8, 8, *range(9, 18)]
    assert [page.title for page in beamer.pages[:3]] == [
        "GNU/Screen comes to Debian Installer",
        "Outline",
        "Background",
    ]
    turned = await read_deck(folder / "pdfjs-rotation.pdf", "pdf", tmp_path)
    assert [page.width_px > page.height_px for page in turned.pages] == [False, True]
    damaged = await read_deck(folder / "pdfjs-xref_command_missing.pdf", "pdf", tmp_path)
    assert damaged.pages[0].text == "Reduced test-case"
    protected = await read_deck(folder / "pdfjs-empty_protected.pdf", "pdf", tmp_path)
    assert len(protected.pages) == 1, "it opens without a password"
