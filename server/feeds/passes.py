"""Signed addresses for programs that cannot sign in: a calendar that follows a closed event.

The pass is for the event's audience, not for a person: `{epoch}.{signature}`. It opens what everybody let into the
event may see, and ends when the doors are closed, as everything handed out before does (events/audience).
"""

import re

from server.accounts.actor import Actor
from server.core.db import Db
from server.core.errors import Forbidden, SemmaError
from server.core.secrets import Keyring
from server.events.models import CLOSED, Event
from server.events.queries import find_event, get_event

_PURPOSE = "feed"
_FORM = re.compile(r"(\d{1,9})\.([A-Za-z0-9_-]{22})")


class FeedEnded(Forbidden):
    """The pass in the address was made before the doors were closed, or never by us."""

    code = "feed.ended"
    says = "This address has ended. Open the event's programme and copy its calendar's address again."


def make_pass(keyring: Keyring, event: Event) -> str:
    """The pass to stand in a feed's address as `?token=`; empty for an event that needs none."""
    if event.visibility != CLOSED:
        return ""
    return f"{event.access_epoch}.{keyring.sign(_PURPOSE, _text(event))}"


def _text(event: Event) -> str:
    return f"{event.id}|{event.access_epoch}"


def _opens(keyring: Keyring, token: str, event: Event) -> bool:
    found = _FORM.fullmatch(token)
    return (
        found is not None and int(found[1]) == event.access_epoch and keyring.verify(_PURPOSE, _text(event), found[2])
    )


async def open_feed(db: Db, keyring: Keyring, ref: str, *, actor: Actor, token: str) -> tuple[Event, Actor]:
    """The event of a feed and whom it is shown to: the asker, or who holds the pass.

    Raises EventNotFound, Unauthenticated, Forbidden or, for a pass that opens nothing any more, FeedEnded.
    """
    try:
        return await get_event(db, ref, actor=actor), actor
    except SemmaError:
        event = await find_event(db, ref) if token else None
        if event is None or event.deleted_at is not None:
            raise
        if not _opens(keyring, token, event):
            raise FeedEnded from None
        return event, Actor(viewer_of=frozenset({event.id}))
