"""What the schedule decides, as a table: no database, no clock."""

from datetime import UTC, datetime, timedelta

import pytest

from server.live.programme import PlannedSession
from server.live.schedule import Move, OpenTalk, Standing, is_over, next_up, what_is_on


def at(clock: str) -> datetime:
    """A moment of the day, "10:30" or "10:30:05"."""
    hour, minute, *second = (int(part) for part in clock.split(":"))
    return datetime(2027, 5, 20, hour, minute, second[0] if second else 0, tzinfo=UTC)


def talk(name: str, start: str | None, minutes: int | None = 30, **more: bool) -> PlannedSession:
    return PlannedSession(
        id=name,
        event_id="e",
        room_id="r",
        slug=name,
        title=name,
        starts_at=at(start) if start else None,
        duration_ms=None if minutes is None else minutes * 60_000,
        **more,
    )


# A and B back to back, then a break, then C
DAY = [talk("a", "10:00"), talk("b", "10:30"), talk("c", "11:30")]


def on(session: str | None, since: str = "", *, began: str = "09:00", done: str = "", **more: object) -> Standing:
    return Standing(
        started_at=at(began),
        open=OpenTalk(session_id=session, starts_at=at(since)) if session else None,
        done=frozenset(done),
        **more,  # type: ignore[arg-type]
    )


NOTHING = None
CASES: list[tuple[str, str, Standing, tuple[str | None, str | None, str | None] | None]] = [
    # (what, now, how it stands, (ends at, opens, at))
    ("long before the first talk: nothing", "09:30", on(None, began="09:00"), NOTHING),
    ("begun shortly before: the talk has its start", "09:46", on(None, began="09:46"), (None, "a", "09:46")),
    ("begun long before: the talk begins on time", "10:00:01", on(None, began="09:00"), (None, "a", "10:00")),
    ("begun in the middle of a talk", "10:12", on(None, began="10:12"), (None, "a", "10:12")),
    ("begun shortly before the next while one is on", "10:25", on(None, began="10:25"), (None, "a", "10:25")),
    ("begun in a break, not soon", "11:05", on(None, began="11:05"), NOTHING),
    ("the talk goes on", "10:15", on("a", "10:00"), NOTHING),
    ("back to back: the border is where the programme has it", "10:30:02", on("a", "10:00"), ("10:30", "b", "10:30")),
    ("an overrun into a break is not cut", "11:09", on("b", "10:30", done="a"), NOTHING),
    ("but ends after the grace", "11:10", on("b", "10:30", done="a"), ("11:10", None, None)),
    ("in the break nothing opens early", "11:25", on(None, done="ab", not_before=at("11:10")), NOTHING),
    ("after the break the next", "11:30:01", on(None, done="ab", not_before=at("11:10")), (None, "c", "11:30")),
    ("ingest was away over a border", "10:50", on("a", "10:00"), ("10:30", "b", "10:30")),
    ("ingest was away over two of them", "11:35", on("a", "10:00"), ("10:30", "c", "11:30")),
    ("ingest was away past the end", "12:30", on("c", "11:30", done="ab"), ("12:10", None, None)),
    ("by hand, the schedule keeps still", "10:40", on("a", "10:00", by_hand=True), NOTHING),
    ("opened early by hand, it is not left for the one before", "10:20", on("b", "10:10", done="a"), NOTHING),
    ("a talk that had its time is not opened again", "10:20", on(None, done="a", not_before=at("10:15")), NOTHING),
    (
        "taken over late: nothing shown before changes hands",
        "10:45",
        on("a", "10:00", not_before=at("10:45")),
        ("10:45", "b", "10:45"),
    ),
    ("the open talk is not in the room any more", "10:31", on("x", "10:00"), ("10:30", "b", "10:30")),
]


@pytest.mark.parametrize(("_what", "clock", "standing", "wanted"), CASES, ids=[case[0] for case in CASES])
def test_what_is_on(
    _what: str, clock: str, standing: Standing, wanted: tuple[str | None, str | None, str | None] | None
) -> None:
    move = what_is_on(DAY, at(clock), standing)
    if wanted is None:
        assert move is None
        return
    ends_at, opens, starts_at = wanted
    session = next((one for one in DAY if one.id == opens), None)
    assert move == Move(
        ends_at=at(ends_at) if ends_at else None, opens=session, starts_at=at(starts_at) if starts_at else None
    )


def test_what_was_cancelled_or_deleted_or_has_no_time_is_never_opened() -> None:
    day = [talk("a", "10:00", cancelled=True), talk("b", "10:00", deleted=True), talk("c", None), talk("d", "10:05")]
    move = what_is_on(day, at("10:10"), on(None))
    assert move is not None and move.opens == day[3]
    assert what_is_on(day[:3], at("10:10"), on(None)) is None
    assert next_up(day[:3], at("10:10"), on(None)) is None


def test_a_session_of_unsaid_length_lasts_until_the_next_one() -> None:
    day = [talk("a", "10:00", None), talk("b", "11:00")]
    assert what_is_on(day, at("10:50"), on("a", "10:00")) is None
    assert what_is_on(day, at("11:00"), on("a", "10:00")) == Move(
        ends_at=at("11:00"), opens=day[1], starts_at=at("11:00")
    )


@pytest.mark.parametrize(
    ("clock", "standing", "wanted"),
    [
        ("09:55", on(None), "a"),
        ("10:20", on(None), "a"),
        ("10:20", on("a", "10:00"), "b"),
        ("10:20", on("b", "10:10", done="a"), "c"),
        ("12:30", on("a", "10:00"), "b"),  # late by hours: still in order
        ("12:30", on(None), None),
        ("11:45", on("c", "11:30", done="ab"), None),
        ("10:20", on("x", "10:05"), "b"),  # one from outside the programme
    ],
)
def test_next_talk(clock: str, standing: Standing, wanted: str | None) -> None:
    found = next_up(DAY, at(clock), standing)
    assert (found.id if found else None) == wanted


@pytest.mark.parametrize(
    ("what", "clock", "standing", "away", "over"),
    [
        ("sessions still to come", "10:50", on(None, done="ab"), "10:20", False),
        ("the last talk is on", "11:50", on("c", "11:30"), None, False),
        ("in its grace, the encoder long away", "12:05", on(None, done="abc"), "11:50", False),
        ("grace over, away for ten minutes", "12:10", on(None, done="abc"), "12:00", True),
        ("grace over, away for nine", "12:10", on(None, done="abc"), "12:01", False),
        ("still sending after the day", "13:09", on(None, done="abc"), None, False),
        ("forgotten", "13:10", on(None, done="abc"), None, True),
        ("begun late by hand: it has its whole length", "13:20", on("c", "13:00", by_hand=True), None, False),
        ("and is over after that", "13:50", on("c", "13:00", by_hand=True), "13:30", True),
        ("nothing in the programme, sending", "23:00", on(None, began="13:00"), None, False),
        ("nothing in the programme, away for hours", "19:30", on(None, began="13:00"), "13:20", True),
        ("a test in the early morning", "02:00", on(None, began="01:00"), "01:10", False),
    ],
)
def test_the_schedule_ends_a_broadcast(what: str, clock: str, standing: Standing, away: str | None, over: bool) -> None:
    assert is_over(DAY, at(clock), standing, away_since=at(away) if away else None) is over, what


def test_another_session_within_hours_keeps_it_on_air() -> None:
    later = [*DAY, talk("evening", "17:30")]
    assert is_over(DAY, at("13:10"), on(None, done="abc"), away_since=None)
    assert not is_over(later, at("13:10"), on(None, done="abc"), away_since=None)
    assert not is_over(DAY, at("13:10") + timedelta(days=-1), on(None), away_since=None)
