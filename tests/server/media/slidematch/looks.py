"""Small decks and frames for the matcher's tests."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from server.media.slidematch.results import DeckPage, Matched

Picture = NDArray[np.uint8]
SIZE = (640, 360)


def text_page(seed: int, lines: int = 5, *, title: str = "") -> Picture:
    """A white page with a title and lines of made-up words."""
    dice = np.random.default_rng(seed)
    page = np.full((360, 640), 245, np.uint8)
    cv2.putText(page, title or word(dice) + " " + word(dice), (30, 55), 0, 1.1, 20, 2, cv2.LINE_AA)
    for line in range(lines):
        text = " ".join(word(dice) for _ in range(4))
        cv2.putText(page, text, (50, 110 + 44 * line), 0, 0.7, 40, 1, cv2.LINE_AA)
    return page


def word(dice: np.random.Generator) -> str:
    """Some letters."""
    return "".join(chr(97 + int(n)) for n in dice.integers(0, 26, int(dice.integers(3, 8))))


def photo(seed: int) -> Picture:
    """A page without any text: soft blobs with some edges."""
    dice = np.random.default_rng(seed)
    soft = cv2.resize(dice.uniform(0, 255, (7, 11)).astype(np.float32), SIZE, interpolation=cv2.INTER_CUBIC)
    picture = np.clip(soft, 0, 255).astype(np.uint8)
    for _ in range(6):
        x, y = int(dice.integers(40, 600)), int(dice.integers(40, 320))
        cv2.circle(picture, (x, y), int(dice.integers(10, 60)), int(dice.integers(0, 255)), -1, cv2.LINE_AA)
    return picture


def with_video(page: Picture, picture: Picture) -> Picture:
    """The page with a picture in a box on it."""
    whole = page.copy()
    whole[120:345, 120:520] = cv2.resize(picture, (400, 225), interpolation=cv2.INTER_AREA)
    return whole


def speaker(at: int) -> Picture:
    """Somebody who moves in front of a dark wall."""
    frame = photo(99) // 3
    x = 320 + int(30 * np.sin(at / 2))
    cv2.ellipse(frame, (x, 300), (110, 150), 0, 0, 360, 120, -1, cv2.LINE_AA)
    cv2.circle(frame, (x, 130), 55, 190, -1, cv2.LINE_AA)
    return np.asarray(frame, np.uint8)


def beside(page: Picture, at: int) -> Picture:
    """Slide at two thirds, the speaker beside it, on a patterned ground."""
    frame = np.asarray(photo(7) // 2, np.uint8).copy()
    frame[60:300, 12:439] = cv2.resize(page, (427, 240), interpolation=cv2.INTER_AREA)
    frame[60:300, 450:630] = cv2.resize(speaker(at), (180, 240))
    return frame


def projected(page: Picture, at: int, *, shake: float = 1.5) -> Picture:
    """A camera looks at the projection from the side: washed out, soft, noisy, and somebody in front of a corner."""
    move = np.array([np.sin(at * 1.3), np.cos(at * 1.7)]) * shake
    corners = np.array([[110, 50], [540, 35], [545, 290], [105, 275]], np.float32) + move.astype(np.float32)
    flat = np.array([[0, 0], [640, 0], [640, 360], [0, 360]], np.float32)
    frame = np.full((360, 640), 70, np.uint8)
    washed = (90 + page.astype(np.float32) * 0.45).astype(np.uint8)
    warp = cv2.getPerspectiveTransform(flat, corners)
    cv2.warpPerspective(washed, warp, SIZE, frame, cv2.INTER_AREA, cv2.BORDER_TRANSPARENT)
    cv2.ellipse(frame, (530 + int(8 * np.sin(at)), 300), (50, 130), 0, 0, 360, 50, -1, cv2.LINE_AA)
    noise = np.random.default_rng(at).normal(0, 4, frame.shape)
    return np.clip(cv2.GaussianBlur(frame, (0, 0), 0.8) + noise, 0, 255).astype(np.uint8)


def write_deck(pages: Sequence[Picture], folder: Path, slides: Sequence[int] = ()) -> list[DeckPage]:
    """The pages as files, twice as large as the frames."""
    deck = []
    for number, page in enumerate(pages, 1):
        path = folder / f"{number:04}.png"
        cv2.imwrite(str(path), cv2.resize(page, (1280, 720), interpolation=cv2.INTER_CUBIC))
        deck.append(DeckPage(number=number, slide=slides[number - 1] if slides else number, picture=str(path)))
    return deck


def shown(found: Matched, times: Sequence[int]) -> list[int | None]:
    """The page of the cue at each time."""
    return [next(cue.page for cue in found.cues if cue.start_ms <= at < cue.end_ms) for at in times]
