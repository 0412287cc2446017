"""Which sessions a calendar has, by the words of its address."""

from dataclasses import dataclass
from urllib.parse import urlencode

from server.accounts.actor import Actor
from server.core.db import Db
from server.core.errors import Invalid
from server.core.secrets import Keyring
from server.events.models import Event
from server.events.queries import get_room, get_track
from server.feeds.passes import make_pass
from server.sessions.queries import SessionFilter, get_speaker

MOST_CHOSEN = 500


class TooManySessions(Invalid):
    """More sessions than an address can name."""

    code = "feed.too_many_sessions"
    says = f"An address names at most {MOST_CHOSEN} sessions in `sessions`, separated by commas."


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What a calendar is narrowed to: a filter, sessions by name, and what that is called."""

    wanted: SessionFilter
    only: tuple[str, ...] = ()
    called: str = ""


async def read_choice(
    db: Db,
    actor: Actor,
    event: Event,
    *,
    room: str | None,
    track: str | None,
    speaker: str | None,
    sessions: str | None,
) -> Choice:
    """The choice an address makes. Rooms, tracks and speakers must be there (RoomNotFound, …); sessions that are gone
    are left out, so that a calendar somebody put together stays good."""
    names = []
    if room is not None:
        names.append((await get_room(db, event.id, room)).name)
    if track is not None:
        names.append((await get_track(db, event.id, track)).name)
    if speaker is not None:
        names.append((await get_speaker(db, speaker, actor=actor)).name)
    return Choice(
        wanted=SessionFilter(room=room, track=track, speaker=speaker),
        only=chosen_sessions(sessions),
        called=" · ".join(names),
    )


def calendar_path(keyring: Keyring, event: Event, **chosen: str) -> str:
    """Where the event's calendar is, for a page shown to somebody who was let in; `chosen` as in `read_choice`."""
    words = {name: value for name, value in (*chosen.items(), ("token", make_pass(keyring, event))) if value}
    return f"/{event.slug}/calendar.ics{'?' if words else ''}{urlencode(words)}"


def chosen_sessions(sessions: str | None) -> tuple[str, ...]:
    """Ids or slugs, separated by commas, each once; an empty list names none (and not all)."""
    if sessions is None:
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in sessions.split(",") if name.strip()))
    if len(names) > MOST_CHOSEN:
        raise TooManySessions
    return names or ("",)
