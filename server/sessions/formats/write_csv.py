"""CSV out: the template, and a programme in its columns, so that a spreadsheet can be filled in and brought back.

A programme's base, version, rooms without sessions and colours of tracks are not carried; of speakers the names and
affiliations, of times the second.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from server.sessions.formats.columns import COLUMNS
from server.sessions.formats.form import ReadLink, ReadProgramme, ReadSession
from server.sessions.formats.links import kind_of_link
from server.sessions.formats.people import names_in
from server.sessions.formats.read_csv import KIND_BEFORE
from server.sessions.formats.times import zone_named

# What spreadsheets take for a formula (OWASP: CSV injection); a quote before it makes it text.
_FORMULA = ("=", "+", "-", "@", "'")
_EXAMPLE = {
    "title": "Still slides, moving pictures",
    "subtitle": "What a codec sees in a lecture",
    "speakers": "Ada Öhman; Bo Berg",
    "affiliations": "University of Turku; Åbo Akademi",
    "date": "2027-05-20",
    "start": "10:00",
    "end": "10:45",
    "room": "Main hall",
    "track": "Media",
    "kind": "talk",
    "language": "en",
    "abstract": "A talk about doing less.",
    "licence": "CC-BY-4.0",
    "do not record": "no",
    "state": "confirmed",
}


def csv_template() -> bytes:
    """The template: the headers and one example, in UTF-8 with the mark that spreadsheets look for."""
    return _table([_EXAMPLE])


def write_csv(programme: ReadProgramme) -> bytes:
    """A programme as CSV (RFC 4180), times in its own zone."""
    zone = zone_named(programme.time_zone) or ZoneInfo("UTC")
    return _table([_row(session, zone) for session in programme.sessions])


def _table(rows: list[dict[str, str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_guarded(row.get(column, "")) for column in COLUMNS])
    return out.getvalue().encode("utf-8-sig")


def _guarded(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _row(session: ReadSession, zone: ZoneInfo) -> dict[str, str]:
    return {
        "guid": session.guid,
        "code": session.code,
        "title": session.title,
        "subtitle": session.subtitle,
        "speakers": _names(session),
        "affiliations": "; ".join(speaker.affiliation for speaker in session.speakers).strip("; "),
        **_times(session, zone),
        "room": session.room,
        "track": session.track,
        "kind": session.kind,
        "language": session.language,
        "abstract": session.abstract,
        "description": session.description,
        "licence": session.licence,
        "do not record": "yes" if session.do_not_record else "no",
        "state": session.state,
        "url": session.url,
        "links": _links([link for link in session.links if link.kind != "slides"]),
        "slides": _links([link for link in session.links if link.kind == "slides"]),
    }


def _names(session: ReadSession) -> str:
    """The names between semicolons; one that looks like several keeps a semicolon behind it."""
    names = "; ".join(speaker.name for speaker in session.speakers)
    return f"{names};" if len(session.speakers) == 1 and len(names_in(names)) > 1 else names


def _times(session: ReadSession, zone: ZoneInfo) -> Mapping[str, str]:
    minutes = f"{session.duration_ms / 60_000:.7f}".rstrip("0").rstrip(".") if session.duration_ms else ""
    if session.starts_at is None:
        return {"duration": minutes}
    local: datetime = session.starts_at.astimezone(zone)
    start = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
    return {"date": local.date().isoformat(), "start": start, "duration": minutes}


def _links(links: Sequence[ReadLink]) -> str:
    """A line a link, as `read_csv.links_in` reads it; addresses alone beside each other."""
    told = [_link(link) for link in links]
    return (" " if all(link.url == line for link, line in zip(links, told, strict=True)) else "\n").join(told)


def _link(link: ReadLink) -> str:
    as_slides = link.kind == "slides"
    said = "slides" if as_slides else ""
    is_plain = kind_of_link(link.url, said, link.title, attached=as_slides) == link.kind
    kind = "" if is_plain and not KIND_BEFORE.match(link.title) else f"{link.kind}: "
    return f"{kind}{link.title} <{link.url}>" if kind or link.title else link.url
