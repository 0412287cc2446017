"""Roles of accounts: organisers and viewers of an event, speakers of a session.

What the role is on is named by ids; whether these exist and who may give the role is asked by the caller, who knows
events and sessions.
"""

from sqlalchemy import select

from server.accounts.errors import LastOrganiser
from server.accounts.models import Grant
from server.accounts.queries import ORGANISER, SPEAKER, VIEWER, count_organisers
from server.core.db import Db
from server.core.errors import Invalid, NotFound

EVENT_ROLES = (ORGANISER, VIEWER)


async def give_grant(db: Db, *, user_id: str, role: str, event_id: str, session_id: str | None = None) -> Grant:
    """Give a role on an event, or the role of a speaker on its session; giving it twice is giving it once."""
    if (role == SPEAKER) != (session_id is not None) or role not in (*EVENT_ROLES, SPEAKER):
        raise Invalid("`role` is organiser or viewer on an event, speaker on a session.")
    scope_id = session_id or event_id
    given = select(Grant).where(Grant.user_id == user_id, Grant.role == role, Grant.scope_id == scope_id)
    grant = await db.scalar(given)
    if grant is not None:
        return grant
    made = Grant(user_id=user_id, role=role, scope_id=scope_id, event_id=event_id)
    db.add(made)
    await db.flush()
    return made


async def take_grant(
    db: Db, *, grant_id: str, event_id: str, session_id: str | None = None, may_orphan: bool = False
) -> None:
    """Take a role away again; raises NotFound, or LastOrganiser unless the taker (an admin) may leave nobody."""
    grant = await db.get(Grant, grant_id)
    if grant is None or grant.event_id != event_id or grant.scope_id != (session_id or event_id):
        raise NotFound
    if grant.role == ORGANISER and not may_orphan and await count_organisers(db, event_id) <= 1:
        raise LastOrganiser
    await db.delete(grant)
    await db.flush()
