"""The deck as the matcher needs it: every page as gradient fields in two sizes, and a picture to find points in.

Pages of one shape (aspect) form a group, since where the slide is in the picture depends on its shape. What pages of a
group have in common (logo, footer, frame) says that a slide of this deck or one like it is shown, but not which.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from server.media.slidematch.gradients import SMALL_BLUR, Floats, Gray, block_sums, gradient_field, product
from server.media.slidematch.results import DeckPage

FINE_AREA = 320 * 180
COARSE_AREA = 112 * 63
POINTS_SIDE = 800
COLUMNS, ROWS = 20, 12
# In a short deck little can be called common.
TEMPLATE_PAGES = 4
# Blocks are the same when their difference has so small a share of their squared length.
SAME_BLOCK = 0.3
ASPECT_STEP = 0.02


class UnreadablePageError(Exception):
    """The picture of a page cannot be decoded."""


@dataclass(slots=True)
class Group:
    """Pages of one shape. `members` are indices into the deck; rows of the arrays follow them.

    `fine` (n, 2, h, w) holds fields times 127; `coarse` (n, d) fields; `energy` (n, ROWS, COLUMNS) the mean squared
    length of the field per block; `common` the share of the other slides that have the same in that block.
    """

    aspect: float
    members: tuple[int, ...]
    fine_size: tuple[int, int]
    coarse_size: tuple[int, int]
    fine: NDArray[np.int8]
    coarse: Floats
    coarse_length: Floats
    energy: Floats
    common: Floats

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
        groups.append(make_group(aspect, members, pictures, [page.slide for page in pages]))
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


def whole_blocks(size: tuple[int, int]) -> tuple[int, int]:
    """The nearest size that the grid of blocks divides."""
    return max(2, round(size[0] / COLUMNS)) * COLUMNS, max(2, round(size[1] / ROWS)) * ROWS


def resize(picture: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """To exactly this width and height."""
    shrinking = picture.shape[1] > size[0]
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR))


def make_group(aspect: float, members: Sequence[int], pictures: Sequence[Gray], slides: Sequence[int]) -> Group:
    """Fields and block energies of the pages of one shape."""
    fine_size, coarse_size = whole_blocks(size_of(aspect, FINE_AREA)), size_of(aspect, COARSE_AREA)
    fine = np.empty((len(members), 2, fine_size[1], fine_size[0]), dtype=np.int8)
    coarse = np.empty((len(members), coarse_size[1] * coarse_size[0] * 2), dtype=np.float32)
    for row, index in enumerate(members):
        small = resize(pictures[index], fine_size)
        fine[row] = np.rint(gradient_field(small) * 127)
        coarse[row] = gradient_field(resize(small, coarse_size), SMALL_BLUR).ravel()
    energy = np.stack([block_energy(row.astype(np.float32) / np.float32(127)) for row in fine])
    length = np.maximum(1e-6, np.sqrt((coarse * coarse).sum(axis=1))).astype(np.float32)
    common = find_common(fine, [slides[index] for index in members])
    return Group(aspect, tuple(members), fine_size, coarse_size, fine, coarse, length, energy, common)


def find_common(fine: NDArray[np.int8], slides: Sequence[int]) -> Floats:
    """(n, ROWS, COLUMNS): the share of the pages of other slides that look the same in a block. A logo has 1."""
    count, _, height, width = fine.shape
    others = np.not_equal.outer(slides, slides)
    total = np.maximum(TEMPLATE_PAGES, others.sum(axis=1))
    common = np.zeros((count, ROWS, COLUMNS), dtype=np.float32)
    tall, wide = height // ROWS, width // COLUMNS
    for row in range(ROWS):
        for column in range(COLUMNS):
            # Every second pixel will do here.
            part = fine[:, :, row * tall : (row + 1) * tall : 2, column * wide : (column + 1) * wide : 2]
            vectors = part.reshape(count, -1).astype(np.float32) / np.float32(127)
            products = vectors @ vectors.T
            squares = products.diagonal()
            apart = squares[:, None] + squares[None, :] - 2 * products
            same = apart < SAME_BLOCK * np.maximum(squares[:, None], squares[None, :])
            common[:, row, column] = (same & others).sum(axis=1) / total
    return common


def block_energy(field: Floats) -> Floats:
    """Mean squared length of the field's vectors per block, (ROWS, COLUMNS)."""
    return block_sums(product(field, field), COLUMNS, ROWS)
