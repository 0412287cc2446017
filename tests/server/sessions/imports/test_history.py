"""The real history of one schedule, imported version by version: nothing lost, nothing doubled, nothing churned."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from server.sessions.formats.form import ReadProgramme
from server.sessions.formats.read import read_programme
from server.sessions.imports.wanted import fold
from tests.server.sessions.imports.shelf import Shelf

EVERY = 20  # versions that are brought; each brings what happened since the one before


def versions(path: Path, *, every: int) -> Iterator[tuple[datetime, ReadProgramme]]:
    """Every so many versions and the last one, read as the files they were."""
    lines = gzip.decompress(path.read_bytes()).splitlines()[1:]
    events: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(lines):
        step = msgspec.json.decode(line)
        for key in step["removed"]:
            del events[key]
        events |= step["added"]
        for key, changed in step["changed"].items():
            events[key] = events[key] | changed
        assert len(events) == step["count"]
        if number % every == 0 or number == len(lines) - 1:
            moment = datetime.fromisoformat(step["committed"])
            yield moment, read_programme(document(events, step["version"]), time_zone="Europe/Berlin")


def document(events: dict[str, dict[str, Any]], version: str) -> bytes:
    """The schedule.json these events were taken from."""
    rooms: dict[str, list[dict[str, Any]]] = {}
    for event in events.values():
        persons = [{"public_name": name} for name in event.get("persons") or ()]
        made = event | {"persons": persons, "abstract": "x" * event.get("abstract_len", 0)}
        rooms.setdefault(event["room"], []).append(made)
    day = {
        "index": 1,
        "date": "2019-08-21",
        "day_start": "2019-08-21T06:00:00+02:00",
        "day_end": "2019-08-22T06:00:00+02:00",
        "rooms": rooms,
    }
    conference = {"acronym": "camp2019", "title": "Camp", "time_zone_name": "Europe/Berlin", "days": [day]}
    return msgspec.json.encode({"schedule": {"version": version, "conference": conference}})


def test_the_whole_history_ends_with_nothing_lost_doubled_or_churned(samples: Path) -> None:
    shelf = Shelf()
    before: dict[str, Any] = {}
    stayed = churned = 0
    moment = datetime.fromtimestamp(0, UTC)
    for moment, programme in versions(samples / "schedules" / "camp2019-everything.jsonl.gz", every=EVERY):
        plan = shelf.bring(programme, moment)
        now = {session.key: session for session in programme.sessions}
        same = {key for key, session in now.items() if before.get(key) == session}
        stayed += len(same)
        churned += sum(
            step.known is not None and step.writes and step.wanted.key in same for step in plan.decision.steps
        )
        before = now
    shelf.bring(programme, moment)
    shelf.hide(moment + timedelta(days=1))

    shown = {one.row.key: one for one in shelf.shown() if one.row is not None}
    assert now.keys() - shown.keys() == set(), "lost"
    for key, session in now.items():
        assert shown[key].values["title"] == session.title
        assert shown[key].values["starts_at"] == (session.starts_at.isoformat() if session.starts_at else None)
        assert fold(shelf.name_of(shown[key].values["room"])) == fold(session.room)
        assert len(shown[key].values["links"]) == len({(link.kind, link.url) for link in session.links})
    extra = [one for key, one in shown.items() if key not in now]
    assert {one.row.block for one in extra if one.row} <= {"Village:Digitalcourage", "Workshop"}, "no news, said so"
    told = {(fold(one.values["title"]), one.values["starts_at"]) for key, one in shown.items() if key in now}
    doubled = [one for one in extra if (fold(one.values["title"]), one.values["starts_at"]) in told]
    assert doubled == []
    assert stayed > 3_000 and churned <= stayed * 0.01
    names = [fold(one.name) for one in shelf.things["speaker"].values()]
    assert len(names) == len(set(names)) and len(shelf.things["room"]) < 150
