"""Which version of a deck is shown, and in which order decks stand. Pure.

A newer version is shown once it is rendered, not before: one that fails never hides the one that is good.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.slides.errors import SlotUnknown
from server.slides.models import Deck


def is_live(deck: Deck) -> bool:
    """Whether this version is shown, or will be once it is rendered."""
    return deck.deleted_at is None and deck.replaced_at is None


def shown_of(versions: Iterable[Deck]) -> Deck | None:
    """The version of one slot that is shown: the newest with pages; without any, the newest; None when all are gone."""
    live = [deck for deck in versions if is_live(deck)]
    return max(live, key=lambda deck: (deck.rendering > 0, deck.revision), default=None)


def by_slot(decks: Iterable[Deck]) -> dict[str, list[Deck]]:
    """Decks of one session by slot, the newest version first."""
    slots: dict[str, list[Deck]] = {}
    for deck in sorted(decks, key=lambda deck: deck.revision, reverse=True):
        slots.setdefault(deck.slot, []).append(deck)
    return slots


def shown_decks(decks: Iterable[Deck]) -> list[Deck]:
    """What is shown of one session's decks, one a slot, in order."""
    shown = [deck for versions in by_slot(decks).values() if (deck := shown_of(versions)) is not None]
    return sorted(shown, key=lambda deck: (deck.position, deck.slot))


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a new deck goes; `slot` is None for one of its own."""

    slot: str | None
    position: int
    revision: int


NEW = "new"


def place_for(decks: Sequence[Deck], *, asked: str, filename: str) -> Place:
    """Where a file goes among a session's decks (withdrawn ones too); raises SlotUnknown.

    `asked` names the slot to replace, or NEW; without it the only deck is replaced, of several the one whose file has
    the same name, and else it is one deck more.
    """
    slots = by_slot(decks)
    if asked not in ("", NEW) and asked not in slots:
        raise SlotUnknown
    shown = shown_decks(decks)
    slot: str | None = asked
    if asked == NEW:
        slot = None
    elif not asked:
        same = shown if len(shown) == 1 else [deck for deck in shown if deck.filename == filename]
        slot = same[0].slot if len(same) == 1 else None
    if slot is None:
        return Place(slot=None, position=max((deck.position for deck in shown), default=-1) + 1, revision=1)
    newest = slots[slot][0]
    return Place(slot=slot, position=newest.position, revision=newest.revision + 1)


def moved(order: Sequence[str], slot: str, to: int) -> list[str]:
    """The slots with one of them at another place; behind the last is the last."""
    others = [one for one in order if one != slot]
    return [*others[:to], slot, *others[to:]]
