"""CSV as spreadsheets write it: our template, and tables like it with headers in English, Finnish or Swedish.

RFC 4180 with commas, semicolons or tabs. Dates and times may stand in one column or in two.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from server.events.fields import LINK_KINDS
from server.sessions.formats.columns import COLUMNS, column_of
from server.sessions.formats.form import ReadProgramme
from server.sessions.formats.notes import Notes
from server.sessions.formats.people import names_in
from server.sessions.formats.read_json import programme_of
from server.sessions.formats.refused import BadProgramme
from server.sessions.formats.session_of import Day, Loose
from server.sessions.formats.times import on_day, read_clock, read_date, read_moment, zone_named

MOST_ROWS = 25_000
_DELIMITERS = ",;\t|"
_ADDRESSES = re.compile(r"[\s;]+")
_TITLED = re.compile(r"(.*?)<([^<>\s]+)>")
KIND_BEFORE = re.compile(rf"({'|'.join(LINK_KINDS)}):(?:\s|$)")
_RANGE = re.compile(r"\s*[–—-]\s*(?=[0-9]{1,2}[:.])")


def read_csv(text: str, *, base_url: str, time_zone: str, notes: Notes) -> ReadProgramme:
    """The rows below the headers. Raises BadProgramme when there is no column of titles, or not one row."""
    rows = _rows(text)
    headers, place = _headers(rows)
    for header in headers:
        if header and column_of(header) is None:
            notes.add("import.unknown_column", f"The column “{header[:60]}” is not known and was left out.")
    zone = zone_named(time_zone) or UTC
    entries = [(_loose(row, headers, zone), Day()) for row in rows[place + 1 :] if any(cell.strip() for cell in row)]
    return programme_of("csv", {}, {}, entries, generator="", base_url=base_url, time_zone=time_zone, notes=notes)


def _rows(text: str) -> list[list[str]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    if first.lower().startswith("sep=") and len(first) == 5:  # how Excel is told the delimiter
        delimiter, text = first[4], text.split("\n", 1)[-1]
    else:
        delimiter = max(_DELIMITERS, key=first.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return [row for _, row in zip(range(MOST_ROWS), reader, strict=False)]
    except csv.Error:
        raise BadProgramme from None


def _headers(rows: list[list[str]]) -> tuple[list[str], int]:
    """The row of headers: the first few may be a heading."""
    for place, row in enumerate(rows[:10]):
        named = [column_of(cell) for cell in row]
        if "title" in named and sum(name is not None for name in named) >= 2:
            return [cell.strip() for cell in row], place
    raise BadProgramme(
        "This is no programme that can be read: no JSON, XML or iCalendar, and as CSV it lacks headers. "
        "The first row names the columns, title and start at least; the CSV template shows all of them."
    )


def _loose(row: list[str], headers: list[str], zone: tzinfo) -> Loose:
    """A row in the names of schedule.json."""
    cells: dict[str, str] = {}
    for header, cell in zip(headers, row, strict=False):
        name = column_of(header)
        if name is not None and cell.strip() and name not in cells:
            cells[name] = _unguarded(cell.strip())
    loose: dict[str, Any] = {COLUMNS[name].field: value for name, value in cells.items() if COLUMNS[name].field}
    loose |= _times(cells, zone)
    loose["persons"] = list(_speakers(cells))
    loose["links"] = list(links_in(cells.get("links")))
    loose["attachments"] = [{**link, "type": "slides"} for link in links_in(cells.get("slides"))]
    return loose


def _unguarded(cell: str) -> str:
    """A cell as it was before it was kept from being run as a formula (write_csv)."""
    return cell[1:] if cell[0] == "'" and cell[1:2] in tuple("=+-@'") else cell


def _times(cells: Mapping[str, str], zone: tzinfo) -> Loose:
    """`date` and `end`: a time of day is on the row's day (or the start's), an end before the start on the next."""
    start, end, day = cells.get("start", ""), cells.get("end", ""), read_date(cells.get("date"))
    if not end and len(parts := _RANGE.split(start, maxsplit=1)) == 2 and read_clock(parts[1]):
        start, end = parts  # 10:00–10:45
    begins = _moment(start, day, zone)
    if begins is None:
        return {"date": f"{cells.get('date', '')} {start}".strip()}
    ends = _moment(end, begins.astimezone(zone).date(), zone)
    if ends is not None and ends < begins and read_clock(end):
        ends += timedelta(days=1)
    return {"date": begins.isoformat(), "end": ends.isoformat() if ends else None}


def _moment(said: str, day: date | None, zone: tzinfo) -> datetime | None:
    clock = read_clock(said)
    if clock is not None:
        return on_day(day, clock, zone, day_begins=time.min) if day is not None else None
    return read_moment(said, zone)[0]


def _speakers(cells: Mapping[str, str]) -> Iterator[Loose]:
    affiliations = [part.strip() for part in re.split(r"[;\n]", cells.get("affiliations", ""))]
    for place, name in enumerate(names_in(cells.get("speakers", ""))):
        yield {"name": name, "affiliation": affiliations[place] if place < len(affiliations) else ""}


def links_in(cell: str | None) -> Iterator[Loose]:
    """The links of a cell: addresses between spaces, semicolons or lines, or lines like `Slides of Ada <https://…>`,
    before which may stand what kind it is: `paper: Slides of Ada <https://…>`."""
    for line in (cell or "").splitlines():
        found = _TITLED.fullmatch(line.strip())
        if found is None:
            yield from ({"url": part} for part in _ADDRESSES.split(line) if part)
            continue
        title, kind = found[1].strip(), KIND_BEFORE.match(found[1])
        if kind is None:
            yield {"url": found[2], "title": title}
        else:
            yield {"url": found[2], "title": title[kind.end() :].strip(), "kind": kind[1]}
