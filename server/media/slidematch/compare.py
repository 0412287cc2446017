"""Which page is it? The region where the slides are, made straight, against every page of the deck.

The region's gradient field r is compared with the fields g of all pages in a small size; the few nearest are compared
in a larger one. For two pages a and b the difference of squared errors |r - c g_b|^2 - |r - c g_a|^2 has only terms
from where a and b differ, so one new bullet decides between build steps however much of the rest is noise: divided by
|c (g_a - g_b)|^2 it is 1 when a is shown and -1 when b is. Blocks of the picture that agree with none of the near pages
(a person in front, a video, a logo of the stream) are left out of that.

Whether a slide of the deck is shown at all is a question of its own: the share of what is particular to the page that
is there, or the share of what is particular in the picture that the page explains (a slide that is half built, a page
behind a person), whichever is larger.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from server.media.slidematch.gradients import Floats, Gray, block_sums, gradient_field, product
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


@dataclass(slots=True)
class Likeness:
    """What one picture says, for one region. `rows` are the nearest pages of the group, best first; `behind` by how
    much less likely (natural logarithm) each is than the best; `support` 0..1 that the best is really shown."""

    rows: tuple[int, ...]
    behind: tuple[float, ...]
    support: float
    gain: float
    blank: bool


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
    rows = nearest(gradient_field(resize(crop, group.coarse_size)).ravel(), group)
    fields = [group.field(row) for row in rows]
    energy, energies = block_energy(seen), group.energy[rows]
    dots = np.stack([block_sums(product(seen, field), COLUMNS, ROWS) for field in fields])
    gains = np.clip(dots.sum(axis=(1, 2)) / np.maximum(1e-6, energies.sum(axis=(1, 2))), 0.2, 1.5)[:, None, None]
    scaled = gains * gains * energies
    agreements = np.clip(1 - (energy + scaled - 2 * gains * dots) / (energy + scaled + BLOCK_NOISE), 0, 1)
    gain = float(gains.max())
    particular = block_energy(seen - group.template * np.float32(gain))
    supports = [share_seen(a, group.own[row], particular) for a, row in zip(agreements, rows, strict=True)]
    wrong = energy + gain * gain * energies - 2 * gain * dots
    order, behind = rank(fields, wrong, agreements.max(axis=0), gain)
    best = order[0]
    return Likeness(
        tuple(rows[index] for index in order),
        tuple(behind),
        supports[best],
        float(gains[best, 0, 0]),
        bool(energy.mean() < CONTENT),
    )


def nearest(coarse: Floats, group: Group) -> list[int]:
    """Rows of the pages that are nearest in the small size."""
    length = max(1e-6, float(np.sqrt(coarse @ coarse)))
    likeness = (group.coarse @ coarse) / (group.coarse_length * length)
    return [int(row) for row in np.argsort(-likeness, kind="stable")[:NEAREST]]


def share_seen(agreement: Floats, own: Floats, particular: Floats) -> float:
    """How much of the page is seen, or how much of what is seen is the page; see the module's text."""
    page = np.where(own > CONTENT, own, 0)
    picture = np.where(particular > CONTENT, particular, 0)
    of_page = float((agreement * page).sum() / max(1e-6, page.sum()))
    of_picture = float((agreement * picture).sum() / max(1e-6, picture.sum()))
    return max(of_page, of_picture)


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
