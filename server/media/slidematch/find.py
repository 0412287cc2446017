"""Where in an unknown picture is a page of the deck, and which? By points that look alike (ORB) and a homography.

Measured on real frames (36C3, a lecture hall's camera): the right page keeps 134-745 points after RANSAC, a wrong one
at most 11, so 25 is far from both. A page votes with its strongest points first; only pages with the most votes are
matched point by point. Everything is brute force: exact, and the same every time.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from server.media.slidematch.gradients import Floats, Gray
from server.media.slidematch.pages import Deck
from server.media.slidematch.quads import is_plausible, unit_quad

FRAME_POINTS = 1_200
PAGE_POINTS = 1_000
VOTING_POINTS = 250
QUERY_POINTS = 500
CANDIDATES = 4
RATIO = 0.78
LEAST_MATCHES = 16
LEAST_INLIERS = 25
REPROJECTION_PX = 4.0
# Tries of RANSAC: four points of which two in five are right come up once in 40.
TRIES = 300
# So many agreeing points are no accident: no other page need be tried.
PLENTY = 120

Points = tuple[Floats, NDArray[np.uint8]]


@dataclass(slots=True)
class Found:
    """A page found in a picture: its index in the deck, its corners in pixels, and how many points agree."""

    index: int
    corners: Floats
    inliers: int


@dataclass(slots=True)
class Finder:
    """Finds pages of one deck in pictures. Makes the points of the pages at the first call."""

    deck: Deck
    _points: dict[int, Points] = field(default_factory=dict)
    _votes: NDArray[np.uint8] | None = None
    _owner: NDArray[np.int32] | None = None
    _voters: tuple[int, ...] = ()

    def find(self, picture: Gray, hints: tuple[int, ...] = ()) -> Found | None:
        """The page that has the most points in a plausible place, or None. `hints` are tried besides the voted ones."""
        points, descriptors = orb_points(picture, FRAME_POINTS)
        if len(points) < LEAST_MATCHES:
            return None
        best: Found | None = None
        for index in dict.fromkeys((*self._vote(descriptors), *hints)):
            found = self._fit(index, points, descriptors, (picture.shape[1], picture.shape[0]))
            if found is not None and (best is None or found.inliers > best.inliers):
                best = found
                if best.inliers >= PLENTY:
                    break
        return best

    def _page_points(self, index: int) -> Points:
        if index not in self._points:
            self._points[index] = orb_points(self.deck.pictures[index], PAGE_POINTS)
        return self._points[index]

    def _prepare(self) -> None:
        # The last page of a slide has all its build steps; the others would only split its votes.
        last = {page.slide: index for index, page in enumerate(self.deck.pages)}
        self._voters = tuple(sorted(last.values()))
        strongest = [self._page_points(index)[1][:VOTING_POINTS] for index in self._voters]
        self._votes = np.concatenate(strongest)
        self._owner = np.repeat(np.arange(len(strongest), dtype=np.int32), [len(rows) for rows in strongest])

    def _vote(self, descriptors: NDArray[np.uint8]) -> tuple[int, ...]:
        if self._votes is None:
            self._prepare()
        assert self._votes is not None and self._owner is not None
        if not len(self._votes):
            return ()
        matches = cv2.BFMatcher(cv2.NORM_HAMMING).match(descriptors[:QUERY_POINTS], self._votes)
        # A match is worth more the nearer it is; 64 of 256 bits is the usual limit for ORB.
        worth = np.zeros(len(self._voters))
        for match in matches:
            worth[self._owner[match.trainIdx]] += max(0.0, 64 - match.distance)
        order = np.argsort(-worth, kind="stable")[:CANDIDATES]
        return tuple(self._voters[int(row)] for row in order if worth[int(row)] > 0)

    def _fit(self, index: int, points: Floats, descriptors: NDArray[np.uint8], size: tuple[int, int]) -> Found | None:
        page_points, page_descriptors = self._page_points(index)
        if len(page_points) < LEAST_MATCHES:
            return None
        pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(page_descriptors, descriptors, k=2)
        good = [two[0] for two in pairs if len(two) == 2 and two[0].distance < RATIO * two[1].distance]
        if len(good) < LEAST_INLIERS:
            return None
        source = page_points[[match.queryIdx for match in good]]
        target = points[[match.trainIdx for match in good]]
        cv2.setRNGSeed(0)
        matrix, mask = cv2.findHomography(source, target, cv2.RANSAC, REPROJECTION_PX, maxIters=TRIES, confidence=0.99)
        if mask is None or not mask.any():
            return None
        inliers = int(mask.sum())
        height, width = self.deck.pictures[index].shape
        corners = unit_quad(matrix, (width, height))
        if inliers < LEAST_INLIERS or corners is None or not is_plausible(corners, size, width / height):
            return None
        return Found(index, corners, inliers)


def orb_points(picture: Gray, count: int) -> Points:
    """Places (n, 2) and descriptors (n, 32), strongest first."""
    orb = cv2.ORB.create(nfeatures=count, fastThreshold=10)
    keypoints, descriptors = orb.detectAndCompute(picture, None)
    if descriptors is None or not len(keypoints):
        return np.empty((0, 2), np.float32), np.empty((0, 32), np.uint8)
    order = np.argsort([-point.response for point in keypoints], kind="stable")
    places = np.array([point.pt for point in keypoints], dtype=np.float32)
    return places[order], np.asarray(descriptors, dtype=np.uint8)[order]
