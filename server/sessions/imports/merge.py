"""One field of a session, three ways: what was imported last, what it is here, what the programme says now. Pure.

What was changed here wins until it is reverted. Links are merged one by one: whoever added one here keeps it, and the
programme's own come and go.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

Links = Sequence[Sequence[str]]


class Merged(NamedTuple):
    """What the field becomes; `kept`: the programme wanted something else, and what was edited here stays."""

    value: Any
    kept: bool = False
    wanted: Any = None


def merge_field(field: str, base: Any, here: Any, wanted: Any) -> Merged:
    """The field of a session that was imported before."""
    if field == "links":
        return Merged(merge_links(base or [], here, wanted))
    if wanted == base:
        return Merged(here)
    if here in (base, wanted):
        return Merged(wanted)
    return Merged(here, kept=True, wanted=wanted)


_SAYS_NOTHING: dict[str, Any] = {"state": "confirmed", "kind": "talk"}


def adopt_field(field: str, here: Any, wanted: Any) -> Merged:
    """The field of a session that somebody made here and that the programme turns out to name: what stands in it stays,
    what says nothing is filled."""
    if field == "links":
        return Merged(merge_links([], here, wanted))
    if here == wanted or not here or here == _SAYS_NOTHING.get(field):
        return Merged(wanted)
    return Merged(here, kept=bool(wanted), wanted=wanted)


def is_edited(field: str, base: Any, here: Any) -> bool:
    """Whether the field is not what was imported last."""
    if field == "links":
        return {(kind, url) for kind, url, _ in base} != {(kind, url) for kind, url, _ in here}
    return bool(base != here)


def merge_links(base: Links, here: Links, wanted: Links) -> list[list[str]]:
    """The links here, without those the programme took away, with those it added, where they stand in it."""
    was = {(kind, url): title for kind, url, title in base}
    now = {(kind, url): title for kind, url, title in wanted}
    kept: list[list[str]] = []
    for kind, url, title in here:
        key = (kind, url)
        if key in was and key not in now:
            continue
        is_ours = title != was.get(key, title)
        kept.append([kind, url, title if is_ours or key not in now else now[key]])
    there = {(kind, url) for kind, url, _ in kept}
    added = [[kind, url, title] for (kind, url), title in now.items() if (kind, url) not in there | set(was)]
    return kept + added
