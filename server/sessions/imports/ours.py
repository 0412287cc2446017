"""Recognise what Semma itself exported: a file that names our sessions, rooms and people by our own ids. Pure.

An export says `sessions.guid`, and the ids of people and rooms as UUIDs (feeds/schedule). Where the source names them
otherwise, or not at all, the file is taken as if it had used the source's own names: so everything is found again, and
the next file of the source finds it, too.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from server.sessions.formats.laid_out import UUID
from server.sessions.imports.known import Known
from server.sessions.imports.wanted import Values, Wanted


def own_id(key: str) -> str:
    """The id of ours that a key would be, "" when it can be none."""
    return uuid.UUID(key).hex if UUID.fullmatch(key) else ""


def in_words_of_source(
    wanted: Sequence[Wanted], known: Sequence[Known], answers: Mapping[str, Any]
) -> Sequence[Wanted]:
    """The sessions of a file, those told by our guids with the key and guid they have in the source.

    Only of a file that names more of the source's sessions by our guids than by the source's keys; where both are the
    same, nothing changes.
    """
    told = {one.guid for one in wanted if one.guid}
    keys = {one.key for one in wanted}
    rows = [one for one in known if one.row is not None]
    theirs = sum(one.row is not None and one.row.key in keys for one in rows)
    by_guid = {one.guid: one for one in rows if one.guid in told}
    if len(by_guid) <= theirs:
        return wanted
    answered = {*answers.get("same", ()), *(key for key, _session in answers.get("other", ()))}
    ours = {one.key: by_guid[one.guid] for one in wanted if one.guid in by_guid and one.key not in answered}
    ours = _without_clashes(ours, keys)
    return [_as_source_says(one, ours[one.key]) if one.key in ours else one for one in wanted]


def _without_clashes(ours: dict[str, Known], keys: set[str]) -> dict[str, Known]:
    """Those whose key in the source is not that of another session of the file."""
    while True:
        stay = keys - ours.keys()
        kept = {key: one for key, one in ours.items() if one.row is not None and one.row.key not in stay}
        if len(kept) == len(ours):
            return ours
        ours = kept


def _as_source_says(one: Wanted, here: Known) -> Wanted:
    row = here.row
    assert row is not None
    values = one.values if row.withdrawn else _said(one.values, here.values, row.values)
    return Wanted(key=row.key, guid=row.guid, block=one.block, values=values)


def _said(wanted: Values, here: Values, said: Values) -> Values:
    """What only repeats what is here the source has not said: an edit made here stays one."""
    return {name: said.get(name, value) if value == here[name] else value for name, value in wanted.items()}
