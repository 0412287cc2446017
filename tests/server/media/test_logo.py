"""Logos: whatever is sent, what is kept is a small WebP of ours or nothing."""

import io

import pytest
from PIL import Image

from server.media.logo import LogoUnreadable, draw_logo


def _picture(form: str, size: tuple[int, int], mode: str = "RGBA") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, (10, 90, 70, 128)[: len(mode)]).save(out, form)
    return out.getvalue()


async def test_a_large_picture_with_see_through_parts_becomes_a_small_webp_that_keeps_them() -> None:
    logo = await draw_logo(_picture("PNG", (3000, 500)))
    assert (logo.width_px, logo.height_px) == (960, 160)
    with Image.open(io.BytesIO(logo.webp)) as drawn:
        assert (drawn.format, drawn.size, drawn.mode) == ("WEBP", (960, 160), "RGBA")
        assert drawn.getpixel((5, 5))[3] == 128


async def test_a_small_one_is_not_enlarged_and_one_on_its_side_is_put_upright() -> None:
    assert (await draw_logo(_picture("JPEG", (40, 20), "RGB"))).width_px == 40
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90°
    Image.new("RGB", (40, 20)).save(out, "JPEG", exif=exif)
    logo = await draw_logo(out.getvalue())
    assert (logo.width_px, logo.height_px) == (20, 40)


@pytest.mark.parametrize(
    "data",
    [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\nrubbish", b"GIF89a", b"x" * 100_000],
    ids=["svg", "broken", "short", "rubbish"],
)
async def test_what_is_no_picture_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(LogoUnreadable, match="PNG, JPEG, WebP or GIF"):
        await draw_logo(data)


async def test_a_picture_of_too_many_pixels_is_refused_before_it_is_drawn() -> None:
    out = io.BytesIO()
    Image.new("1", (12_000, 9_000)).save(out, "PNG")
    with pytest.raises(LogoUnreadable, match="40 million"):
        await draw_logo(out.getvalue())
