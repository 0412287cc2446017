"""The pictures of a page: two sizes as WebP, and how one page's picture differs from that of the page before."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from server.media.deck_pages import PictureStep, Word
from server.media.lettering import width_of, write

LARGE_PX = 1_600
SMALL_PX = 320
# Type at this quality shows no rings on a laptop's screen; method 2 takes half the time of the default for 4 % more.
LARGE_QUALITY, SMALL_QUALITY, METHOD = 88, 80, 2
PAPER, INK, FAINT = (244, 243, 239), (58, 62, 70), (128, 132, 140)
UNREADABLE = "This page could not be read"
# Of 255: smaller differences are what rounding and the lossy picture make.
DIFFERENT = 24
DRAWN = 18
WORD_MOVES = 0.004


def large_name(number: int) -> str:
    """The file name of a page's large picture."""
    return f"{number:04d}-large.webp"


def small_name(number: int) -> str:
    """The file name of a page's small picture."""
    return f"{number:04d}-small.webp"


def fitted(width: float, height: float, longest: int, most: float) -> tuple[int, int]:
    """Whole pixels for something so wide and high: `longest` at most on the longer side, enlarged `most` times at
    most."""
    scale = min(longest / max(width, height), most)
    return max(1, min(longest, round(width * scale))), max(1, min(longest, round(height * scale)))


def save_page(picture: Image.Image, folder: Path, number: int) -> Image.Image:
    """Write both sizes of a picture that is no larger than the large one; returns the small one."""
    small = picture.resize(fitted(*picture.size, SMALL_PX, 1.0), Image.Resampling.LANCZOS, reducing_gap=1.5)
    picture.save(folder / large_name(number), "WEBP", quality=LARGE_QUALITY, method=METHOD)
    small.save(folder / small_name(number), "WEBP", quality=SMALL_QUALITY, method=METHOD)
    return small


def draw_unreadable(number: int, size: tuple[int, int]) -> Image.Image:
    """The picture that stands in for a page that could not be read."""
    image = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(image)
    unit = max(1.0, min(size) * 0.06, 1.0)
    if width_of(UNREADABLE, unit) > size[0] * 0.9:
        unit = max(1.0, unit * size[0] * 0.9 / width_of(UNREADABLE, unit))
    top = size[1] / 2 - unit * 1.4
    for line, colour in ((UNREADABLE, INK), (f"Page {number}", FAINT)):
        write(draw, ((size[0] - width_of(line, unit)) / 2, top), line, colour, unit)
        top += unit * 1.7
    return image


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page's small picture and its words, kept to be compared with the next page."""

    picture: Image.Image
    drawn: Image.Image
    words: Sequence[Word]

    @classmethod
    def of(cls, picture: Image.Image, words: Sequence[Word]) -> "Drawn":
        """`drawn` is white where something is drawn: where brightness varies within a few pixels."""
        grey = picture.convert("L")
        spread = ImageChops.subtract(grey.filter(ImageFilter.MaxFilter(3)), grey.filter(ImageFilter.MinFilter(3)))
        return cls(picture, spread.point(lambda value: 255 if value >= DRAWN else 0), words)


def compare(before: Drawn, after: Drawn) -> PictureStep | None:
    """How the picture changed; None when the pages have different shapes."""
    if before.picture.size != after.picture.size:
        return None
    difference = _strongest(ImageChops.difference(before.picture, after.picture))
    changed = difference.point(lambda value: 255 if value >= DIFFERENT else 0)
    lost = ImageChops.multiply(changed, before.drawn)
    draw = ImageDraw.Draw(lost)
    for box in _shared_words(before.words, after.words):
        draw.rectangle(_pixels(box, lost.size), fill=0)
    kept = ImageChops.subtract(ImageChops.multiply(before.drawn, after.drawn), changed)
    gained = ImageChops.subtract(ImageChops.multiply(changed, after.drawn), before.drawn)
    return PictureStep(lost=_share(lost), gained=_share(gained), kept=_share(kept))


def _strongest(image: Image.Image) -> Image.Image:
    red, green, blue = image.split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue)


def _share(mask: Image.Image) -> float:
    return round(mask.histogram()[255] / (mask.width * mask.height), 5)


def _shared_words(before: Sequence[Word], after: Sequence[Word]) -> list[Word]:
    """Words that stand at the same place on both pages: a change of their colour takes nothing away."""
    places: dict[str, list[Word]] = {}
    for word in after:
        places.setdefault(word[4], []).append(word)
    return [
        word
        for word in before
        if any(abs(word[0] - o[0]) < WORD_MOVES and abs(word[1] - o[1]) < WORD_MOVES for o in places.get(word[4], ()))
    ]


def _pixels(box: Word, size: tuple[int, int]) -> tuple[float, float, float, float]:
    width, height = size
    return box[0] * width - 2, box[1] * height - 2, box[2] * width + 2, box[3] * height + 2
