"""Rows to lines of JSON and back, the same for every database."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, Connection, Date, DateTime, MetaData, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.search.full_text import is_apart
from server.tables import metadata

_BATCH = 500


def as_line(row: Mapping[str, Any]) -> bytes:
    """One row as a line; moments in UTC, RFC 3339."""
    return json.dumps(dict(row), default=_plain, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a column holds {type(value).__name__}, which a backup cannot carry")


def as_values(table: Table, line: bytes) -> dict[str, Any]:
    """A line as values for an insert into the table."""
    row: dict[str, Any] = json.loads(line)
    return {name: _typed(table.c[name].type, value) for name, value in row.items()}


def _typed(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, DateTime):
        return datetime.fromisoformat(value)
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    return value


async def rows_of(connection: AsyncConnection, table: Table) -> AsyncIterator[bytes]:
    """Every row of the table as a line, in the order of its key; memory stays at one batch."""
    result = await connection.stream(select(table).order_by(*table.primary_key.columns))
    async for row in result.mappings():
        yield as_line({str(name): value for name, value in row.items()})


def is_derived(name: str) -> bool:
    """Whether a table holds only what is made from others (the search index): it is made again, not carried along."""
    return name in metadata.tables and bool(metadata.tables[name].info.get("derived"))


def tables_there(connection: Connection) -> MetaData:
    """The tables as they are in the database now, which may be older than this code; without full text's own."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _metadata: not is_apart(name))
    for table in found.tables.values():
        for column in table.columns:
            if isinstance(column.type, JSON):
                column.type = JSON(none_as_null=True)  # a missing value is NULL, and not the JSON word null
    return found


def insert_lines(connection: Connection, table: Table, lines: Iterator[bytes]) -> int:
    """Insert every line; returns how many."""
    count = 0
    batch: list[dict[str, Any]] = []
    for line in lines:
        batch.append(as_values(table, line))
        count += 1
        if len(batch) >= _BATCH:
            _insert(connection, table, batch)
            batch = []
    _insert(connection, table, batch)
    return count


def _insert(connection: Connection, table: Table, batch: list[dict[str, Any]]) -> None:
    if batch:
        connection.execute(table.insert(), batch)
