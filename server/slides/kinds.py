"""What kind of file slides came in: decided by its content, never by its name. Pure.

The first bytes tell PDF and pictures; Office documents and archives are ZIP files, whose list of contents stands at
their end (APPNOTE.TXT 4.3.12), so that a deck of any size is judged by its first and its last bytes.
"""

import io
import zipfile
from dataclasses import dataclass

from server.slides.errors import DeckUnusable

HEAD_BYTES = 1024
TAIL_BYTES = 1 << 20  # the list of some ten thousand files
# ISO 32000-1, implementation note 13: the header may stand anywhere in the first 1024 bytes.
_PDF, _PNG, _JPEG, _ZIP, _OLE = b"%PDF-", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_ODP_TYPE = "application/vnd.oasis.opendocument.presentation"
_PICTURES = (".png", ".jpg", ".jpeg")
TAKEN = "Slides are taken as PDF, PowerPoint (.pptx), OpenDocument (.odp), a picture (PNG, JPEG) or a ZIP of pictures."


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file: what a page calls it, its media type, and the ending its name gets."""

    label: str
    content_type: str
    suffix: str


KINDS = {
    "pdf": Kind("PDF", "application/pdf", ".pdf"),
    "pptx": Kind("PPTX", "application/vnd.openxmlformats-officedocument.presentationml.presentation", ".pptx"),
    "odp": Kind("ODP", _ODP_TYPE, ".odp"),
    "png": Kind("PNG", "image/png", ".png"),
    "jpeg": Kind("JPEG", "image/jpeg", ".jpg"),
    "zip": Kind("ZIP", "application/zip", ".zip"),
}


def kind_of(head: bytes, tail: bytes) -> str:
    """The key in KINDS of a file that begins with `head` and ends with `tail`. Raises DeckUnusable, in words."""
    if _PDF in head[:HEAD_BYTES]:
        return "pdf"
    if head.startswith(_PNG):
        return "png"
    if head.startswith(_JPEG):
        return "jpeg"
    if head.startswith(_OLE):
        raise DeckUnusable(
            "This is an old or password-protected Office file. Save it as .pptx without a password, or export a PDF."
        )
    if head.startswith(_ZIP):
        return _kind_of_archive(head, tail)
    raise DeckUnusable(f"This file holds no slides. {TAKEN}")


def _kind_of_archive(head: bytes, tail: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(tail)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError) as error:
        raise DeckUnusable("This file is damaged: its list of contents cannot be read. Export it once more.") from error
    # The type is the first file of an OpenDocument, not compressed (ODF 1.3 part 2, 3.3).
    if head[30:].startswith(b"mimetype" + _ODP_TYPE.encode()):
        return "odp"
    if "ppt/presentation.xml" in names:
        return "pptx"
    files = [name for name in names if not name.endswith("/") and not name.startswith("__MACOSX/")]
    if files and all(name.lower().endswith(_PICTURES) for name in files):
        return "zip"
    raise DeckUnusable(f"This archive is neither a presentation nor a set of pictures. {TAKEN}")


def safe_name(filename: str, kind: str) -> str:
    """A name for the downloaded file whose ending fits what it is."""
    suffix = KINDS[kind].suffix
    plain = "".join(char for char in filename.replace("\\", "/").rsplit("/", 1)[-1] if char.isprintable()).strip(" .")
    if kind == "jpeg" and plain.lower().endswith(".jpeg"):
        return plain
    return plain if plain.lower().endswith(suffix) else f"{plain or 'slides'}{suffix}"
