"""CSV out: the template, and a programme in its columns, so that a spreadsheet can be filled in and brought back.

A programme's base, version, rooms without sessions and colours of tracks are not carried; of speakers the names and
affiliations, of links the addresses (slides apart), of times the minute.
"""

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from server.sessions.formats.columns import COLUMNS
from server.sessions.formats.form import ReadProgramme, ReadSession
from server.sessions.formats.people import names_in
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
        "links": " ".join(link.url for link in session.links if link.kind != "slides"),
        "slides": " ".join(link.url for link in session.links if link.kind == "slides"),
    }


def _names(session: ReadSession) -> str:
    """The names between semicolons; one that looks like several keeps a semicolon behind it."""
    names = "; ".join(speaker.name for speaker in session.speakers)
    return f"{names};" if len(session.speakers) == 1 and len(names_in(names)) > 1 else names


def _times(session: ReadSession, zone: ZoneInfo) -> Mapping[str, str]:
    minutes = f"{session.duration_ms / 60_000:g}" if session.duration_ms else ""
    if session.starts_at is None:
        return {"duration": minutes}
    local: datetime = session.starts_at.astimezone(zone)
    return {"date": local.date().isoformat(), "start": f"{local:%H:%M}", "duration": minutes}
