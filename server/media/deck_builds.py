"""Which pages are build steps of one slide: from pages to logical slides. Pure.

Three kinds of evidence, in this order. *Labels*: LaTeX's beamer gives all steps of a frame the same page label, which
decides where the file's labels do repeat. *Words*: a step holds all the words of the step before, at the same places,
under the same title. *Pictures*: what was drawn stays, and only background is drawn on. Words and pictures have to
agree, but where much is said again and more is added: two results under one title are two slides, and so are an agenda
and the next one.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from server.media.deck_pages import DeckPage, PictureStep, Word

# A frame with more steps than this is not one (a file whose every page has the same label, a flip book).
MOST_STEPS = 80
# Words may move by a hair between steps (kerning, rounding of what is centred).
WORD_MOVES = 0.012
# Of the picture: what may differ without being a loss (edges, a page number), and of what was drawn.
LOSS_OF_AREA, LOSS_OF_DRAWN = 0.004, 0.06
# A picture with less on it than this holds everything and says nothing: blank pages, a logo. Edges count, not areas.
ENOUGH_DRAWN = 0.012
ENOUGH_WORDS = 3
# Same label, and yet another slide: beamer's frames without a number (appendix) carry on the number before.
LITTLE_IN_COMMON = 0.25
EDGE = 0.07
# Words besides the title that are proof by themselves, the share of them that has to stay, and how many times as many
# the next step may have.
MUCH_SAID, NEARLY_ALL, MOST_GROWTH = 8, 0.93, 3


def group_pages(pages: Sequence[DeckPage], steps: Sequence[PictureStep | None]) -> list[int]:
    """The number of the logical slide, from 1, of each page. `steps[i]` compares page i with the page before it."""
    labelled = labels_tell(pages)
    slides: list[int] = []
    run = 0
    for index, page in enumerate(pages):
        joins = index > 0 and run < MOST_STEPS and _joins(pages[index - 1], page, steps[index], labelled)
        slides.append((slides[-1] if slides else 1) + (0 if joins or not slides else 1))
        run = run + 1 if joins else 1
    return slides


def labels_tell(pages: Sequence[DeckPage]) -> bool:
    """Whether the labels of this file tell builds apart: some neighbours share one, and yet there are many."""
    labels = [page.label for page in pages]
    if not all(labels):
        return False
    repeats = sum(a == b for a, b in pairwise(labels))
    return repeats > 0 and len(set(labels)) >= max(2, len(labels) / 20)


def _joins(before: DeckPage, page: DeckPage, step: PictureStep | None, labelled: bool) -> bool:
    if labelled:
        return before.label == page.label and not _strangers(before, page, step)
    return is_step(before, page, step)


def _strangers(before: DeckPage, page: DeckPage, step: PictureStep | None) -> bool:
    """Pages that have nothing in common but their label."""
    if _alike(before.title, page.title):
        return False
    a, b = Counter(word[4] for word in before.words), Counter(word[4] for word in page.words)
    common, either = (a & b).total(), (a | b).total()
    if either and common / either >= LITTLE_IN_COMMON:
        return False
    return step is None or (step.lost > LOSS_OF_AREA and step.kept < step.lost)


def _alike(title: str, other: str) -> bool:
    """Titles of which one goes on as the other does: "Results", "Results (cont.)"."""
    a, b = set(title.casefold().split()), set(other.casefold().split())
    return bool(a and b) and len(a & b) >= 0.7 * min(len(a), len(b))


def is_step(before: DeckPage, page: DeckPage, step: PictureStep | None) -> bool:
    """Whether a page shows everything the page before shows, and perhaps more."""
    if step is None or (before.width_px, before.height_px) != (page.width_px, page.height_px):
        return False
    if _says_more(before, page):
        return True
    drawn = step.kept + step.lost
    if step.lost > LOSS_OF_AREA or step.lost > LOSS_OF_DRAWN * drawn:
        return False
    if before.title != page.title:
        return False
    old, new = _body(before), _body(page)
    if not old:
        # Nothing is written: the picture alone has to say it, so there must be something in it that stays.
        return not new and step.kept >= ENOUGH_DRAWN and step.kept >= step.gained / 2
    if not _holds(old, new):
        return False
    return len(old) >= ENOUGH_WORDS or step.kept >= ENOUGH_DRAWN or step.gained <= 2 * drawn


def _says_more(before: DeckPage, page: DeckPage) -> bool:
    """Whether a page says, under the same title, all that the page before says, and more: so much text is not there
    twice by chance. Where it stands may differ, for what is centred moves when something is added."""
    if not before.title or before.title != page.title:
        return False
    title = Counter(before.title.split())
    old, new = (Counter(word[4] for word in _body(one)) - title for one in (before, page))
    common = (old & new).total()
    said = old.total()
    return said >= MUCH_SAID and common >= NEARLY_ALL * said and said < new.total() <= MOST_GROWTH * said


def _body(page: DeckPage) -> list[Word]:
    """The words of a page but for numbers along its upper and lower edge, which count pages."""
    return [
        word
        for word in page.words
        if not ((word[3] < EDGE or word[1] > 1 - EDGE) and all(char.isdigit() or char in "/-–." for char in word[4]))
    ]


def _holds(old: Sequence[Word], new: Sequence[Word]) -> bool:
    """Whether all the old words are among the new ones, each at its place."""
    places: dict[str, list[Word]] = {}
    for word in new:
        places.setdefault(word[4], []).append(word)
    return all(
        any(abs(word[0] - o[0]) < WORD_MOVES and abs(word[1] - o[1]) < WORD_MOVES for o in places.get(word[4], ()))
        for word in old
    )
