"""Events with sessions and recordings for pages to show."""

from datetime import UTC, datetime
from typing import Any

import pytest

from server.core.db import Database
from server.recordings.models import READY, Recording
from tests.server.events.people import Asker

# Where a test is about what a page says: the queries behind it are asked of both databases by other tests.
on_one_database = pytest.mark.parametrize("kept_settings", ["sqlite"], indirect=True)


async def an_event(admin: Asker, **values: Any) -> dict[str, Any]:
    """An event of two days."""
    body = {
        "title": "Seminar 2027",
        "slug": "seminar-2027",
        "starts_on": "2027-05-20",
        "ends_on": "2027-05-21",
        "time_zone": "Europe/Helsinki",
        "description": "Two days by the lake.",
    }
    made: dict[str, Any] = await admin.post("/events", body | values)
    return made


async def a_session(admin: Asker, event: dict[str, Any], **values: Any) -> dict[str, Any]:
    """A session of the event, at ten in its time zone."""
    body = {
        "event": event["id"],
        "title": "Still pictures",
        "starts_at": "2027-05-20T10:00:00+03:00",
        "duration_ms": 1_500_000,
        "language": "en",
        "speakers": [{"name": "Ada Öhman"}],
        "abstract": "Frames that repeat.\n\nSee https://example.org/still.",
    }
    made: dict[str, Any] = await admin.post("/sessions", body | values)
    return made


async def a_recording(database: Database, session: dict[str, Any], event: dict[str, Any], **values: Any) -> str:
    """A finished, published recording of the session, as rows only."""
    row = {
        "event_id": event["id"],
        "session_id": session["id"],
        "state": READY,
        "playable": True,
        "published_at": datetime(2027, 5, 20, 9, tzinfo=UTC),
        "duration_ms": 1_480_000,
        "playable_ms": 1_480_000,
        "progress": 1.0,
        "poster_key": "g1/poster.jpg",
    }
    recording = Recording(**(row | values))
    async with database.write() as db:
        db.add(recording)
    return recording.id
