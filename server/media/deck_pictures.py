"""Pictures as pages: one PNG or JPEG, or a ZIP of them in the natural order of their names.

Runs in the child only (deck_child.py). A picture's size is judged by what its header says, before anything is decoded;
members of an archive are read as streams with a budget, and their names are never used as paths.
"""

import io
import re
import traceback
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from PIL import Image, ImageFile, ImageOps

from server.media.deck_draw import LARGE_PX, fitted
from server.media.deck_refuse import Refuse, Unreadable

MAX_PIXELS = 100_000_000
PICTURE_BYTES = 256 << 20
# Pictures hardly get smaller in an archive. What gets this much smaller, and is not small, is a trap.
BOMB_RATIO, BOMB_BYTES = 100, 8 << 20
# An Office file's XML packs better, but not all of it.
OFFICE_RATIO, OFFICE_BYTES = 200, 64 << 20
_TOO_LARGE = "The picture has {:,} pixels; {:,} are taken at most. Save it smaller."
_DAMAGED = "The picture is damaged or cut short. Save it once more."
_HEADS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
ImageFile.LOAD_TRUNCATED_IMAGES = False


def draw_picture(source: Path | IO[bytes]) -> Image.Image:
    """The picture upright on white at the large size, never enlarged. Raises Unreadable."""
    try:
        with Image.open(source, formats=("PNG", "JPEG")) as image:
            pixels = image.width * image.height
            if pixels > MAX_PIXELS:
                raise Unreadable("deck.too_big", _TOO_LARGE.format(pixels, MAX_PIXELS))
            # A JPEG can be decoded at an eighth of its size, which is all that is needed of a large one.
            image.draft("RGB", fitted(*image.size, LARGE_PX, 1.0))
            return _on_white(ImageOps.exif_transpose(image))
    except Image.DecompressionBombError:
        raise Unreadable("deck.too_big", _TOO_LARGE.format(2 * MAX_PIXELS, MAX_PIXELS)) from None
    except Unreadable:
        raise
    except Exception:
        # What decoders raise over a damaged picture is anything; the log keeps it.
        traceback.print_exc()
        raise Unreadable("deck.damaged", _DAMAGED) from None


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        # 16 bits of grey, which a plain conversion would cut off at 255.
        image = image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    size = fitted(*image.size, LARGE_PX, 1.0)
    if image.has_transparency_data:
        clear = image.convert("RGBA").resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
        white = Image.new("RGBA", size, (255, 255, 255, 255))
        return Image.alpha_composite(white, clear).convert("RGB")
    return image.convert("RGB").resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


class PictureArchive:
    """A ZIP of pictures."""

    def __init__(self, path: Path, members: int, unpacked_bytes: int) -> None:
        """Raises Refuse when its list cannot be read, or promises too much."""
        self._archive = open_archive(path)
        infos = self._archive.infolist()
        check_budget(infos, members, unpacked_bytes, BOMB_RATIO, BOMB_BYTES)
        self._pictures = sorted((info for info in infos if _is_picture(info.filename)), key=_natural)
        if not self._pictures:
            raise Refuse("deck.no_pages", "There are no pictures in this ZIP. Put PNG or JPEG pictures into it.")

    def __len__(self) -> int:
        return len(self._pictures)

    def draw(self, index: int) -> Image.Image:
        """One picture. Raises Unreadable."""
        info = self._pictures[index]
        if info.flag_bits & 0x1:
            raise Unreadable("deck.encrypted", "The picture is protected by a password. Pack it without one.")
        if info.file_size > PICTURE_BYTES:
            raise Unreadable("deck.too_big", f"The picture is larger than {PICTURE_BYTES >> 20} MiB. Save it smaller.")
        try:
            with self._archive.open(info) as member:
                content = member.read(PICTURE_BYTES + 1)
        except Exception:
            traceback.print_exc()
            raise Unreadable("deck.damaged", _DAMAGED) from None
        if not content.startswith(_HEADS):
            raise Unreadable("deck.damaged", "This is no PNG or JPEG picture, whatever its name says.")
        return draw_picture(io.BytesIO(content))


def open_archive(path: Path) -> zipfile.ZipFile:
    """The archive with its list of contents. Raises Refuse."""
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, OverflowError, NotImplementedError, EOFError):
        raise Refuse(
            "deck.damaged", "This file is damaged: its list of contents cannot be read. Export it once more."
        ) from None


def check_budget(
    infos: Sequence[zipfile.ZipInfo], members: int, unpacked_bytes: int, ratio: int, small_bytes: int
) -> None:
    """Raises Refuse when an archive has too many files, or unpacks to far too much; by what its list says.

    zipfile reads no more of a member than the list says, so that a list that lies gains nothing.
    """
    if len(infos) > members:
        raise Refuse("deck.bomb", f"There are {len(infos):,} files in this one; {members:,} are taken at most.")
    total = sum(info.file_size for info in infos)
    packed = sum(info.compress_size for info in infos)
    if total > unpacked_bytes:
        raise Refuse(
            "deck.bomb",
            f"Unpacked, this file would take {total >> 20:,} MiB; {unpacked_bytes >> 20:,} MiB are taken at most. "
            "Use smaller pictures, or export a PDF.",
        )
    if total > small_bytes and total > ratio * max(1, packed):
        raise Refuse("deck.bomb", "Unpacked, this file grows far more than slides do, so it was refused. Export a PDF.")


def check_office(path: Path, members: int, unpacked_bytes: int) -> None:
    """Judge a PPTX or ODP before LibreOffice unpacks it. Raises Refuse."""
    with open_archive(path) as archive:
        infos = archive.infolist()
        check_budget(infos, members, unpacked_bytes, OFFICE_RATIO, OFFICE_BYTES)
        manifest = next((info for info in infos if info.filename == "META-INF/manifest.xml"), None)
        sealed = any(info.flag_bits & 0x1 for info in infos)
        if manifest is not None and manifest.file_size <= 8 << 20 and not sealed:
            # ODF 1.3 part 2, 3.16: a file sealed with a password says so in the manifest.
            sealed = b"encryption-data" in archive.read(manifest)
    if sealed:
        raise Refuse("deck.encrypted", "These slides are protected by a password. Save them without one.")


def _is_picture(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    hidden = any(part == "__MACOSX" or (part.startswith(".") and part not in (".", "..")) for part in parts)
    return not hidden and parts[-1].lower().endswith((".png", ".jpg", ".jpeg"))


def _natural(info: zipfile.ZipInfo) -> list[tuple[int, int, str]]:
    """A key that puts "slide 2" before "slide 10"."""
    pieces = re.findall(r"\d+|\D+", info.filename.casefold())
    return [(0, int(piece[:18]), "") if piece.isdecimal() else (1, 0, piece) for piece in pieces]
