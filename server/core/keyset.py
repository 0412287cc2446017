"""Pages of a list by keyset: the next page starts after the last row's sort keys, so rows that come or go between two
pages are neither doubled nor skipped, and page 1,000 costs what page 1 costs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, or_

from server.core.errors import Invalid

T = TypeVar("T")
S = TypeVar("S", bound=Select[*tuple[Any, ...]])


def read_text(value: Any) -> str:
    """A text in a cursor: an id, a slug, a name."""
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError
    return value


def read_number(value: Any) -> int:
    """A whole number in a cursor, within what a column holds."""
    if not isinstance(value, int) or not 0 <= value < 2**31:
        raise ValueError
    return value


def read_date(value: Any) -> date:
    """A date in a cursor."""
    return date.fromisoformat(value)


def read_moment(value: Any) -> datetime:
    """A moment in a cursor."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError
    return moment


@dataclass(frozen=True)
class Key:
    """One sort key: what the database orders by, and the same value of a row as kept in the cursor.

    The last key of a list must be unique (the id). `read` turns the cursor's JSON value into the database's.
    """

    column: Any
    of_row: Callable[[Any], Any]
    read: Callable[[Any], Any] = read_text
    descending: bool = False


def one_page(statement: S, keys: Sequence[Key], *, limit: int, after: Sequence[Any] | None) -> S:
    """The statement ordered and cut to one page, with one row more that tells whether another page follows.

    `after` holds the cursor's values, one a key; raises Invalid when they do not fit.
    """
    if after is not None:
        statement = statement.where(_beyond(keys, _values(keys, after)))
    ordered = statement.order_by(*(key.column.desc() if key.descending else key.column.asc() for key in keys))
    return ordered.limit(limit + 1)


def cut_page(rows: Sequence[T], keys: Sequence[Key], *, limit: int) -> tuple[list[T], list[Any] | None]:
    """The page's rows, and the cursor values of the next page or None."""
    page = list(rows[:limit])
    if len(rows) <= limit:
        return page, None
    return page, [_plain(key.of_row(page[-1])) for key in keys]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _values(keys: Sequence[Key], after: Sequence[Any]) -> list[Any]:
    try:
        return [key.read(value) for key, value in zip(keys, after, strict=True)]
    except (TypeError, ValueError, OverflowError):
        raise Invalid("`after` must be the `next` of an earlier page of the same list.") from None


def _beyond(keys: Sequence[Key], values: Sequence[Any]) -> ColumnElement[bool]:
    # (a, b) > (x, y) written out, as the keys may run in different directions.
    steps = []
    for index, (key, value) in enumerate(zip(keys, values, strict=True)):
        same = [earlier.column == before for earlier, before in zip(keys[:index], values, strict=False)]
        steps.append(and_(*same, key.column < value if key.descending else key.column > value))
    return or_(*steps)
