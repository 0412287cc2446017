"""Reading a PDF with PDFium: pages as pictures, letters with their places, links, labels, outline.

Runs in the child only (deck_child.py): PDFium is not thread-safe, and the file is anybody's.
"""

import ctypes
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw
from PIL import Image

from server.media.deck_draw import LARGE_PX, fitted
from server.media.deck_pages import Link
from server.media.deck_refuse import Refuse
from server.media.deck_text import Glyph, clean, shorten

MAX_LETTERS = 60_000
MAX_LINKS = 300
MAX_URL = 1_000
MAX_OUTLINE = 1_000
OUTLINE_LETTERS = 200
LABEL_LETTERS = 32
# A page is enlarged at most so often: 432 pixels an inch, for pages of the size of a business card.
MOST_ENLARGED = 6.0
_EXACT = 1 << 24
_LINK_STARTS = ("http://", "https://", "mailto:")
FLAGS = raw.FPDF_ANNOT | raw.FPDF_REVERSE_BYTE_ORDER | raw.FPDF_RENDER_LIMITEDIMAGECACHE


def open_pdf(path: Path) -> Any:
    """The document, opened without a password (an empty one is tried by PDFium). Raises Refuse."""
    try:
        return pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        code = error.err_code
    if code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
        raise Refuse("deck.encrypted", "This PDF is protected by a password. Save it without one and bring it again.")
    if code == raw.FPDF_ERR_SUCCESS:
        raise Refuse("deck.no_pages", "This PDF has no pages. Export the slides once more.")
    raise Refuse(
        "deck.damaged",
        "This PDF is damaged and cannot be opened. Export it once more, or open and print it to a new PDF.",
    )


def label_of(document: Any, index: int) -> str:
    """The page label (ISO 32000-1, 12.4.2), empty without one."""
    try:
        return shorten(document.get_page_label(index), LABEL_LETTERS)
    except (pdfium.PdfiumError, UnicodeDecodeError, ValueError):
        return ""


def outline_of(document: Any) -> Iterator[dict[str, Any]]:
    """The entries that lead to a page: title, page from 1, level from 0."""
    count = 0
    try:
        for bookmark in document.get_toc(max_depth=8):
            count += 1
            if count > MAX_OUTLINE:
                return
            destination = bookmark.get_dest()
            index = destination.get_index() if destination is not None else None
            title = shorten(bookmark.get_title(), OUTLINE_LETTERS)
            if index is not None and title:
                yield {"title": title, "page": index + 1, "level": bookmark.level}
    except (pdfium.PdfiumError, UnicodeDecodeError, ValueError):
        return


class Page:
    """One open page."""

    def __init__(self, document: Any, index: int) -> None:
        """Raises PdfiumError when it cannot be parsed, ValueError when it has no area."""
        self._document = document
        self._page = document.get_page(index)
        # As shown: turned by /Rotate, cut to the crop box.
        self.width, self.height = self._page.get_size()
        if not (self.width > 0 and self.height > 0 and math.isfinite(self.width + self.height)):
            raise ValueError("the page has no area")
        self._matrix = self._find_matrix()

    def close(self) -> None:
        """Give its memory back."""
        self._page.close()

    def draw(self) -> Image.Image:
        """The page on white, at the large size."""
        width, height = fitted(self.width, self.height, LARGE_PX, MOST_ENLARGED)
        bitmap = pdfium.PdfBitmap.new_native(width, height, raw.FPDFBitmap_BGRx, rev_byteorder=True)
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
        raw.FPDF_RenderPageBitmap(bitmap, self._page, 0, 0, width, height, 0, FLAGS)
        picture: Image.Image = bitmap.to_pil().convert("RGB")
        return picture

    def glyphs(self) -> Iterator[Glyph]:
        """Its letters in the order that PDFium gives them, with spaces and line ends."""
        text = self._page.get_textpage()
        try:
            high = 0
            rect = raw.FS_RECTF()
            for index in range(min(text.count_chars(), MAX_LETTERS)):
                code = raw.FPDFText_GetUnicode(text, index)
                if 0xD800 <= code < 0xDC00:
                    high = code
                    continue
                if 0xDC00 <= code < 0xE000:
                    code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00) if high else 0
                high = 0
                glyph = self._glyph(text, index, code, rect)
                if glyph is not None:
                    yield glyph
        finally:
            text.close()

    def _glyph(self, text: Any, index: int, code: int, rect: Any) -> Glyph | None:
        if code in (0, 13) or code > 0x10FFFF:
            return None
        char = chr(code)
        if char == "\n" or char.isspace():
            return ("\n" if char == "\n" else " ", 0.0, 0.0, 0.0, 0.0)
        if not raw.FPDFText_GetLooseCharBox(text, index, rect):
            return None
        return (char, *self._box(rect.left, rect.bottom, rect.right, rect.top))

    def links(self) -> list[Link]:
        """Its links to the web, to mail addresses and to pages of the deck; no others (no scripts, no files)."""
        found: list[Link] = []
        position, link = ctypes.c_int(0), raw.FPDF_LINK()
        rect = raw.FS_RECTF()
        while len(found) < MAX_LINKS and raw.FPDFLink_Enumerate(self._page, position, link):
            target = self._target(link)
            if target and raw.FPDFLink_GetAnnotRect(link, rect):
                x0, y0, x1, y1 = (
                    round(min(1.0, max(0.0, value)), 4)
                    for value in self._box(rect.left, rect.bottom, rect.right, rect.top)
                )
                if x1 > x0 and y1 > y0:
                    found.append((x0, y0, x1, y1, target))
        return found

    def _target(self, link: Any) -> str | int | None:
        destination = raw.FPDFLink_GetDest(self._document, link)
        if destination:
            index = raw.FPDFDest_GetDestPageIndex(self._document, destination)
            return int(index) + 1 if index >= 0 else None
        action = raw.FPDFLink_GetAction(link)
        if not action or raw.FPDFAction_GetType(action) != raw.PDFACTION_URI:
            return None
        size = raw.FPDFAction_GetURIPath(self._document, action, None, 0)
        if not 1 < size <= MAX_URL:
            return None
        buffer = ctypes.create_string_buffer(size)
        raw.FPDFAction_GetURIPath(self._document, action, buffer, size)
        url = clean(buffer.value.decode("utf-8", "replace")).replace("\n", "").strip()
        if url.lower().startswith("www."):
            url = f"https://{url}"
        return url if url.lower().startswith(_LINK_STARTS) and " " not in url else None

    def _box(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        a, b, c, d, e, f = self._matrix
        xs = (a * left + c * bottom + e, a * right + c * top + e)
        ys = (b * left + d * bottom + f, b * right + d * top + f)
        return min(xs), min(ys), max(xs), max(ys)

    def _find_matrix(self) -> tuple[float, float, float, float, float, float]:
        """From page coordinates to fractions as shown (a b c d e f as in a PDF), by where three points go: so the crop
        box and the turn are PDFium's own."""
        far = max(self.width, self.height)
        origin, right, up = (self._to_device(*point) for point in ((0.0, 0.0), (far, 0.0), (0.0, far)))
        return (
            (right[0] - origin[0]) / far,
            (right[1] - origin[1]) / far,
            (up[0] - origin[0]) / far,
            (up[1] - origin[1]) / far,
            *origin,
        )

    def _to_device(self, x: float, y: float) -> tuple[float, float]:
        at_x, at_y = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(self._page, 0, 0, _EXACT, _EXACT, 0, x, y, at_x, at_y)
        return at_x.value / _EXACT, at_y.value / _EXACT
