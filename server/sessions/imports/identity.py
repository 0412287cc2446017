"""Which session of ours a session of a file is. Pure.

The key within the source comes first (its guid, where it has one). What is left over is matched with care: by code,
then by title, speakers and time, never by slug. What only looks alike is offered as a question, and the answer is kept.
Sessions of other events and of other sources are never looked at.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from rapidfuzz import fuzz, process

from server.sessions.imports.known import Known
from server.sessions.imports.wanted import Wanted, fold

ALIKE, NEARLY = 88.0, 60.0
# Above so many pairs titles are compared for equality only: a file all of whose ids changed must not take minutes.
_MOST_PAIRS = 2_000_000


# Why it is asked, by (somebody speaks in both, made here by hand).
WHY = {
    (True, False): "Somebody speaks in both, but it has another id in the file.",
    (False, False): "It has another id in the file.",
    (True, True): "Somebody speaks in both; the one here was made here by hand.",
    (False, True): "The one here was made here by hand.",
}


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Is the session of the file called `key` the same talk as the session here?"""

    key: str
    title: str
    starts_at: str | None
    session: str
    session_title: str
    session_starts_at: str | None
    why: str


@dataclass(slots=True)
class Matching:
    """Pairs of a file's keys and our session ids, and how they were found (key, answer, code, likeness)."""

    pairs: dict[str, str] = field(default_factory=dict)
    how: dict[str, str] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)

    def add(self, key: str, session_id: str, how: str) -> None:
        """A pair; neither side may have one already."""
        self.pairs[key], self.how[key] = session_id, how
        self.taken.add(session_id)


def match(wanted: Sequence[Wanted], known: Sequence[Known], answers: Mapping[str, Any]) -> Matching:
    """Pair the sessions of a file with ours. `answers` are the source's: {"same": {key: id}, "other": [[key, id]]}."""
    found = Matching()
    _by_key(wanted, known, found)
    _by_answer(wanted, known, answers, found)
    refused = {(key, session_id) for key, session_id in answers.get("other", ())}
    left = _Left(wanted, known, found, refused)
    _by_guid(left)
    _by_trait(left, lambda one: one.code, "code", lambda w, k: _title_score(w, k) >= NEARLY or _share_speakers(w, k))
    _by_trait(left, lambda one: one.title and (one.title, one.speakers, one.starts_at), "likeness")
    _by_trait(left, lambda one: one.title and (one.title, one.speakers), "likeness", _no_guids)
    _ask(left)
    return found


def _by_key(wanted: Sequence[Wanted], known: Sequence[Known], found: Matching) -> None:
    rows = {one.row.key: one for one in known if one.row is not None}
    for one in wanted:
        if (there := rows.get(one.key)) is not None:
            found.add(one.key, there.session_id, "key")


def _by_answer(wanted: Sequence[Wanted], known: Sequence[Known], answers: Mapping[str, Any], found: Matching) -> None:
    same = answers.get("same", {})
    ids = {one.session_id for one in known}
    for one in wanted:
        session_id = same.get(one.key)
        if one.key not in found.pairs and session_id in ids and session_id not in found.taken:
            found.add(one.key, session_id, "answer")


@dataclass(frozen=True, slots=True)
class _Traits:
    """What one side of a pair is recognised by."""

    title: str
    speakers: frozenset[str]
    starts_at: str | None
    room: str | None
    code: str
    guid: str
    by_hand: bool = False


def _traits(values: Mapping[str, Any], guid: str, *, by_hand: bool = False) -> _Traits:
    return _Traits(
        title=fold(values["title"]),
        speakers=frozenset(values["speakers"]),
        starts_at=values["starts_at"],
        room=values["room"],
        code=fold(values["code"]),
        guid=guid,
        by_hand=by_hand,
    )


class _Left:
    """What is not paired yet, on both sides."""

    def __init__(
        self, wanted: Sequence[Wanted], known: Sequence[Known], found: Matching, refused: set[tuple[str, str]]
    ) -> None:
        self.found, self.refused = found, refused
        new = [one for one in wanted if one.key not in found.pairs]
        ours = [one for one in known if one.session_id not in found.taken and not one.is_out] if new else []
        self.wanted = {one.key: (one, _traits(one.values, one.guid)) for one in new}
        self.known = {
            one.session_id: (one, _traits(_known_by(one), one.row_guid, by_hand=one.row is None)) for one in ours
        }

    def pair(self, key: str, session_id: str, how: str) -> None:
        self.found.add(key, session_id, how)
        del self.wanted[key], self.known[session_id]

    def grouped(self, trait: Callable[[_Traits], Hashable]) -> Iterable[tuple[str, str]]:
        """Pairs that alone have a trait, on either side."""
        new: dict[Hashable, list[str]] = defaultdict(list)
        ours: dict[Hashable, list[str]] = defaultdict(list)
        for key, (_, traits) in self.wanted.items():
            new[trait(traits)].append(key)
        for session_id, (_, traits) in self.known.items():
            ours[trait(traits)].append(session_id)
        for value, keys in new.items():
            ids = ours.get(value, [])
            if value and len(keys) == len(ids) == 1 and (keys[0], ids[0]) not in self.refused:
                yield keys[0], ids[0]


def _known_by(one: Known) -> Mapping[str, Any]:
    """What the source last said of it: an edit made here must not hide it from its source."""
    return one.row.values if one.row is not None else one.values


def _by_guid(left: _Left) -> None:
    """A guid that stood several times in the file then or now: told apart by time and title."""
    for trait in (
        lambda one: one.guid and (one.guid, one.starts_at, one.title),
        lambda one: one.guid and (one.guid, one.starts_at),
        lambda one: one.guid,
    ):
        for key, session_id in list(left.grouped(trait)):
            left.pair(key, session_id, "key")


def _by_trait(
    left: _Left,
    trait: Callable[[_Traits], Hashable],
    how: str,
    is_right: Callable[[_Traits, _Traits], bool] = lambda _new, _ours: True,
) -> None:
    for key, session_id in list(left.grouped(trait)):
        if is_right(left.wanted[key][1], left.known[session_id][1]):
            left.pair(key, session_id, how)


def _no_guids(new: _Traits, ours: _Traits) -> bool:
    """Only a guid that changed is a reason to ask; files without guids are recognised by what they say. What was made
    here by hand is offered."""
    return not (new.guid and ours.guid) and not ours.by_hand


def _title_score(new: _Traits, ours: _Traits) -> float:
    return float(fuzz.token_sort_ratio(new.title, ours.title))


def _share_speakers(new: _Traits, ours: _Traits) -> bool:
    return bool(new.speakers & ours.speakers)


def _ask(left: _Left) -> None:
    """Offer what looks alike: each side at most once, the likeliest first."""
    if not left.wanted or not left.known or len(left.wanted) * len(left.known) > _MOST_PAIRS:
        return
    ids = list(left.known)
    titles = [left.known[session_id][1].title for session_id in ids]
    often = Counter([*titles, *(traits.title for _, traits in left.wanted.values())])
    offers = []
    for key, (_, traits) in left.wanted.items():
        near = process.extract(traits.title, titles, scorer=fuzz.token_sort_ratio, score_cutoff=ALIKE, limit=5)
        for _title, score, at in near:
            ours = left.known[ids[at]][1]
            if (key, ids[at]) not in left.refused and _is_worth_asking(traits, ours, often):
                offers.append((-score, ours.starts_at != traits.starts_at, key, ids[at]))
    asked: set[str] = set()
    for _score, _other_time, key, session_id in sorted(offers):
        if not {key, session_id} & asked:
            asked |= {key, session_id}
            left.found.questions.append(_question(*left.wanted[key], *left.known[session_id]))


def _is_worth_asking(new: _Traits, ours: _Traits, often: Counter[str]) -> bool:
    if _share_speakers(new, ours):
        return True
    nobody = not new.speakers or not ours.speakers
    return nobody and often[new.title] <= 2 and often[ours.title] <= 2  # not every "Lunch" of the week


def _question(new: Wanted, traits: _Traits, ours: Known, our_traits: _Traits) -> Question:
    shared = _share_speakers(traits, our_traits)
    return Question(
        key=new.key,
        title=new.title,
        starts_at=new.values["starts_at"],
        session=ours.session_id,
        session_title=str(ours.values["title"]),
        session_starts_at=ours.values["starts_at"],
        why=WHY[shared, ours.row is None],
    )
