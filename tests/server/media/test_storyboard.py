import io

import pytest
from PIL import Image

from server.media.storyboard import BadThumbnail, Storyboard, compose_sheet, plan_storyboard, write_index

COLOURS = ["red", "lime", "blue", "white"]


def picture(colour: str, size: tuple[int, int] = (160, 90), kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize(("duration_ms", "shape", "tile", "interval_ms", "tiles", "sheets"), [
    (60_000, (1920, 1080), (160, 90), 4000, 15, 1),
    (1, (1920, 1080), (160, 90), 4000, 1, 1),
    (3_600_000, (1280, 720), (160, 90), 8000, 450, 5),
    (2_000_000, (640, 480), (160, 120), 4000, 500, 5),
    (2_000_001, (640, 480), (160, 120), 8000, 251, 3),
    (60_000, (1080, 1920), (90, 160), 4000, 15, 1),
    (60_000, (4000, 100), (160, 16), 4000, 15, 1),
    (24 * 3_600_000, (16, 9), (160, 90), 176_000, 491, 5),
])  # fmt: skip
def test_geometry(
    duration_ms: int, shape: tuple[int, int], tile: tuple[int, int], interval_ms: int, tiles: int, sheets: int
) -> None:
    plan = plan_storyboard(duration_ms, *shape)
    assert (plan.tile_width, plan.tile_height) == tile
    assert (plan.interval_ms, plan.tiles, plan.sheets) == (interval_ms, tiles, sheets)
    assert [number for sheet in range(sheets) for number in plan.tiles_on(sheet)] == list(range(tiles))
    assert len(plan.times_ms()) == tiles and plan.times_ms()[-1] < max(duration_ms, 1)


SMALL = Storyboard(duration_ms=18_500, interval_ms=4000, tile_width=160, tile_height=90, columns=2, rows=2)
INDEX = """\
WEBVTT

00:00:00.000 --> 00:00:04.000
board-0.jpg#xywh=0,0,160,90

00:00:04.000 --> 00:00:08.000
board-0.jpg#xywh=160,0,160,90

00:00:08.000 --> 00:00:12.000
board-0.jpg#xywh=0,90,160,90

00:00:12.000 --> 00:00:16.000
board-0.jpg#xywh=160,90,160,90

00:00:16.000 --> 00:00:18.500
board-1.jpg#xywh=0,0,160,90
"""


def test_the_index_byte_for_byte() -> None:
    assert write_index(SMALL, lambda sheet: f"board-{sheet}.jpg") == INDEX


def colour_at(sheet: Image.Image, corner: tuple[int, int]) -> str:
    red, green, blue = sheet.getpixel((corner[0] + 80, corner[1] + 45))
    return f"{red > 128:d}{green > 128:d}{blue > 128:d}"


def test_sheets_show_each_picture_in_its_place() -> None:
    thumbnails = [picture("red"), picture("lime", (320, 180), "JPEG"), None, picture("blue")]
    sheet = Image.open(io.BytesIO(compose_sheet(SMALL, 0, thumbnails)))
    assert (sheet.format, sheet.size) == ("JPEG", (320, 180))
    assert [colour_at(sheet, SMALL.corner(tile)) for tile in range(4)] == ["100", "010", "010", "001"]
    last = Image.open(io.BytesIO(compose_sheet(SMALL, 1, [picture("white")])))
    assert last.size == (160, 90), "the last sheet is only as large as it needs to be"


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(BadThumbnail, match="cannot be read"):
        compose_sheet(SMALL, 1, [b"GIF89a nonsense"])
    with pytest.raises(BadThumbnail, match="cannot be read"):
        compose_sheet(SMALL, 1, [picture("red")[:60]])
    with pytest.raises(BadThumbnail, match="needs 4 pictures, not 1"):
        compose_sheet(SMALL, 0, [picture("red")])
