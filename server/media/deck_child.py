"""The child that reads an untrusted deck and prints what it finds, one JSON object a line.

    python -I deck_child.py '{"path", "kind", "folder", "first", "failed", "size", "limits"…}'

Run by deck_read.py under limits, never imported: whatever a hostile file does to PDFium, to the decoders of pictures
or to the reader of archives happens here, in a process that has nothing and may be killed. It says {"begin": n} before
each page; when it dies on one, it is started again with `failed` = n and goes on behind that.

Answers: {"document": {page_count, pages}}, {"outline": {…}}, {"begin": n}, {"page": {…}, "step": {…}|null},
{"warning": {…}}, {"refused": {code, detail}}, {"done": true}.
"""

import json
import os
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import msgspec
from PIL import Image

from server.media.deck_draw import (
    LARGE_PX,
    Drawn,
    compare,
    draw_unreadable,
    large_name,
    save_page,
    small_name,
)
from server.media.deck_refuse import Refuse, Unreadable
from server.media.deck_text import lines_of, text_of, title_from, words_of

# The parent reads lines of at most a MiB.
LINE_BYTES = 900_000
TEXT_LETTERS = 60_000


class Order(msgspec.Struct):
    """What the parent asks for. `size` is that of the page before, for a page that cannot be drawn."""

    path: str
    kind: str
    folder: str
    pages: int
    members: int
    unpacked_bytes: int
    first: int = 1
    failed: int | None = None
    failed_why: str = ""
    size: tuple[int, int] = (LARGE_PX, LARGE_PX * 9 // 16)


@dataclass
class Read:
    """One page, read."""

    picture: Image.Image
    facts: dict[str, Any]


class PdfDeck:
    """A PDF as pages."""

    def __init__(self, order: Order) -> None:
        from server.media import deck_pdf  # noqa: PLC0415 - PDFium is loaded only when it is needed

        self._pdf = deck_pdf
        self._document = deck_pdf.open_pdf(Path(order.path))
        self.page_count = len(self._document)
        self._titles: dict[int, str] = {}

    def outline(self) -> Iterator[dict[str, Any]]:
        """The entries of its outline."""
        for entry in self._pdf.outline_of(self._document):
            self._titles.setdefault(entry["page"], entry["title"])
            yield entry

    def read(self, number: int) -> Read:
        """One page. Raises Unreadable."""
        page = None
        try:
            page = self._pdf.Page(self._document, number - 1)
            picture = page.draw()
            lines = lines_of(page.glyphs())
            text = text_of(lines)[:TEXT_LETTERS]
            facts = {
                "label": self._pdf.label_of(self._document, number - 1),
                "title": title_from(self._titles.get(number, ""), lines, text),
                "text": text,
                "words": words_of(lines),
                "links": page.links(),
            }
            return Read(picture, facts)
        except Exception:
            # What bindings raise over a damaged page is anything; the log keeps it.
            traceback.print_exc()
            raise Unreadable("deck.page_damaged", "This page is damaged and could not be read.") from None
        finally:
            if page is not None:
                page.close()


class PictureDeck:
    """One picture, or an archive of them, as pages."""

    def __init__(self, order: Order) -> None:
        from server.media import deck_pictures  # noqa: PLC0415 - as above

        self._pictures = deck_pictures
        self._path = Path(order.path)
        self._archive = (
            deck_pictures.PictureArchive(self._path, order.members, order.unpacked_bytes)
            if order.kind == "zip"
            else None
        )
        self.page_count = 1 if self._archive is None else len(self._archive)

    def outline(self) -> Iterator[dict[str, Any]]:
        """Pictures have none."""
        return iter(())

    def read(self, number: int) -> Read:
        """One picture. Raises Unreadable; Refuse when it is all there is."""
        if self._archive is not None:
            return Read(self._archive.draw(number - 1), {})
        try:
            return Read(self._pictures.draw_picture(self._path), {})
        except Unreadable as error:
            raise Refuse(error.code, error.detail) from error


def say(**answer: Any) -> None:
    """One line for the parent."""
    sys.stdout.write(json.dumps(answer, ensure_ascii=False, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def main(order: Order) -> None:
    """Read the deck page by page. Raises Refuse."""
    if order.kind in ("pptx", "odp"):
        from server.media.deck_pictures import check_office  # noqa: PLC0415 - as above

        check_office(Path(order.path), order.members, order.unpacked_bytes)
        say(done=True)
        return
    deck = PdfDeck(order) if order.kind == "pdf" else PictureDeck(order)
    last = min(deck.page_count, order.pages)
    say(document={"page_count": deck.page_count, "pages": last})
    for entry in deck.outline():
        if order.first == 1 and entry["page"] <= last:
            say(outline=entry)
    read_pages(deck, order, last)
    say(done=True)


def read_pages(deck: PdfDeck | PictureDeck, order: Order, last: int) -> None:
    """Draw and describe each page, one at a time, and forget it but for its small picture."""
    folder, size = Path(order.folder), order.size
    before = _drawn_before(folder, order.first)
    for number in range(order.first, last + 1):
        say(begin=number)
        try:
            if number == order.failed:
                raise Unreadable("deck.page_failed", order.failed_why)
            read = deck.read(number)
        except Unreadable as error:
            say(warning={"code": error.code, "detail": error.detail, "page": number})
            read = Read(draw_unreadable(number, size), {})
        size = read.picture.size
        drawn = Drawn.of(save_page(read.picture, folder, number), read.facts.get("words", []))
        say_page(number, read, compare(before, drawn) if before is not None else None)
        before = drawn


def _drawn_before(folder: Path, first: int) -> Drawn | None:
    """The small picture of the page before the first one, which an earlier child has drawn."""
    path = folder / small_name(first - 1)
    if first < 2 or not path.exists():
        return None
    with Image.open(path, formats=("WEBP",)) as image:
        return Drawn.of(image.convert("RGB"), [])


def say_page(number: int, read: Read, step: Any) -> None:
    """Say what was found on a page; without its words, then without its links, where that is more than a line takes."""
    width, height = read.picture.size
    page = {
        "number": number,
        "width_px": width,
        "height_px": height,
        "large": large_name(number),
        "small": small_name(number),
        **read.facts,
    }
    for left_out in ("words", "links", "text"):
        if len(json.dumps(page, ensure_ascii=False).encode()) < LINE_BYTES:
            break
        page.pop(left_out, None)
        detail = "This page has so much on it that a part of its text was left out."
        say(warning={"code": "deck.page_cut", "detail": detail, "page": number})
    say(page=page, step=msgspec.to_builtins(step) if step is not None else None)


if __name__ == "__main__":
    os.umask(0o077)
    try:
        main(msgspec.json.decode(sys.argv[1], type=Order))
    except Refuse as error:
        say(refused={"code": error.code, "detail": error.detail})
