"""A page of answers with the sessions they are about, for the API and the pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.accounts.actor import Actor
from server.core.db import Db
from server.search.errors import BeyondLast, HasUnknown
from server.search.queries import HAS, Narrowed
from server.search.query import MOST_BEYOND, Answer, search
from server.sessions.models import Session
from server.sessions.queries import Item, read_items, visible_sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer, its sessions by id, and where the next page begins (None: there is none)."""

    answer: Answer
    items: dict[str, Item]
    beyond: int | None


async def answer_question(
    db: Db, actor: Actor, typed: str, narrowed: Narrowed, *, offset: int, limit: int, hits: int = 3
) -> Answered:
    """Search, and read what is shown of the sessions; raises EventNotFound, BeyondLast."""
    if not 0 <= offset < MOST_BEYOND:
        raise BeyondLast
    answer = await search(db, actor, typed, narrowed, offset=offset, limit=limit, hits=hits)
    items = await _sessions(db, actor, [talk.session for talk in answer.talks])
    beyond = offset + limit
    return Answered(
        answer=answer,
        items={item.session.id: item for item in items},
        beyond=beyond if beyond < min(answer.total, MOST_BEYOND) else None,
    )


async def _sessions(db: Db, actor: Actor, ids: Sequence[str]) -> list[Item]:
    if not ids:
        return []
    return await read_items(db, visible_sessions(actor, listed=False).where(Session.id.in_(ids)))


def read_has(text: str | None) -> tuple[str, ...]:
    """`?has=video,slides` as a list; raises HasUnknown."""
    wanted = tuple(dict.fromkeys(one.strip() for one in (text or "").split(",") if one.strip()))
    if not set(wanted) <= set(HAS):
        raise HasUnknown
    return wanted
