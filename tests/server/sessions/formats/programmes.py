"""Programmes made up for tests: every field a programme can have, clean as reading leaves it."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from server.core.ids import slugify
from server.events.fields import LINK_KINDS
from server.sessions.formats.form import ReadLink, ReadProgramme, ReadRoom, ReadSession, ReadSpeaker, ReadTrack
from server.sessions.formats.links import in_order
from server.sessions.formats.notes import Notes
from server.sessions.formats.texts import clean_line, clean_text
from server.sessions.formats.together import with_keys

_letters = st.text(max_size=30) | st.sampled_from(
    ["<b>bold</b>", "A & B", "x < y > z", "]]>", "?>", "**", "Ääni", "a\u2028b"]
)
lines = _letters.map(lambda text: clean_line(text, 200))
names = _letters.map(lambda text: clean_line(text, 100)).filter(bool)
texts = st.lists(_letters, max_size=4).map(lambda parts: clean_text("\n\n".join(parts), 2000))
urls = st.sampled_from(
    [
        "https://example.org/a",
        "https://example.org/b%20c?d=e&f=g#h",
        "http://example.org/ä|{x}",
        "https://example.org/deck.pdf",
        "https://example.org/film.mp4",
        "https://example.org/picture.png",
        "https://github.com/x/y",
        "https://example.org/100%",
    ]
)
links = st.builds(ReadLink, url=urls, kind=st.sampled_from(LINK_KINDS), title=lines)
LAST = datetime(9999, 1, 1, tzinfo=UTC)
uuids = st.uuids().map(str)
people = st.builds(ReadSpeaker, name=names, key=uuids)
moments = st.integers(0, 4 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
sessions = st.builds(
    ReadSession,
    key=st.just(""),
    guid=uuids | st.just("") | st.text("abc/@", min_size=1, max_size=8),
    number=st.just("") | st.integers(1, 2**31 - 1).map(str) | st.sampled_from(["x1", "007", "9" * 30]),
    code=st.just("") | st.from_regex(r"[A-Z0-9]{6}", fullmatch=True) | st.just("a b"),
    slug=lines.map(lambda text: slugify(text, fallback="")),
    title=names,
    subtitle=lines,
    abstract=texts,
    description=texts,
    kind=st.sampled_from(["talk", "Talk (45 mins)", "workshop"]),
    language=st.sampled_from(["", "fi", "en-GB", "zh-Hant"]),
    licence=lines,
    do_not_record=st.booleans(),
    state=st.sampled_from(["confirmed", "tentative", "cancelled"]),
    starts_at=moments | st.none(),
    duration_ms=st.none() | st.integers(1000, 7 * 86_400_000) | st.just(2_700_000),
    room=st.sampled_from(["", "Hall", "Ä & B"]),
    track=st.sampled_from(["", "Media", "<Other>"]),
    speakers=st.lists(people, max_size=3, unique_by=lambda speaker: speaker.key).map(tuple),
    links=st.lists(links, max_size=4, unique_by=lambda link: (link.kind, link.url)).map(in_order),
    url=urls | st.just(""),
)


def _put_together(programme: ReadProgramme) -> ReadProgramme:
    """Rooms and tracks the sessions name stand in their lists, and every session has its key."""
    rooms = (ReadRoom(name="Hall", key="3f1c7f4e-9ad1-4f43-8a53-0d5f6f3a1b2c"), ReadRoom(name="Ä & B"))
    tracks = (ReadTrack(name="Media", key="media", color="#00aa66"), ReadTrack(name="<Other>"))
    ordered = sorted(programme.sessions, key=lambda session: (session.starts_at or LAST, session.title))
    return ReadProgramme(
        form="",
        version=programme.version,
        title=programme.title,
        acronym="seminar_2027",
        time_zone=programme.time_zone,
        base_url="https://example.org/2027/",
        starts_on=programme.starts_on,
        ends_on=(programme.starts_on or date(2027, 5, 20)) + timedelta(days=2),
        rooms=rooms,
        tracks=tracks,
        sessions=with_keys(ordered, Notes()),
    )


programmes = st.builds(
    ReadProgramme,
    form=st.just(""),
    version=lines,
    title=lines,
    time_zone=st.sampled_from(["Europe/Helsinki", "America/New_York", "UTC", "Africa/Monrovia"]),
    starts_on=st.dates(date(1971, 1, 1), date(2100, 1, 1)),
    sessions=st.lists(sessions, min_size=1, max_size=5).map(tuple),
).map(_put_together)
