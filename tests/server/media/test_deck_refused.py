"""Decks that are damaged, sealed, endless or meant to do harm: each gets a result or a sentence."""

import zlib
from pathlib import Path

import pytest

from server.media.deck_pages import DeckContents, DeckLimits, DeckUnreadable
from server.media.deck_read import read_deck
from tests.server.media.deck_files import Page, Pdf, flat_picture, stream, text

FINE = Page(text("Fine", 2, 5, 6), size=(20, 12))


async def look(folder: Path, content: bytes, kind: str = "pdf", **limits: float) -> DeckContents:
    path = folder / f"deck.{kind}"
    path.write_bytes(content)
    return await read_deck(path, kind, folder, limits=DeckLimits(**limits))  # type: ignore[arg-type]


async def refused(folder: Path, content: bytes, kind: str = "pdf", **limits: float) -> DeckUnreadable:
    with pytest.raises(DeckUnreadable) as caught:
        await look(folder, content, kind, **limits)
    assert caught.value.detail.endswith(".") and not caught.value.retryable
    return caught.value


async def test_a_password(tmp_path: Path) -> None:
    sealed = Pdf([FINE], seal=(b"secret", b"boss")).bytes()
    error = await refused(tmp_path, sealed)
    assert error.code == "deck.encrypted" and "password" in error.detail


async def test_a_password_that_is_empty_opens(tmp_path: Path) -> None:
    contents = await look(tmp_path, Pdf([FINE], seal=(b"", b"boss")).bytes())
    assert contents.pages[0].text == "Fine"


async def test_what_is_no_deck(tmp_path: Path) -> None:
    whole = Pdf([FINE]).bytes()
    assert (await refused(tmp_path, b"%PDF-1.7 and nothing of the kind")).code == "deck.damaged"
    assert (await refused(tmp_path, whole[: len(whole) // 2])).code == "deck.damaged"
    assert (await refused(tmp_path, b"")).code == "deck.damaged"
    assert (await refused(tmp_path, Pdf([]).bytes())).code == "deck.no_pages"


async def test_a_list_of_places_that_is_wrong_is_mended(tmp_path: Path) -> None:
    whole = Pdf([FINE]).bytes()
    contents = await look(tmp_path, whole.replace(b"startxref\n", b"startxref\n9"))
    assert contents.pages[0].text == "Fine"


async def test_more_than_a_deck_has(tmp_path: Path) -> None:
    error = await refused(tmp_path, Pdf([FINE]).bytes(), file_bytes=100)
    assert error.code == "deck.too_big"
    contents = await look(tmp_path, Pdf([FINE] * 5).bytes(), pages=3)
    assert (len(contents.pages), contents.page_count) == (3, 5)
    assert [(note.code, note.page) for note in contents.warnings] == [("deck.too_many_pages", None)]
    assert "5 pages" in contents.warnings[0].detail


async def test_a_page_that_takes_for_ever_is_passed_over(tmp_path: Path) -> None:
    # Each form draws the next one ten times: a million million squares.
    forms = {
        20 + level: stream(
            (b"/N Do " * 10) if level < 11 else b"0 0 9 9 re f",
            f"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /N {21 + level} 0 R >> >>",
        )
        for level in range(12)
    }
    slow = Page("/N Do", size=(20, 12), resources="/XObject << /N 20 0 R >>")
    contents = await look(tmp_path, Pdf([FINE, slow, FINE], objects=forms).bytes(), page_s=1.5)
    assert [page.text for page in contents.pages] == ["Fine", "", "Fine"]
    assert [(note.code, note.page) for note in contents.warnings] == [("deck.page_failed", 2)]
    assert contents.pages[1].width_px == contents.pages[0].width_px
    assert (tmp_path / contents.pages[1].large).stat().st_size > 0
    error = await refused(tmp_path, Pdf([slow], objects=forms).bytes(), page_s=0.5, all_s=0.6)
    assert error.code == "deck.too_slow"


async def test_a_page_that_kills_the_reader_is_passed_over(tmp_path: Path) -> None:
    # 300 megabytes of spaces in a third of one: more than the reader may have.
    packer = zlib.compressobj(9)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    body = packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    bomb = stream(head + body * 300, "/Filter /FlateDecode")
    contents = await look(tmp_path, Pdf([FINE, FINE, FINE], objects={103: bomb}).bytes(), memory_bytes=160 << 20)
    assert [page.text for page in contents.pages] == ["Fine", "", "Fine"]
    assert [(note.code, note.page) for note in contents.warnings] == [("deck.page_failed", 2)]
    error = await refused(tmp_path, Pdf([FINE], objects={101: bomb}).bytes(), memory_bytes=160 << 20)
    assert error.code == "deck.damaged" and "memory" in error.detail
    capped = await look(tmp_path, Pdf([FINE, FINE], objects={103: bomb}).bytes(), memory_bytes=160 << 20, crashes=0)
    assert len(capped.pages) == 1 and capped.warnings[-1].code == "deck.cut_short"


async def test_a_picture_in_a_page_that_unpacks_to_eighty_megapixels(tmp_path: Path) -> None:
    page = Page("q 20 0 0 12 0 0 cm /Im Do Q", size=(20, 12), resources="/XObject << /Im 20 0 R >>")
    pdf = Pdf([page, FINE], objects={20: flat_picture(9_000, 9_000)})
    contents = await look(tmp_path, pdf.bytes(), memory_bytes=160 << 20)
    assert len(contents.pages) == 2 and contents.pages[1].text == "Fine"
