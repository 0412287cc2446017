"""Pictures as decks: alone or in a ZIP, turned, transparent, deep, broken, or larger than the world."""

import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from server.media.deck_pages import DeckContents, DeckLimits, DeckUnreadable
from server.media.deck_pictures import check_office
from server.media.deck_read import read_deck
from server.media.deck_refuse import Refuse
from tests.server.media.deck_files import png_that_claims


def picture(
    colour: object, size: tuple[int, int] = (40, 24), mode: str = "RGB", form: str = "PNG", **how: object
) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, form, **how)  # type: ignore[arg-type]
    return out.getvalue()


async def look(folder: Path, content: bytes, kind: str, limits: DeckLimits = DeckLimits()) -> DeckContents:
    path = folder / "deck"
    path.write_bytes(content)
    return await read_deck(path, kind, folder, limits=limits)


async def refused(folder: Path, content: bytes, kind: str, limits: DeckLimits = DeckLimits()) -> str:
    with pytest.raises(DeckUnreadable) as caught:
        await look(folder, content, kind, limits)
    assert caught.value.detail.endswith(".")
    return caught.value.code


def packed(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def middle(folder: Path, name: str) -> tuple[int, ...]:
    with Image.open(folder / name) as image:
        colour = image.convert("RGB").getpixel((image.width // 2, image.height // 2))
    assert isinstance(colour, tuple)
    return colour


def near(colour: tuple[int, ...], wanted: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 12 for a, b in zip(colour, wanted, strict=True))


async def test_one_picture_is_one_page_and_not_blown_up(tmp_path: Path) -> None:
    contents = await look(tmp_path, picture((200, 30, 30)), "png")
    [page] = contents.pages
    assert (page.number, page.slide, page.width_px, page.height_px, page.text) == (1, 1, 40, 24, "")
    assert near(middle(tmp_path, page.large), (200, 30, 30))


async def test_a_photo_that_lies_on_its_side_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    contents = await look(tmp_path, picture(0, (3000, 1500), "L", "JPEG", exif=exif), "jpeg")
    assert (contents.pages[0].width_px, contents.pages[0].height_px) == (800, 1600)


async def test_an_archive_in_the_natural_order_of_names(tmp_path: Path) -> None:
    broken = picture((9, 9, 9))[:60]
    contents = await look(
        tmp_path,
        packed(
            {
                "talk/slide10.png": picture((0, 0, 250)),
                "talk/slide2.png": picture((0, 250, 0)),
                "../../slide1.jpg": picture((250, 0, 0), form="JPEG"),
                "__MACOSX/talk/._slide2.png": b"nothing",
                "talk/.hidden.png": picture((1, 1, 1)),
                "talk/inner.zip": packed({"slide3.png": picture((5, 5, 5))}),
                "talk/slide20.png": broken,
                "talk/slide30.png": b"text",
                "talk/slide40.png": picture((0, 0, 0, 0), mode="RGBA"),
                "talk/slide50.png": picture(65535, mode="I;16"),
                "talk/slide60.jpg": picture((0, 0, 0, 0), mode="CMYK", form="JPEG"),
            }
        ),
        "zip",
    )
    colours = [middle(tmp_path, page.large) for page in contents.pages]
    wanted = [(250, 0, 0), (0, 250, 0), (0, 0, 250)]
    assert all(map(near, colours[:3], wanted)) and len(colours) == 8
    assert all(near(colour, (255, 255, 255)) for colour in colours[5:])
    assert [(note.code, note.page) for note in contents.warnings] == [("deck.damaged", 4), ("deck.damaged", 5)]
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {"deck", *(f"000{n}-{size}.webp" for n in range(1, 9) for size in ("large", "small"))}


async def test_more_pixels_than_are_taken(tmp_path: Path) -> None:
    assert await refused(tmp_path, png_that_claims(50_000, 50_000), "png") == "deck.too_big"
    contents = await look(
        tmp_path, packed({"1.png": png_that_claims(12_000, 10_000), "2.png": picture((1, 2, 3))}), "zip"
    )
    assert [(note.code, note.page) for note in contents.warnings] == [("deck.too_big", 1)]
    assert len(contents.pages) == 2


async def test_archives_that_are_traps(tmp_path: Path) -> None:
    assert await refused(tmp_path, packed({"1.png": bytes(20 << 20)}), "zip") == "deck.bomb"
    few = DeckLimits(members=3)
    assert await refused(tmp_path, packed({f"{n}.png": b"x" for n in range(4)}), "zip", few) == "deck.bomb"
    small = DeckLimits(unpacked_bytes=1000)
    assert await refused(tmp_path, packed({"1.png": bytes(1001)}), "zip", small) == "deck.bomb"


async def test_nothing_to_show(tmp_path: Path) -> None:
    assert await refused(tmp_path, packed({"readme.txt": b"hello"}), "zip") == "deck.no_pages"
    assert await refused(tmp_path, packed({"1.png": b"no picture"}), "zip") == "deck.damaged"
    assert await refused(tmp_path, packed({"1.png": picture(1, mode="L")})[:-30], "zip") == "deck.damaged"
    assert await refused(tmp_path, picture(1, mode="L")[:60], "png") == "deck.damaged"


async def test_an_office_file_without_office(tmp_path: Path) -> None:
    assert await refused(tmp_path, packed({"ppt/presentation.xml": b"<x/>"}), "pptx") == "deck.needs_office"


def test_office_files_are_judged_before_they_are_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "deck.odp"
    for content, code in (
        (packed({"content.xml": bytes(80 << 20)}), "deck.bomb"),
        (packed({"META-INF/manifest.xml": b"<manifest:encryption-data/>"}), "deck.encrypted"),
        (b"PK\x03\x04 and no more", "deck.damaged"),
    ):
        path.write_bytes(content)
        with pytest.raises(Refuse) as caught:
            check_office(path, 100, 1 << 30)
        assert caught.value.code == code
