"""Every route × every asker × every visibility, against table.txt."""

from typing import Any

import msgspec
import pytest
from litestar.routes import HTTPRoute

from tests.policy.asking import ask
from tests.policy.bodies import JSON, RAW, WORDS, tus_creation
from tests.policy.table import ASKERS, VISIBILITIES, Row, read_table
from tests.policy.world import World

ROWS = read_table()
_FITS = (409, 410)  # let in, but the state does not fit


def sign_of(status: int, location: str) -> str:
    """The table's sign for an answer; anything a table cannot want stands as its number."""
    if status == 303 and location.startswith("/sign-in?"):
        return ">"
    if status < 400 or status in _FITS:
        return "+"
    return {400: "-", 401: "1", 403: "3", 404: "4"}.get(status, f"[{status}]")


def routes_of(app: Any) -> set[tuple[str, str]]:
    """Every (method, path) the application answers, but for the OPTIONS that Litestar adds."""
    return {
        (method, route.path_format)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
        if method != "OPTIONS"
    }


async def test_every_route_has_a_line_and_every_line_a_route(policy_app: Any) -> None:
    written = {row.route for row in ROWS}
    existing = routes_of(policy_app)
    missing = "\n".join(f"{method:6} {path}" for method, path in sorted(existing - written, key=lambda r: r[::-1]))
    assert not missing, f"routes without a line in tests/policy/table.txt:\n{missing}"
    assert not written - existing, f"lines without a route: {sorted(written - existing)}"


async def test_every_socket_has_a_line(policy_app: Any) -> None:
    """Sockets and plain ASGI routes are routes as well: there is the live origin, which test_live.py asks."""
    others = [route.path for route in policy_app.routes if not isinstance(route, HTTPRoute)]
    assert others == ["/live/{file:path}"]


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_route_answers_as_the_table_says(row: Row, policy_app: Any, world: World) -> None:
    wrong = []
    for asker in ASKERS:
        found = "".join([await _sign(policy_app, world, row, asker, visibility) for visibility in VISIBILITIES])
        if found != row.answers[asker]:
            wrong.append(f"{asker}: {found}, the table says {row.answers[asker]}")
    assert not wrong, f"{row} ({row.profile})\n" + "\n".join(wrong)


async def _sign(app: Any, world: World, row: Row, asker: str, visibility: str) -> str:
    who = world.askers[visibility][asker]
    words = world.words[visibility] | who.own
    body, headers = _body(row, words)
    answer = await ask(app, row.method, _address(row, words), headers=headers | who.headers, body=body)
    return sign_of(answer.status, answer.headers.get("location", ""))


def _keys(row: Row) -> list[tuple[str, ...]]:
    return [(row.method, row.path, row.case), (row.method, row.path)]


def _address(row: Row, words: dict[str, str]) -> str:
    path = row.path
    renamed: dict[str, str] = next((WORDS[key] for key in _keys(row) if key in WORDS), {})
    for name, word in renamed.items():
        path = path.replace("{" + name + "}", words[word])
    return path.format_map(_Known(words))


class _Known(dict[str, str]):
    """Words of the world; a path word nothing is known by stands for itself."""

    def __missing__(self, key: str) -> str:
        return f"no-{key}"


def _body(row: Row, words: dict[str, str]) -> tuple[bytes, dict[str, str]]:
    if row.route == ("POST", "/api/v1/uploads"):
        return b"", tus_creation(words["session"], row.case)
    for key in _keys(row):
        if key in RAW:
            return RAW[key]
        if key in JSON:
            text = msgspec.json.encode(JSON[key]).decode()
            text = text.replace("{event}", words["event"]).replace("{session}", words["session"])
            return text.encode(), {"content-type": "application/json"}
    return b"", {}
