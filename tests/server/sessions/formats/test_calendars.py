"""iCalendar: read with its recurrences, and written so that calendars keep up."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from icalendar import Calendar
from msgspec.structs import replace

from server.sessions.formats.form import ReadProgramme, ReadSession, ReadSpeaker
from server.sessions.formats.read import read_programme
from server.sessions.formats.refused import BadProgramme
from server.sessions.formats.write_ical import Stamp, write_icalendar
from tests.server.sessions.formats.calendar_rules import broken_rules
from tests.server.sessions.formats.programmes import programmes

HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\nX-WR-CALNAME:Seminar\r\n"


def calendar(*events: str) -> bytes:
    whole = [f"BEGIN:VEVENT\r\n{event.strip()}\r\nEND:VEVENT\r\n" for event in events]
    return (HEAD + "".join(whole) + "END:VCALENDAR\r\n").encode()


def starts(*events: str) -> list[str]:
    sessions = read_programme(calendar(*events), time_zone="Europe/Helsinki").sessions
    return sorted(f"{session.starts_at:%m-%d %H:%M} {session.title}" for session in sessions)


ONE = "UID:a\r\nSUMMARY:Talk\r\nDTSTART:20270520T100000\r\nDURATION:PT45M\r\n"


def test_an_event_in_all_its_parts() -> None:
    programme = read_programme(
        calendar(
            "UID:a@b\r\nDTSTART;TZID=Europe/Helsinki:20270520T100000\r\nDTEND:20270520T074500Z\r\n"
            "SUMMARY:One\\, two\r\nDESCRIPTION:Hello\\nthere\r\nLOCATION:Hall\r\nCATEGORIES:Media,Other\r\n"
            "STATUS:CANCELLED\r\n"
            'ATTENDEE;CUTYPE=INDIVIDUAL;CN="Ada Öhman":invalid:nomail\r\nATTENDEE;CN=Guest:mailto:guest@example.org'
        )
    )
    assert programme.title == "Seminar" and programme.form == "icalendar"
    assert programme.sessions == (
        ReadSession(
            key="a@b",
            guid="a@b",
            title="One, two",
            abstract="Hello\nthere",
            state="cancelled",
            starts_at=datetime(2027, 5, 20, 7, tzinfo=UTC),
            duration_ms=2_700_000,
            room="Hall",
            track="Media",
            speakers=(ReadSpeaker(name="Ada Öhman"),),
        ),
    )


def test_recurring_events_are_one_session_each_time() -> None:
    weekly = f"{ONE}RRULE:FREQ=WEEKLY;COUNT=4\r\nEXDATE:20270527T100000"
    moved = "UID:a\r\nSUMMARY:Moved\r\nRECURRENCE-ID:20270603T100000\r\nDTSTART:20270604T120000"
    assert starts(weekly, moved) == ["05-20 07:00 Talk", "06-04 09:00 Moved", "06-10 07:00 Talk"]
    # Ten o'clock stays ten o'clock when summer time ends.
    october = ONE.replace("20270520", "20271030") + "RRULE:FREQ=DAILY;UNTIL=20271101T000000"
    assert starts(october) == ["10-30 07:00 Talk", "10-31 08:00 Talk"]


@pytest.mark.parametrize(
    "rule", ["FREQ=SECONDLY", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=NEVER", "COUNT=3"]
)
def test_a_rule_without_sense_leaves_the_first_time(rule: str) -> None:
    assert starts(f"{ONE}RRULE:{rule}") == ["05-20 07:00 Talk"]


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=DAILY;INTERVAL=2;COUNT=3", ["05-20", "05-22", "05-24"]),
        ("FREQ=DAILY;BYDAY=MO,TH;COUNT=3", ["05-20", "05-24", "05-27"]),
        ("FREQ=WEEKLY;BYDAY=TH,FR;INTERVAL=2;COUNT=4", ["05-20", "05-21", "06-03", "06-04"]),
        ("FREQ=MONTHLY;COUNT=2", ["05-20", "06-20"]),
        ("FREQ=MONTHLY;BYDAY=3TH;COUNT=2", ["05-20", "06-17"]),
        ("FREQ=MONTHLY;BYDAY=-1MO;COUNT=2", ["05-20", "05-31", "06-28"]),
        ("FREQ=WEEKLY;UNTIL=20270603", ["05-20", "05-27", "06-03"]),
    ],
)
def test_the_days_of_a_rule(rule: str, days: list[str]) -> None:
    assert [start[:5] for start in starts(f"{ONE}RRULE:{rule}")] == days


def test_a_rule_without_end_is_followed_for_a_while() -> None:
    assert len(starts(f"{ONE}RRULE:FREQ=DAILY")) == 100


def test_private_and_all_day_events_are_left_out() -> None:
    assert starts(ONE, f"{ONE}CLASS:PRIVATE", "UID:d\r\nSUMMARY:Day\r\nDTSTART;VALUE=DATE:20270520") == [
        "05-20 07:00 Talk"
    ]


@pytest.mark.parametrize("data", [HEAD.encode(), calendar(ONE)[:-30], b"BEGIN:VCALENDAR"])
def test_a_calendar_cut_off_is_refused(data: bytes) -> None:
    with pytest.raises(BadProgramme):
        read_programme(data)


def test_a_written_calendar_is_kept_up_with() -> None:
    session = ReadSession(
        key="k",
        guid="g",
        title="Äänekäs; puhe, jossa on erittäin pitkä otsikko joka ei mahdu yhdelle riville mitenkään",
        abstract="Line\nline",
        state="cancelled",
        starts_at=datetime(2027, 5, 20, 7, tzinfo=UTC),
        duration_ms=2_700_000,
        room="Hall",
        track="Media, other",
        speakers=(ReadSpeaker(name="Ada Öhman"),),
        url="https://example.org/talk",
    )
    timeless = ReadSession(key="t", title="Some day")
    stamps = {"k": Stamp(uid="g@example.org", sequence=3, changed_at=datetime(2027, 5, 1, tzinfo=UTC))}
    programme = ReadProgramme(form="", title="Seminar", time_zone="Europe/Helsinki", sessions=(session, timeless))
    written = write_icalendar(programme, stamps=stamps)
    assert all(len(line) <= 75 for line in written.split(b"\r\n"))
    (event,) = Calendar.from_ical(written).walk("VEVENT")
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == ("g@example.org", 3, "CANCELLED")
    assert event["LAST-MODIFIED"].dt == event["DTSTAMP"].dt == datetime(2027, 5, 1, tzinfo=UTC)
    again = read_programme(written).sessions[0]
    for field in ("title", "state", "starts_at", "duration_ms", "room", "track", "url"):
        assert getattr(again, field) == getattr(session, field)
    assert again.abstract == "Ada Öhman\n\nLine\nline"


TWIN = "BEGIN:VEVENT\r\nUID:k\r\nDTSTAMP:20270501T000000Z\r\nDTSTART:20270520T070000Z\r\nEND:VEVENT\r\n"


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(programmes)
def test_written_calendars_break_no_rule(programme: ReadProgramme) -> None:
    nasty = replace(programme, title=f"{programme.title}; A, B\\n \u6f22" * 3)
    stamps = {
        one.key: Stamp(uid=f"{at}@x", sequence=at, changed_at=datetime(2027, 5, 1, tzinfo=UTC))
        for at, one in enumerate(programme.sessions)
    }
    assert broken_rules(write_icalendar(nasty, stamps=stamps, url="https://example.org/x")) == []
    assert broken_rules(write_icalendar(replace(nasty, sessions=()))) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\r\n", "\n"),
        ("SUMMARY:", f"SUMMARY:{'x' * 80}"),
        ("SUMMARY:", "SUMMARY:a;"),
        ("SUMMARY:", "SUMMARY:\\x"),
        ("NAME:", "NAME:a,"),
        ("DTSTAMP:20270501T000000Z", "DTSTAMP:20270501T000000"),
        ("DTSTART:20270520T070000Z", "DTSTART;TZID=Europe/Helsinki:20270520T100000"),
        ("DTSTART:20270520T070000Z", "DTSTART:20270520T100000"),
        ("DTEND:20270520T074500Z", "DTEND:20270520T070000Z"),
        ("SEQUENCE:3\r\n", "SEQUENCE:3\r\nSEQUENCE:3\r\n"),
        ("UID:k\r\n", ""),
        ("VERSION:2.0\r\n", ""),
        ("STATUS:CONFIRMED", "STATUS:OFF"),
        ("END:VCALENDAR", f"{TWIN}END:VCALENDAR"),
        ("END:VEVENT\r\n", ""),
    ],
)
def test_the_rules_see_what_breaks_them(before: str, after: str) -> None:
    session = ReadSession(key="k", title="T", starts_at=datetime(2027, 5, 20, 7, tzinfo=UTC), duration_ms=2_700_000)
    stamp = Stamp(uid="k", sequence=3, changed_at=datetime(2027, 5, 1, tzinfo=UTC))
    written = write_icalendar(ReadProgramme(form="", title="S", sessions=(session,)), stamps={"k": stamp}).decode()
    assert broken_rules(written.encode()) == [] and before in written
    assert broken_rules(written.replace(before, after).encode())
