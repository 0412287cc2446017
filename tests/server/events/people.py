"""People who ask, each with an API token, and a counter of SQL statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import event
from sqlalchemy.engine import Engine

from server.accounts.grants import give_grant
from server.accounts.tokens import make_token
from server.accounts.users import create_user
from server.core.db import Database
from server.core.ids import new_id

# The list that statements of this context are put into.
_COUNTING: ContextVar[list[str] | None] = ContextVar("counting", default=None)


@dataclass
class Asker:
    """Somebody with a token; nobody signed in without one."""

    client: httpx.AsyncClient
    headers: dict[str, str] = field(default_factory=dict)
    user_id: str = ""

    async def ask(self, method: str, path: str, *, status: int = 200, **more: Any) -> Any:
        """Send a request, insist on the status, return the JSON body (None without one)."""
        headers = self.headers | more.pop("headers", {})
        answer = await self.client.request(method, f"/api/v1{path}", headers=headers, **more)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def get(self, path: str, *, status: int = 200, **more: Any) -> Any:
        return await self.ask("GET", path, status=status, **more)

    async def post(self, path: str, body: Any = None, *, status: int = 201, **more: Any) -> Any:
        return await self.ask("POST", path, status=status, json=body, **more)

    async def patch(self, path: str, body: Any, *, status: int = 200, **more: Any) -> Any:
        return await self.ask("PATCH", path, status=status, json=body, **more)

    async def delete(self, path: str, *, status: int = 204, **more: Any) -> Any:
        return await self.ask("DELETE", path, status=status, **more)

    async def refused(self, method: str, path: str, code: str, *, status: int, **more: Any) -> str:
        """Send a request that is refused with this code; returns the sentence."""
        problem = await self.ask(method, path, status=status, **more)
        assert problem["code"] == code, problem
        assert problem["status"] == status
        detail: str = problem["detail"]
        assert len(detail) > 10
        return detail


async def somebody(
    client: httpx.AsyncClient,
    database: Database,
    *,
    is_admin: bool = False,
    roles: tuple[tuple[str, str, str | None], ...] = (),
    scopes: tuple[str, ...] = ("read", "write", "admin", "upload"),
) -> Asker:
    """A new user with roles (role, event id, session id) and a token."""
    async with database.write() as db:
        user = await create_user(db, email=f"{new_id()}@example.org", name="Somebody", is_admin=is_admin)
        for role, event_id, session_id in roles:
            await give_grant(db, user_id=user.id, role=role, event_id=event_id, session_id=session_id)
        _, secret = await make_token(db, user_id=user.id, name="test", scopes=scopes)
    return Asker(client, {"Authorization": f"Bearer {secret}"}, user.id)


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """The SQL statements that are run for what is asked for inside the block, but for BEGIN; there must be some. What
    applications of this process do by themselves meanwhile is not counted: their tasks were begun elsewhere."""
    seen: list[str] = []
    token = _COUNTING.set(seen)

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if _COUNTING.get() is seen and not statement.startswith(("BEGIN", "PRAGMA", "ROLLBACK")):
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
        assert seen, "nothing was counted: what was asked for ran in another context"
    finally:
        event.remove(Engine, "before_cursor_execute", note)
        _COUNTING.reset(token)
