"""schedule.json as it is found."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from server.sessions.formats.form import ReadLink, ReadProgramme, ReadSession
from server.sessions.formats.read import read_programme
from server.sessions.formats.refused import BadProgramme


def schedule(*events: dict[str, Any], **day: Any) -> dict[str, Any]:
    """A schedule.json of one day and one room, with nothing but what is needed."""
    whole_day = {"index": 1, "date": "2027-05-20", "day_start": "2027-05-20T09:00:00+03:00", **day}
    return {
        "schedule": {
            "version": "1",
            "base_url": "https://example.org/2027/",
            "conference": {
                "title": "Seminar",
                "acronym": "seminar",
                "time_zone_name": "Europe/Helsinki",
                "days": [{**whole_day, "rooms": {"Hall": list(events)}}],
            },
        }
    }


def read(*events: dict[str, Any], **day: Any) -> ReadProgramme:
    return read_programme(json.dumps(schedule(*events, **day)).encode())


def one(**event: Any) -> ReadSession:
    return read({"guid": "g1", "title": "Talk", "date": "2027-05-20T10:00:00+03:00", **event}).sessions[0]


def at(hour: int, minute: int = 0, day: int = 20) -> datetime:
    return datetime(2027, 5, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("event", "starts_at"),
    [
        ({"date": "2027-05-20T10:00:00+03:00"}, at(7)),
        ({"date": "2027-05-20T10:00:00"}, at(7)),
        ({"date": "2027-05-20 10:00:00 +0300"}, at(7)),
        ({"date": "2027-05-20", "start": "10:00"}, at(7)),
        ({"date": None, "start": "10:00"}, at(7)),
        ({"date": None, "start": "01:30"}, at(22, 30)),
        ({"date": 1810796400}, at(7)),
        ({"date": "soon", "start": None}, None),
        ({"date": ["2027"], "start": {}}, None),
    ],
)
def test_when_a_session_starts(event: dict[str, Any], starts_at: datetime | None) -> None:
    assert one(**event).starts_at == starts_at


def test_an_end_is_more_exact_than_a_length_of_minutes() -> None:
    assert one(duration="0:45", end="2027-05-20T10:45:30+03:00").duration_ms == 2_730_000
    assert one(duration="0:45", end="2027-05-20T09:45:30+03:00").duration_ms == 2_700_000


def test_links_of_every_shape() -> None:
    links = one(
        links=[
            "https://example.org/a",
            {"url": "/b", "title": "B"},
            {"href": "javascript:alert(1)"},
            None,
            7,
            "c.html",
        ],
        attachments=[
            {"url": "/deck.pdf", "title": "The talk", "type": "related"},
            {"url": "https://example.org/film.mp4", "type": "slides"},
            {"url": "/system/attachments/original/missing.png?1577", "title": "Presentation Slides"},
        ],
    ).links
    assert links == (
        ReadLink(url="https://example.org/a", kind="other"),
        ReadLink(url="https://example.org/b", kind="other", title="B"),
        ReadLink(url="https://example.org/2027/c.html", kind="other"),
        ReadLink(url="https://example.org/film.mp4", kind="video"),
        ReadLink(url="https://example.org/deck.pdf", kind="slides", title="The talk"),
    )


def test_a_file_that_is_none_is_refused_with_a_sentence() -> None:
    for data in (b"", b"\xef\xbb\xbf  ", b"{}", b"[1]", b'{"schedule": {"conf', json.dumps(schedule()).encode()):
        with pytest.raises(BadProgramme) as refused:
            read_programme(data)
        assert refused.value.code.startswith("import.") and refused.value.detail.endswith(".")
