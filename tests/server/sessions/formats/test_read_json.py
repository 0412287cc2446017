"""schedule.json as it is found."""

import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from server.sessions.formats.form import ReadLink, ReadProgramme, ReadSession
from server.sessions.formats.read import read_programme
from server.sessions.formats.refused import BadProgramme
from server.sessions.formats.times import read_duration_ms


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
        ({"date": 10**400, "start": None}, None),
    ],
)
def test_when_a_session_starts(event: dict[str, Any], starts_at: datetime | None) -> None:
    assert one(**event).starts_at == starts_at


LENGTHS: dict[Any, int] = {"01:30": 90, "1:30": 90, "0:45:00": 45, "00:90": 90, "26:00": 1560, "1:02:00:00": 1560}
LENGTHS |= {"PT45M": 45, "P1DT2H": 1560, "PT0,5H": 30, "90": 90, 45.0: 45, "1 day, 2:00:00": 1560, "1h 30 min": 90}
LENGTHS |= {"90 min": 90, "1,5 h": 90, "45 minuuttia": 45, "1 tim 15 min": 75}


def test_lengths_in_every_spelling() -> None:
    assert {said: read_duration_ms(said) for said in LENGTHS} == {
        said: 60_000 * least for said, least in LENGTHS.items()
    }
    for said in (0, "", None, True, "-45", "soon", "99999:00", 10**400, float("nan"), [45]):
        assert read_duration_ms(said) is None


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


def test_what_is_missing_twice_or_odd_is_mended_and_said() -> None:
    programme = read(
        {"guid": "g1", "title": "One", "date": "2027-05-20T10:00:00+03:00"},
        {"guid": "g1", "title": "One", "date": "2027-05-20T10:00:00+03:00"},
        {"guid": "g1", "title": "Another", "id": 7, "date": "2027-05-20T11:00:00+03:00"},
        {"guid": None, "title": None, "subtitle": "Sub", "id": "x", "duration": "long", "language": "de, en"},
        {"title": "Deleted", "state": "DELETED"},
        "nothing",  # type: ignore[arg-type]
    )
    assert [(session.key, session.title, session.language) for session in programme.sessions] == [
        ("g1", "One", ""),
        ("id:7", "Another", ""),
        ("id:x", "Sub", "de"),
    ]
    assert {note.code for note in programme.notes} == {
        "import.twice",
        "import.duplicate_guid",
        "import.no_guid",
        "import.no_title",
        "import.bad_duration",
        "import.several_languages",
        "import.not_in_programme",
    }


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("<p>One</p><p>Two &amp; <b>three</b></p>", "One\n\nTwo & three"),
        ("a<br />b<script>alert(1)</script>", "a\nb"),
        ('See <a href="https://example.org/">here</a>', "See here (https://example.org/)"),
        ('<a href="javascript:alert(1)">x</a>', "x"),
        ("<ul><li>One</li><li>Two</li></ul>", "- One\n- Two"),
        ("AT&amp;amp;T", "AT&T"),
        (
            "## Head\n\n**Bold** and *soft*, [link](https://example.org/)",
            "Head\n\nBold and soft, link (https://example.org/)",
        ),
        ("x < y and 2 * 3 * 4, def f(*args, **kwargs)", "x < y and 2 * 3 * 4, def f(*args, **kwargs)"),
        ("one\r\ntwo\x00\n\n\n\nthree  ", "one\ntwo\n\nthree"),
        ({"de": "Hallo", "en": "Hello"}, "Hello"),
    ],
)
def test_texts_become_plain(written: Any, plain: str) -> None:
    assert one(abstract=written).abstract == plain


def test_version_two_and_bytes_in_other_ways() -> None:
    event = {
        "guid": "g",
        "title": {"fi": "Puhe"},
        "start": "2027-05-20T10:00:00+03:00",
        "duration": "PT45M",
        "type": "TALK",
    }
    event |= {"track": {"slug": "media"}, "room": {"name": "Sali"}, "participants": [{"guid": "p", "name": "Ada"}]}
    document = {"schedule": {"conference": {"tracks": [{"slug": "media", "name": "Media"}]}, "events": [event]}}
    for data in (
        json.dumps(document).encode("utf-16"),
        gzip.compress(json.dumps(document).encode()),
        json.dumps(document).encode("utf-8-sig"),
    ):
        programme = read_programme(data)
        (session,) = programme.sessions
        assert (programme.form, session.title, session.kind, session.track) == (
            "schedule.json 2",
            "Puhe",
            "talk",
            "Media",
        )
    assert (
        read_programme(json.dumps(document, ensure_ascii=False).replace("Puhe", "Äö").encode("latin-1"))
        .sessions[0]
        .title
        == "Äö"
    )


def test_pretalx_in_pages_and_with_ids() -> None:
    talk = {"code": "ABC123", "title": "T", "state": "confirmed", "speakers": ["XYZ"], "track": 3, "duration": 30}
    slots = [{"start": f"2027-05-{day}T10:00:00+03:00", "room": 1} for day in (21, 20)]
    document = {
        "count": 2,
        "results": [{**talk, "slots": slots}, {**talk, "code": "NO", "state": "rejected"}],
        "rooms": [{"id": 1, "name": {"en": "Hall"}}],
        "tracks": [{"id": 3, "name": "Media"}],
        "speakers": [{"code": "XYZ", "name": "Ada"}],
    }
    programme = read_programme(json.dumps(document).encode())
    assert [(session.key, session.room, session.track, session.speakers[0].name) for session in programme.sessions] == [
        ("ABC123", "Hall", "Media", "Ada"),
        ("ABC123-2", "Hall", "Media", "Ada"),
    ]
    assert programme.sessions[0].starts_at == at(7)
    listed = [{"title": "T", "start": "2027-05-20T10:00:00Z", "speakers": []}] * 2
    assert len(read_programme(json.dumps(listed).encode()).sessions) == 1
