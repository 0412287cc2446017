"""Talks like a talk, as cards under it."""

from server.accounts.actor import Actor
from server.core.db import Db
from server.core.secrets import Keyring
from server.recordings.queries import recordings_of_sessions
from server.search.related import related
from server.sessions.models import Session
from server.sessions.queries import read_items, visible_sessions
from server.web.programme import talk_card
from server.web.shown import TalkCard


async def read_related(db: Db, actor: Actor, session_id: str, *, keyring: Keyring) -> tuple[TalkCard, ...]:
    """The talks most like this one that the asker finds in lists, the best first."""
    ids = [like.session for like in await related(db, actor, session_id)]
    if not ids:
        return ()
    items = {item.session.id: item for item in await read_items(db, visible_sessions(actor).where(Session.id.in_(ids)))}
    recordings = await recordings_of_sessions(db, actor, list(items))
    return tuple(
        talk_card(items[one], recordings.get(one), actor=actor, keyring=keyring) for one in ids if one in items
    )
