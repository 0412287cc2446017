"""Small decks for tests, written byte by byte: what a PDF holds is then known exactly (ISO 32000-1)."""

import hashlib
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PAD = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
FONTS = "/F1 1 0 R /F2 2 0 R /F3 3 0 R"


def text(words: str, x: float, y: float, size: float = 24, font: str = "F1") -> str:
    """Content that writes a line; x and y of its start in points from the lower left."""
    escaped = words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"BT /{font} {size} Tf {x} {y} Td ({escaped}) Tj ET\n"


def letters(word: str, x: float, y: float, size: float = 24, *, backwards: bool = False) -> str:
    """Content that writes a word of any script, letter after letter as given, with the font F3, which has no shapes;
    each to the right of the one before, or `backwards` to the left. Every letter is 0.6 of the size wide."""
    between = " 1200 " if backwards else " "
    codes = between.join(f"<{ord(char):04X}>" for char in word)
    return f"BT /F3 {size} Tf {x} {y} Td [{codes}] TJ ET\n"


def box(x: float, y: float, width: float, height: float, grey: float = 0.2) -> str:
    """Content that fills a rectangle."""
    return f"{grey} g {x} {y} {width} {height} re f 0 g\n"


@dataclass
class Page:
    """One page: its content and size in points; `more` are entries of its dictionary."""

    content: str = ""
    size: tuple[float, float] = (480, 300)
    more: str = ""
    resources: str = ""


@dataclass
class Pdf:
    """A PDF being written. `objects` come behind the fonts and the pages; `catalog` and `info` are entries."""

    pages: Sequence[Page]
    catalog: str = ""
    objects: dict[int, bytes] = field(default_factory=dict)
    seal: tuple[bytes, bytes] | None = None
    """User and owner password."""

    def bytes(self) -> bytes:
        """The file."""
        bodies = self._bodies()
        key, entry = self._sealed(bodies) if self.seal else (b"", b"")
        out, places = b"%PDF-1.6\n%\xe2\xe3\xcf\xd3\n", {}
        for number, body in sorted(bodies.items()):
            places[number] = len(out)
            if key and b"stream\n" in body:
                head, rest = body.split(b"stream\n", 1)
                local = hashlib.md5(key + struct.pack("<I", number)[:3] + b"\0\0").digest()[:10]
                body = head + b"stream\n" + _rc4(local, rest[: -len(b"\nendstream")]) + b"\nendstream"
            out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
        start, last = len(out), max(bodies)
        out += b"xref\n0 %d\n0000000000 65535 f \n" % (last + 1)
        for number in range(1, last + 1):
            out += b"%010d 00000 %s \n" % (places.get(number, 0), b"n" if number in places else b"f")
        trailer = b"/Root 4 0 R /Size %d /ID [<00112233> <00112233>]" % (last + 1)
        if entry:
            trailer += b" /Encrypt " + entry
        return out + b"trailer\n<< %s >>\nstartxref\n%d\n%%%%EOF\n" % (trailer, start)

    def _bodies(self) -> dict[int, bytes]:
        widths = " ".join(["600"] * 128)
        bodies = {
            1: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            # A font that no machine has, and that is not in the file.
            2: f"<< /Type /Font /Subtype /TrueType /BaseFont /NoSuchFaceAnywhere /FirstChar 0 /LastChar 127 "
            f"/Widths [{widths}] /Encoding /WinAnsiEncoding >>".encode(),
            3: b"<< /Type /Font /Subtype /Type0 /BaseFont /Hidden /Encoding /Identity-H /DescendantFonts [5 0 R] "
            b"/ToUnicode 6 0 R >>",
            4: f"<< /Type /Catalog /Pages 7 0 R {self.catalog} >>".encode(),
            5: b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Hidden /CIDSystemInfo << /Registry (Adobe) /Ordering "
            b"(Identity) /Supplement 0 >> /DW 600 /FontDescriptor 8 0 R >>",
            6: stream(
                b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <0000> <FFFF> endcodespacerange "
                b"100 beginbfrange "
                + b" ".join(b"<%02X00> <%02XFF> <%02X00>" % (high, high, high) for high in range(0, 0xD8))
                + b" endbfrange endcmap end"
            ),
            8: b"<< /Type /FontDescriptor /FontName /Hidden /Flags 4 /FontBBox [0 -200 1000 800] /ItalicAngle 0 "
            b"/Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>",
        }
        kids = []
        for index, page in enumerate(self.pages):
            number = 100 + 2 * index
            kids.append(f"{number} 0 R")
            width, height = page.size
            bodies[number] = (
                f"<< /Type /Page /Parent 7 0 R /MediaBox [0 0 {width} {height}] /Contents {number + 1} 0 R "
                f"/Resources << /Font << {FONTS} >> {page.resources} >> {page.more} >>".encode()
            )
            bodies[number + 1] = stream(page.content.encode("latin-1"))
        bodies[7] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
        return bodies | self.objects

    def _sealed(self, bodies: dict[int, bytes]) -> tuple[bytes, bytes]:
        """The file's key and the /Encrypt dictionary: standard security handler, revision 2, RC4 with 40 bits."""
        assert self.seal is not None
        user, owner = ((password + _PAD)[:32] for password in self.seal)
        owner_entry = _rc4(hashlib.md5(owner).digest()[:5], user)
        permissions = -4
        made = user + owner_entry + struct.pack("<i", permissions) + bytes.fromhex("00112233")
        key = hashlib.md5(made).digest()[:5]
        entry = b"<< /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P %d >>" % (
            owner_entry.hex().encode(),
            _rc4(key, _PAD).hex().encode(),
            permissions,
        )
        return key, entry

    def write(self, path: Path) -> Path:
        """Write it to a file."""
        path.write_bytes(self.bytes())
        return path


def stream(content: bytes, more: str = "") -> bytes:
    """The body of a stream object."""
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), more.encode(), content)


def _rc4(key: bytes, content: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in content:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


def flat_picture(width: int, height: int) -> bytes:
    """A grey image object of so many pixels that takes a thousandth of their bytes."""
    packer = zlib.compressobj(9)
    row = bytes(min(width * height, 1 << 20))
    packed = b"".join(packer.compress(row) for _ in range(-(-width * height // len(row)))) + packer.flush()
    more = f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray"
    return stream(packed, f"{more} /BitsPerComponent 8 /Filter /FlateDecode")


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG whose header promises so many pixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    )


_ODP = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content office:version="1.3" xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:xlink="http://www.w3.org/1999/xlink"
 xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"
 xmlns:presentation="urn:oasis:names:tc:opendocument:xmlns:presentation:1.0">
<office:automatic-styles>
<style:style style:name="shown" style:family="drawing-page"/>
<style:style style:name="gone" style:family="drawing-page">
<style:drawing-page-properties presentation:visibility="hidden"/></style:style>
</office:automatic-styles>
<office:body><office:presentation>{pages}</office:presentation></office:body></office:document-content>
"""
_ODP_PAGE = """<draw:page draw:name="{name}" draw:style-name="{style}">
<draw:frame svg:x="2cm" svg:y="2cm" svg:width="20cm" svg:height="3cm"><draw:text-box><text:p>{words}</text:p>
</draw:text-box></draw:frame>{more}</draw:page>"""
ODP_TYPE = "application/vnd.oasis.opendocument.presentation"


def write_odp(path: Path, pages: Sequence[tuple[str, bool]], picture_url: str) -> Path:
    """A presentation of pages with a line each, shown or hidden; the first has a picture that is only linked to."""
    body = ""
    for index, (words, shown) in enumerate(pages):
        more = (
            '<draw:frame svg:x="2cm" svg:y="6cm" svg:width="5cm" svg:height="5cm">'
            f'<draw:image xlink:href="{picture_url}" xlink:type="simple" xlink:show="embed" xlink:actuate="onLoad"/>'
            "</draw:frame>"
        )
        body += _ODP_PAGE.format(
            name=f"page{index}", style="shown" if shown else "gone", words=words, more="" if index else more
        )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", ODP_TYPE, zipfile.ZIP_STORED)
        archive.writestr("content.xml", _ODP.format(pages=body), zipfile.ZIP_DEFLATED)
        archive.writestr(
            "META-INF/manifest.xml",
            '<?xml version="1.0"?><manifest:manifest manifest:version="1.3" '
            'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry '
            f'manifest:full-path="/" manifest:media-type="{ODP_TYPE}"/><manifest:file-entry '
            'manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>',
        )
    return path
