"""The deck of a drawn talk as a PDF (ISO 32000-1): the very pictures that its film shows, with their words under them.

The words are there but not painted (text rendering mode 3, 9.3.6), so they can be selected, found and read aloud, and
the pages look as the film does. Courier is as wide for every letter, so that a line is stretched to its drawn width.
"""

import zlib
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from server.demo.programme import Slide
from server.demo.slides import Line, Theme, drawn_slide
from server.media.lettering import width_of

WIDTH, HEIGHT = 1600, 900
POINTS = 0.5  # a pixel of the page
_COURIER_EM = 0.6
_CATALOG, _PAGES, _FONT, _OUTLINE = 1, 2, 3, 4
_FIRST = 5  # then a page, its content, its picture and its line of the outline, for each slide


def make_deck(slides: Sequence[Slide], theme: Theme, path: Path) -> None:
    """The slides as a PDF, one page each, 1600 × 900, with a table of contents."""
    count = len(slides)
    pages = [_FIRST + 4 * at for at in range(count)]
    bodies = {
        _CATALOG: f"<< /Type /Catalog /Pages {_PAGES} 0 R /Outlines {_OUTLINE} 0 R >>".encode(),
        _PAGES: f"<< /Type /Pages /Kids [{' '.join(f'{page} 0 R' for page in pages)}] /Count {count} >>".encode(),
        _FONT: b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
        _OUTLINE: f"<< /Type /Outlines /First {pages[0] + 3} 0 R /Last {pages[-1] + 3} 0 R /Count {count} >>".encode(),
    }
    for at, slide in enumerate(slides):
        image, lines = drawn_slide(slide, theme, WIDTH, HEIGHT, number=at + 1)
        bodies |= _page(pages[at], image, lines)
        bodies[pages[at] + 3] = _outline_line(slide.title, pages, at)
    path.write_bytes(_file(bodies))


def _page(number: int, image: Image.Image, lines: Sequence[Line]) -> dict[int, bytes]:
    """A page's objects: itself, its content, its picture."""
    width, height = round(WIDTH * POINTS), round(HEIGHT * POINTS)
    content = f"q {width} 0 0 {height} 0 0 cm /P Do Q BT 3 Tr\n".encode() + b"".join(map(_written, lines)) + b"ET"
    picture = (
        f"/Type /XObject /Subtype /Image /Width {image.width} /Height {image.height} /ColorSpace /DeviceRGB "
        "/BitsPerComponent 8"
    )
    return {
        number: (
            f"<< /Type /Page /Parent {_PAGES} 0 R /MediaBox [0 0 {width} {height}] /Contents {number + 1} 0 R "
            f"/Resources << /Font << /F {_FONT} 0 R >> /XObject << /P {number + 2} 0 R >> >> >>"
        ).encode(),
        number + 1: _stream("", content),
        number + 2: _stream(picture, image.tobytes()),
    }


def _written(line: Line) -> bytes:
    """Operators that write a line where it is drawn."""
    size = line.size_px * POINTS
    stretch = 100 * width_of(line.text, line.size_px) / (_COURIER_EM * line.size_px * len(line.text))
    x, y = line.x * POINTS, (HEIGHT - line.y - 0.95 * line.size_px) * POINTS
    place = f"/F {size:.2f} Tf {stretch:.2f} Tz 1 0 0 1 {x:.2f} {y:.2f} Tm".encode()
    return place + b" (%s) Tj\n" % _escaped(line.text)


def _escaped(text: str) -> bytes:
    plain = text.replace("\n", " ").replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return plain.encode("cp1252", "replace")


def _outline_line(title: str, pages: Sequence[int], at: int) -> bytes:
    """One line of the table of contents, linked with those beside it."""
    beside = f"/Prev {pages[at - 1] + 3} 0 R " if at else ""
    beside += f"/Next {pages[at + 1] + 3} 0 R " if at + 1 < len(pages) else ""
    head = f"<< /Parent {_OUTLINE} 0 R {beside}/Dest [{pages[at]} 0 R /Fit] /Title (".encode()
    # PDFDocEncoding is Latin-1 where these titles are (annex D.2).
    return head + _escaped(title) + b") >>"


def _stream(entries: str, data: bytes) -> bytes:
    packed = zlib.compress(data, 9)
    head = f"<< {entries} /Filter /FlateDecode /Length {len(packed)} >>\nstream\n"
    return head.encode() + packed + b"\nendstream"


def _file(bodies: dict[int, bytes]) -> bytes:
    """Header, objects, cross-reference table and trailer (7.5)."""
    out, places = bytearray(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n"), []
    for number in sorted(bodies):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, bodies[number])
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = f"trailer\n<< /Size {len(places) + 1} /Root {_CATALOG} 0 R >>\nstartxref\n{start}\n%%EOF\n"
    return bytes(out) + trailer.encode()
