"""Storyboards: sheets of small pictures, one every few seconds, and the WebVTT index that says where each one is.

Each cue's text names a sheet and a rectangle in it (Media Fragments, `#xywh=x,y,width,height` in pixels).
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from server.media.captions import vtt_time

LONG_SIDE = 160  # pixels of a tile's longer side: sharp enough on hover, a sheet of 100 stays near 300 kB
COLUMNS = 10
ROWS = 10
MOST_TILES = 500  # five sheets at most for a talk of any length up to a day
GRID_MS = 4000  # tiles are taken where a picture is always there: on the grid of segments
JPEG_QUALITY = 70


class BadThumbnail(ValueError):
    """Bytes that are no picture."""

    code = "media.bad_thumbnail"


@dataclass(frozen=True, slots=True)
class Storyboard:
    """The geometry: how many tiles, how far apart, how large, and how they lie on sheets of `columns` × `rows`."""

    duration_ms: int
    interval_ms: int
    tile_width: int
    tile_height: int
    columns: int = COLUMNS
    rows: int = ROWS

    @property
    def tiles(self) -> int:
        """How many pictures there are: one at the start of every interval."""
        return max(1, -(-self.duration_ms // self.interval_ms))

    @property
    def tiles_a_sheet(self) -> int:
        """How many pictures a full sheet has."""
        return self.columns * self.rows

    @property
    def sheets(self) -> int:
        """How many sheets there are."""
        return -(-self.tiles // self.tiles_a_sheet)

    def tiles_on(self, sheet: int) -> range:
        """The numbers of the pictures on a sheet, both counted from 0."""
        return range(sheet * self.tiles_a_sheet, min(self.tiles, (sheet + 1) * self.tiles_a_sheet))

    def times_ms(self) -> list[int]:
        """The times at which pictures are taken."""
        return [number * self.interval_ms for number in range(self.tiles)]

    def corner(self, tile: int) -> tuple[int, int]:
        """Where on its sheet a picture's left upper corner is, in pixels."""
        row, column = divmod(tile % self.tiles_a_sheet, self.columns)
        return column * self.tile_width, row * self.tile_height

    def sheet_size(self, sheet: int) -> tuple[int, int]:
        """Width and height of a sheet in pixels; the last one is only as large as it needs to be."""
        count = len(self.tiles_on(sheet))
        return min(count, self.columns) * self.tile_width, -(-count // self.columns) * self.tile_height


def plan_storyboard(duration_ms: int, width: int, height: int) -> Storyboard:
    """The geometry for a recording whose pictures are shown `width` × `height` (square pixels, rotation applied)."""
    interval = max(1, -(-duration_ms // (MOST_TILES * GRID_MS))) * GRID_MS
    longer = max(width, height)
    return Storyboard(duration_ms, interval, _even(width, longer), _even(height, longer))


def _even(side: int, longer: int) -> int:
    """A side scaled with the longer one to LONG_SIDE, even for the encoder, never too thin to see."""
    return max(16, round(side * LONG_SIDE / longer / 2) * 2)


def write_index(storyboard: Storyboard, sheet_name: Callable[[int], str]) -> str:
    """The WebVTT index; `sheet_name` gives a sheet's relative URL by its number."""
    blocks = ["WEBVTT\n"]
    for tile, start in enumerate(storyboard.times_ms()):
        end = min(start + storyboard.interval_ms, max(storyboard.duration_ms, start + 1))
        x, y = storyboard.corner(tile)
        place = f"{x},{y},{storyboard.tile_width},{storyboard.tile_height}"
        name = sheet_name(tile // storyboard.tiles_a_sheet)
        blocks.append(f"{vtt_time(start)} --> {vtt_time(end)}\n{name}#xywh={place}\n")
    return "\n".join(blocks)


def compose_sheet(storyboard: Storyboard, sheet: int, thumbnails: Sequence[bytes | None]) -> bytes:
    """One sheet as JPEG from the pictures that belong on it (any format Pillow reads, any size).

    A missing picture (None) shows the one before it: nothing had changed. Raises BadThumbnail.
    """
    numbers = storyboard.tiles_on(sheet)
    if len(thumbnails) != len(numbers):
        raise BadThumbnail(f"sheet {sheet} needs {len(numbers)} pictures, not {len(thumbnails)}")
    size = (storyboard.tile_width, storyboard.tile_height)
    canvas = Image.new("RGB", storyboard.sheet_size(sheet))
    tile = Image.new("RGB", size)
    for number, data in zip(numbers, thumbnails, strict=True):
        tile = _read_tile(data, size) if data is not None else tile
        canvas.paste(tile, storyboard.corner(number))
    out = io.BytesIO()
    canvas.save(out, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return out.getvalue()


def _read_tile(data: bytes, size: tuple[int, int]) -> Image.Image:
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP", "PPM")) as picture:
            tile = picture.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise BadThumbnail(f"a picture of the storyboard cannot be read: {error}") from error
    return tile if tile.size == size else tile.resize(size, Image.Resampling.LANCZOS)
