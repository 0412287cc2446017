"""The deck as the matcher needs it: every page as gradient fields in two sizes, and a picture to find points in.

Pages of one shape (aspect) form a group, since where the slide is in the picture depends on its shape. What most pages
of a group have in common (logo, footer, frame) is the group's template: it says that a slide of this deck is shown, but
not which.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from server.media.slidematch.gradients import Floats, Gray, block_sums, gradient_field, product
from server.media.slidematch.results import DeckPage

FINE_AREA = 320 * 180
COARSE_AREA = 112 * 63
POINTS_SIDE = 800
COLUMNS, ROWS = 20, 12
# With fewer pages than this nothing can be called common.
TEMPLATE_PAGES = 4
TEMPLATE_SAMPLE = 40
ASPECT_STEP = 0.02


class UnreadablePageError(Exception):
    """The picture of a page cannot be decoded."""


@dataclass(slots=True)
class Group:
    """Pages of one shape. `members` are indices into the deck; rows of the arrays follow them.

    `fine` (n, 2, h, w) holds fields times 127; `coarse` (n, d) fields; `template` a fine field; `energy` and `own`
    (n, ROWS, COLUMNS) mean squared length of the field, and of what is not the template, per block.
    """

    aspect: float
    members: tuple[int, ...]
    fine_size: tuple[int, int]
    coarse_size: tuple[int, int]
    fine: NDArray[np.int8]
    coarse: Floats
    coarse_length: Floats
    template: Floats
    energy: Floats
    own: Floats

    def field(self, row: int) -> Floats:
        """The fine field of one page."""
        return np.asarray(self.fine[row], dtype=np.float32) / np.float32(127)


@dataclass(slots=True)
class Deck:
    """All pages; `pictures` are gray, at most POINTS_SIDE wide or high."""

    pages: tuple[DeckPage, ...]
    groups: tuple[Group, ...]
    pictures: tuple[Gray, ...]


def load_deck(pages: Sequence[DeckPage]) -> Deck:
    """Read all pictures. Raises UnreadablePageError."""
    pictures = [read_gray(page) for page in pages]
    aspects = [picture.shape[1] / picture.shape[0] for picture in pictures]
    groups = []
    left = list(range(len(pages)))
    while left:
        aspect = aspects[left[0]]
        members = [index for index in left if abs(aspects[index] / aspect - 1) <= ASPECT_STEP]
        left = [index for index in left if index not in set(members)]
        groups.append(make_group(aspect, members, pictures))
    return Deck(tuple(pages), tuple(groups), tuple(shrink(picture, POINTS_SIDE) for picture in pictures))


def read_gray(page: DeckPage) -> Gray:
    """The picture of a page in gray."""
    picture = cv2.imread(page.picture, cv2.IMREAD_GRAYSCALE)
    if picture is None or min(picture.shape[:2]) < 8:
        raise UnreadablePageError(f"The picture of page {page.number} cannot be read.")
    return np.asarray(picture, dtype=np.uint8)


def shrink(picture: Gray, side: int) -> Gray:
    """At most `side` wide and high."""
    height, width = picture.shape[:2]
    scale = side / max(width, height)
    if scale >= 1:
        return picture
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def size_of(aspect: float, area: int) -> tuple[int, int]:
    """Width and height of about `area` pixels in that shape."""
    height = max(8, round((area / aspect) ** 0.5))
    return max(8, round(height * aspect)), height


def resize(picture: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """To exactly this width and height."""
    shrinking = picture.shape[1] > size[0]
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR))


def make_group(aspect: float, members: Sequence[int], pictures: Sequence[Gray]) -> Group:
    """Fields and block energies of the pages of one shape."""
    fine_size, coarse_size = size_of(aspect, FINE_AREA), size_of(aspect, COARSE_AREA)
    fine = np.empty((len(members), 2, fine_size[1], fine_size[0]), dtype=np.int8)
    coarse = np.empty((len(members), coarse_size[1] * coarse_size[0] * 2), dtype=np.float32)
    for row, index in enumerate(members):
        small = resize(pictures[index], fine_size)
        fine[row] = np.rint(gradient_field(small) * 127)
        coarse[row] = gradient_field(resize(small, coarse_size)).ravel()
    template = find_template(fine)
    energy = np.empty((len(members), ROWS, COLUMNS), dtype=np.float32)
    own = np.empty_like(energy)
    for row in range(len(members)):
        field = fine[row].astype(np.float32) / 127
        energy[row] = block_energy(field)
        own[row] = block_energy(field - template)
    length = np.sqrt((coarse * coarse).sum(axis=1)).astype(np.float32)
    return Group(
        aspect, tuple(members), fine_size, coarse_size, fine, coarse, np.maximum(length, 1e-6), template, energy, own
    )


def find_template(fine: NDArray[np.int8]) -> Floats:
    """What most pages share: the median, and only where most pages are near it. Zero for a short deck."""
    if len(fine) < TEMPLATE_PAGES:
        return np.zeros(fine.shape[1:], dtype=np.float32)
    sample = fine[:: max(1, len(fine) // TEMPLATE_SAMPLE)]
    middle = np.median(sample, axis=0).astype(np.float32)
    near = (np.abs(sample.astype(np.int16) - middle.astype(np.int16)).max(axis=1) < 25).mean(axis=0)
    return np.asarray(middle * (near > 0.5) / 127, dtype=np.float32)


def block_energy(field: Floats) -> Floats:
    """Mean squared length of the field's vectors per block, (ROWS, COLUMNS)."""
    return block_sums(product(field, field), COLUMNS, ROWS)
