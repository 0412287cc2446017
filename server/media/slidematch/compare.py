"""Which page is it? The region where the slides are, made straight, against every page of the deck.

The region's gradient field r is compared with the fields g of all pages in a small size; the few nearest are compared
in a larger one. For two pages a and b the difference of squared errors |r - c g_b|^2 - |r - c g_a|^2 has only terms
from where a and b differ, so one new bullet decides between build steps however much of the rest is noise: divided by
|c (g_a - g_b)|^2 it is 1 when a is shown and -1 when b is. Blocks of the picture that agree with none of the near pages
(a person in front, a video, a logo of the stream) are left out of that.

Whether a slide of the deck is shown at all is a question of its own: how much of the page is seen (little, while a
slide is being built), how much of the picture is explained (little, when a person stands in front), both without what
many slides share; and how much better this page is than the next ones. A logistic model makes log-odds of the three.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from server.media.slidematch.gradients import SMALL_BLUR, Floats, Gray, block_sums, gradient_field, product
from server.media.slidematch.pages import COLUMNS, ROWS, Group, block_energy, resize

NEAREST = 10
# Block energy (mean squared normalised gradient) that noise reaches in an even block.
BLOCK_NOISE = 0.006
# Below this energy a block holds nothing particular.
CONTENT = 0.01
LLR_CAP = 12.0
# Neighbouring gradients err together (blur, misalignment): so many of them count as one.
CORRELATED = 24.0
ERROR_FLOOR = 0.002


# Logistic regression on drawn films (486 pictures of slides, 148 of other decks, programs and speakers): the right ones
# are at 0.5 to 7 before scaling, the others below 0.
INTERCEPT, LARGER, SMALLER, SINGLED, SCALE = -14.0, 9.6, 4.9, 6.9, 1.5


@dataclass(slots=True)
class Likeness:
    """What one picture says, for one region. `rows` are the nearest pages of the group, best first; `behind` by how
    much less likely (natural logarithm) each is than the best; `score` the log-odds that the best is really shown, made
    of the shares of the page that is seen and of the picture that is explained, and of how clearly this page stands out
    from the others (1: as it should, 0: not at all)."""

    rows: tuple[int, ...]
    behind: tuple[float, ...]
    score: float
    of_page: float
    of_picture: float
    singled: float


def straighten(picture: Gray, quad: Floats, size: tuple[int, int]) -> Gray:
    """The inside of the quad (4 corners in pixels, clockwise from top left) as an upright picture of that size."""
    # Twice as large first: a warp takes single pixels, the shrinking after it takes all of them.
    width, height = size[0] * 2, size[1] * 2
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(quad.reshape(4, 2).astype(np.float32), target)
    large = cv2.warpPerspective(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(large, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def compare(crop: Gray, group: Group) -> Likeness:
    """The likeness of the straightened region to the pages of the group."""
    seen = gradient_field(crop)
    rows = nearest(gradient_field(resize(crop, group.coarse_size), SMALL_BLUR).ravel(), group)
    fields = [group.field(row) for row in rows]
    energy, energies = block_energy(seen), group.energy[rows]
    dots = np.stack([block_sums(product(seen, field), COLUMNS, ROWS) for field in fields])
    gains = np.clip(dots.sum(axis=(1, 2)) / np.maximum(1e-6, energies.sum(axis=(1, 2))), 0.2, 1.5)[:, None, None]
    scaled = gains * gains * energies
    agreements = np.clip(1 - (energy + scaled - 2 * gains * dots) / (energy + scaled + BLOCK_NOISE), 0, 1)
    gain = float(gains.max())
    wrong = energy + gain * gain * energies - 2 * gain * dots
    order, behind, singled = rank(fields, wrong, agreements.max(axis=0), gain)
    best = order[0]
    agreement, common = agreements[best], group.common[rows[best]]
    of_page = share(agreement, energies[best] * (1 - common) ** 2)
    of_picture = share(agreement, energy * (1 - agreement * common) ** 2)
    return Likeness(
        tuple(rows[index] for index in order),
        tuple(behind),
        score_of(of_page, of_picture, singled),
        of_page,
        of_picture,
        singled,
    )


def nearest(coarse: Floats, group: Group) -> list[int]:
    """Rows of the pages that are nearest in the small size."""
    length = max(1e-6, float(np.sqrt(coarse @ coarse)))
    likeness = (group.coarse @ coarse) / (group.coarse_length * length)
    return [int(row) for row in np.argsort(-likeness, kind="stable")[:NEAREST]]


def share(agreement: Floats, weight: Floats) -> float:
    """The weighted mean agreement over blocks that hold something."""
    held = np.where(weight > CONTENT, weight, 0)
    return float((agreement * held).sum() / max(1e-6, held.sum()))


def score_of(of_page: float, of_picture: float, singled: float) -> float:
    """The log-odds that the page is shown."""
    larger, smaller = max(of_page, of_picture), min(of_page, of_picture)
    return SCALE * (INTERCEPT + LARGER * larger + SMALLER * smaller + SINGLED * min(1.0, singled))


def rank(fields: list[Floats], wrong: Floats, weight: Floats, gain: float) -> tuple[list[int], list[float], float]:
    """The order of the near pages, best first, and how far each is behind the best.

    `wrong` is the mean squared error of each page in each block, `weight` how much a block counts.
    """
    pixels = fields[0].shape[1] * fields[0].shape[2] / (COLUMNS * ROWS)
    errors = (weight * wrong).sum(axis=(1, 2)) * pixels
    order = [int(index) for index in np.argsort(errors, kind="stable")]
    best = order[0]
    variance = max(ERROR_FLOOR, float(errors[best]) / max(1.0, 2 * pixels * float(weight.sum())))
    behind, aheads, aparts = [], [], []
    for index in order:
        difference = gain * gain * block_energy(fields[best] - fields[index])
        apart = float((weight * difference).sum()) * pixels
        ahead = float(errors[index] - errors[best]) / apart if apart > 1e-3 else 0.0
        aheads.append(float(errors[index] - errors[best]))
        aparts.append(apart)
        behind.append(min(1.0, ahead) * min(LLR_CAP, apart / (2 * variance * CORRELATED)))
    return order, behind, sum(aheads) / max(1e-3, sum(aparts))
