import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.sessions.formats.read import read_programme
from server.sessions.formats.refused import BadProgramme
from server.sessions.formats.write_csv import write_csv
from server.sessions.formats.write_ical import write_icalendar
from server.sessions.formats.write_json import write_schedule_json
from server.sessions.formats.write_xml import write_schedule_xml
from tests.fuzz.mutations import mutated

EASY = settings(max_examples=40, deadline=2000, suppress_health_check=[HealthCheck.too_slow])

SESSION = {
    "guid": "8c4e647f-813e-41ef-b05b-65469dd841c3",
    "id": 6571,
    "code": "ABC123",
    "slug": "a-talk",
    "date": "2027-05-20T10:00:00+03:00",
    "start": "10:00",
    "end": "2027-05-20T10:45:00+03:00",
    "duration": "0:45",
    "room": {"name": {"en": "Hall"}},
    "title": "A talk",
    "track": {"slug": "media"},
    "language": "de, en",
    "abstract": "<p>Text &amp; <b>more</b></p>",
    "persons": [{"id": 1, "public_name": "Ada"}, "Bo"],
    "links": ["https://example.org/", {"url": "/x", "title": "X", "type": "paper"}],
    "attachments": [{"url": "/deck.pdf", "type": "slides"}],
}
DAY = {"index": 1, "date": "2027-05-20", "day_start": "2027-05-20T09:00:00+03:00", "rooms": {"Hall": [SESSION]}}
CONFERENCE = {"title": "Seminar", "acronym": "sem", "time_zone_name": "Europe/Helsinki", "days": [DAY]}
ONE = {"schedule": {"version": "1", "base_url": "https://example.org/", "conference": CONFERENCE}}
TWO = {"schedule": {"conference": {"tracks": [{"slug": "media", "name": "Media"}]}, "events": [SESSION]}}
PRETALX = {
    "results": [
        {"code": "ABC123", "title": "T", "state": "confirmed", "slots": [{"start": "2027-05-20T10:00:00Z", "room": 1}]}
    ],
    "rooms": [{"id": 1, "name": {"en": "Hall"}}],
}
XML = b"""<?xml version='1.0' encoding='utf-8'?><schedule><version>1</version><conference><title>S</title>
<day_change>09:00</day_change></conference><day date='2027-05-20' index='1'><room name='Hall'><event id='1' guid='g'>
<date>2027-05-20T10:00:00+00:00</date><start>10:00</start><duration>00:45</duration><title>A &amp; B</title>
<persons><person id='1'>Ada</person></persons><links><link href='http://example.org/'>x</link></links>
<recording><license/><optout>true</optout></recording><?semma {"state":"cancelled","kinds":{"0":"photo"}}?>
</event></room></day></schedule>"""
CALENDAR = b"""BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-TIMEZONE:Europe/Helsinki\r\nBEGIN:VEVENT\r\nUID:a@b\r
DTSTART;TZID=Europe/Helsinki:20270520T100000\r\nDURATION:PT45M\r\nSUMMARY:A\\, b\r\nCATEGORIES:X,Y\r
RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=TH\r\nEXDATE:20270527T070000Z\r\nRDATE:20270528T070000Z\r
ATTENDEE;CN="Ada":invalid:nomail\r\nATTACH:https://example.org/a.pdf\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"""
TABLE = b"title;start;date;end;kesto;speakers;links\r\nA talk;10:00;20.5.2027;10.45;45;Ada, Bo;https://example.org/\r\n"

loose = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(10**400) | st.just("1:30"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4) | st.sampled_from([*SESSION]), inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def bent(draw: st.DrawFn, document: Any) -> Any:
    """The document with one part of it, somewhere, of any type at all."""
    if not isinstance(document, (dict, list)) or not document or draw(st.integers(0, 5)) == 0:
        return draw(loose)
    if isinstance(document, list):
        place = draw(st.integers(0, len(document) - 1))
        return [draw(bent(part)) if at == place else part for at, part in enumerate(document)]
    name = draw(st.sampled_from(sorted(document)))
    return {**document, name: draw(bent(document[name]))}


def read_or_refuse(data: bytes) -> None:
    try:
        programme = read_programme(data, base_url="https://example.org/", time_zone="Europe/Helsinki")
    except BadProgramme as error:
        assert error.detail and error.code.startswith("import.")
        return
    assert programme.sessions and len({session.key for session in programme.sessions}) == len(programme.sessions)
    assert len(programme.notes) <= 500 and all(note.says for note in programme.notes)
    for session in programme.sessions:
        assert session.title and session.key and (session.duration_ms is None or session.duration_ms >= 1000)
        assert session.starts_at is None or session.starts_at.tzinfo is not None
    write_csv(programme)
    write_icalendar(programme)
    for written in (write_schedule_json(programme), write_schedule_xml(programme)):
        if any(session.starts_at for session in programme.sessions):
            everything = {session.key for session in programme.sessions}
            assert {session.key for session in read_programme(written).sessions} == everything


@EASY
@given(bent(ONE) | bent(TWO) | bent(PRETALX))
def test_json_of_any_shape_is_read_or_refused(document: Any) -> None:
    read_or_refuse(json.dumps(document).encode())


@EASY
@given(st.sampled_from([json.dumps(ONE).encode(), XML, CALENDAR, TABLE]).flatmap(mutated) | st.binary(max_size=200))
def test_damaged_files_are_read_or_refused(data: bytes) -> None:
    read_or_refuse(data)


LAUGHS = b"".join(b"<!ENTITY l%d '%s'>" % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE schedule [<!ENTITY l0 'ha'>" + LAUGHS + b"]><schedule><title>&l9;</title></schedule>",
        b"<!DOCTYPE schedule [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><schedule><version>&x;</version></schedule>",
        b"<!DOCTYPE schedule [<!ENTITY % x SYSTEM 'http://127.0.0.1:9/'> %x;]><schedule/>",
        "<!DOCTYPE schedule [<!ENTITY x 'y'>]><schedule/>".encode("utf-16"),
        b"<schedule>" + b"<day>" * 100_000,
        b"[" * 100_000,
        b'{"schedule":' * 100_000,
        b"BEGIN:VCALENDAR\r\n" * 20_000,
        b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 20_000 + b"END:VCALENDAR\r\n",
        b'title,start\r\n"' + b"a" * 200_000,
    ],
)
def test_what_would_eat_the_machine_is_refused(data: bytes) -> None:
    with pytest.raises(BadProgramme):
        read_programme(data)


@pytest.mark.parametrize(
    "text",
    [
        "&amp;" * 20_000,
        "<b>" * 20_000,
        "**" * 40_000,
        "[" * 80_000,
        "&lt;" * 20_000,
        "<a href=" * 10_000,
        "](" * 40_000,
    ],
)
def test_texts_of_beginnings_are_read(text: str) -> None:
    read_or_refuse(with_text(text))


@pytest.mark.parametrize(
    "text",
    ["&#38;" * 10_000 + "lt;b&gt;", "#" * 80_000, " \n" * 40_000, "<p" * 30_000, "!" + "[a](" * 20_000, "*a" * 40_000],
)
def test_texts_made_to_be_slow_are_read(text: str) -> None:
    read_or_refuse(with_text(text))


def with_text(text: str) -> bytes:
    """A programme of one session in which every text is this one."""
    session = {**SESSION, "abstract": text, "title": text, "description": text}
    return json.dumps({"schedule": {"conference": {}, "events": [session]}}).encode()
