"""Which page is it? The region where the slides are, made straight, against every page of the deck.

The region's gradient field r is compared with the fields g of all pages in a small size; the few nearest are compared
in a larger one. For two pages a and b the difference of squared errors |r - c g_b|^2 - |r - c g_a|^2 has only terms
from where a and b differ, so one new bullet decides between build steps however much of the rest is noise: divided by
|c (g_a - g_b)|^2 it is 1 when a is shown and -1 when b is. Blocks of the picture that agree with none of the near pages
(a person in front, a video, a logo of the stream) are left out of that.

Whether a slide of the deck is shown at all is a question of its own: how much of the page is seen (little, while a
slide is being built), how much of the picture is explained (little, when a person stands in front), both without what
many slides share and without what something in front covers (covered.py). A logistic model makes log-odds of them.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from server.media.slidematch.covered import uncovered
from server.media.slidematch.gradients import SMALL_BLUR, Floats, Gray, block_sums, gradient_field, product
from server.media.slidematch.pages import COLUMNS, ROWS, Group, block_energy, resize

NEAREST = 10
# Block energy (mean squared normalised gradient) that noise reaches in an even block.
BLOCK_NOISE = 0.006
# Below this energy a block holds nothing particular.
CONTENT = 0.01
LLR_CAP = 12.0
# Blocks that agree less with every near page show something else and tell none of them from another.
AGREED = 0.35
# Neighbouring gradients err together (blur, misalignment): so many of them count as one.
CORRELATED = 24.0
ERROR_FLOOR = 0.002


# Of what many slides share a little counts all the same: where the rest is covered, it is all there is.
SHARED = 0.1
# Logistic regression on drawn films: 1,751 pictures of slides, 282 of other decks, programs and speakers, and, counted
# little, 744 compared with another page of the deck than is shown. With each of three seeds left out once: 6 slides not
# seen, nothing else taken for one (before anything was taken for covered: 12 and 5). 0.9 lower than fitted, for another
# deck of the same make in a film of another seed.
INTERCEPT, LARGER, SMALLER = -13.4, 4.0, 14.8
# A page or a program has even blocks and blocks full of edges; people and rooms have neither (speakers: none even).
EVEN_SHARE, FULL, FULL_SHARE = 0.25, 0.15, 0.08


@dataclass(slots=True)
class Likeness:
    """What one picture says, for one region. `rows` are the nearest pages of the group, best first; `behind` by how
    much less likely (natural logarithm) each is than the best; `score` the log-odds that the best is really shown, made
    of the shares of the page that is seen and of the picture that is explained; `covered` is left out of both.
    `is_page_like`: there is a page or a program, whichever it is."""

    rows: tuple[int, ...]
    behind: tuple[float, ...]
    score: float
    of_page: float
    of_picture: float
    covered: float
    is_page_like: bool


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
    agreed = agreements.max(axis=0)
    order, behind = rank(fields, wrong, np.where(agreed < AGREED, 0, agreed), gain)
    best = order[0]
    of_page, of_picture, covered = seen_of(
        energy, energies[best], scaled[best], agreements[best], group.common[rows[best]]
    )
    score = score_of(of_page, of_picture)
    is_page_like = bool((energy < BLOCK_NOISE).mean() >= EVEN_SHARE and (energy > FULL).mean() >= FULL_SHARE)
    near = tuple(rows[index] for index in order)
    return Likeness(near, tuple(behind), score, of_page, of_picture, covered, is_page_like)


def seen_of(
    energy: Floats, page: Floats, scaled: Floats, agreement: Floats, common: Floats
) -> tuple[float, float, float]:
    """The share of the page that is seen, of the picture that is explained, and the share that something covers."""
    counts = uncovered(np.maximum(0, energy + scaled - BLOCK_NOISE), agreement)
    of_page = share(agreement, page * own(common), counts)
    of_picture = share(agreement, energy * own(agreement * common), counts)
    return of_page, of_picture, 1 - float(counts.mean())


def own(common: Floats) -> Floats:
    """How much a block counts of which other slides have so much."""
    return np.asarray((1 - common) ** 2 * (1 - SHARED) + SHARED, dtype=np.float32)


def nearest(coarse: Floats, group: Group) -> list[int]:
    """Rows of the pages that are nearest in the small size."""
    length = max(1e-6, float(np.sqrt(coarse @ coarse)))
    likeness = (group.coarse @ coarse) / (group.coarse_length * length)
    return [int(row) for row in np.argsort(-likeness, kind="stable")[:NEAREST]]


def share(agreement: Floats, weight: Floats, counts: Floats) -> float:
    """The weighted mean agreement over blocks that count and hold something."""
    held = np.where(weight > CONTENT, weight, 0) * counts
    return float((agreement * held).sum() / max(1e-6, held.sum()))


def score_of(of_page: float, of_picture: float) -> float:
    """The log-odds that the page is shown."""
    larger, smaller = max(of_page, of_picture), min(of_page, of_picture)
    return INTERCEPT + LARGER * larger + SMALLER * smaller


def rank(fields: list[Floats], wrong: Floats, weight: Floats, gain: float) -> tuple[list[int], list[float]]:
    """The order of the near pages, best first, and how far each is behind the best.

    `wrong` is the mean squared error of each page in each block, `weight` how much a block counts.
    """
    pixels = fields[0].shape[1] * fields[0].shape[2] / (COLUMNS * ROWS)
    errors = (weight * wrong).sum(axis=(1, 2)) * pixels
    order = [int(index) for index in np.argsort(errors, kind="stable")]
    best = order[0]
    variance = max(ERROR_FLOOR, float(errors[best]) / max(1.0, 2 * pixels * float(weight.sum())))
    behind = []
    for index in order:
        difference = gain * gain * block_energy(fields[best] - fields[index])
        apart = float((weight * difference).sum()) * pixels
        ahead = float(errors[index] - errors[best]) / apart if apart > 1e-3 else 0.0
        behind.append(min(1.0, ahead) * min(LLR_CAP, apart / (2 * variance * CORRELATED)))
    return order, behind
