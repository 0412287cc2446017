"""What one asker may see of a session's slides, and the token their pictures are under."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.accounts.actor import Actor
from server.accounts.policy import Action, can
from server.core.secrets import Keyring
from server.events.audience import Watched, audience_token
from server.events.models import Event
from server.sessions.licence import allows_download
from server.sessions.queries import Item
from server.slides.models import Deck


@dataclass(frozen=True, kw_only=True)
class Sight:
    """Made once for an answer. `preview_token` opens older versions too; only for who may upload."""

    session_id: str
    licence: str
    may_upload: bool
    token: str
    preview_token: str

    def token_of(self, deck: Deck) -> str:
        """The token in the addresses of a deck's pictures: the audience's, but for what is no longer shown."""
        hidden = deck.replaced_at is not None and self.may_upload
        return self.preview_token if hidden else self.token

    def may_download(self, deck: Deck) -> bool:
        """Whether this asker gets the file itself."""
        return self.may_upload or allows_download(self.licence, deck.downloadable)


def sight_of(actor: Actor, item: Item, *, keyring: Keyring, moment: datetime) -> Sight:
    """What this asker, who may see the session, may see of its slides."""
    may_upload = can(actor, Action.UPLOAD_SLIDES, item.subject)
    watched = watched_of(item.event, is_shown=True)
    token = audience_token(keyring, watched, moment=moment)
    return Sight(
        session_id=item.session.id,
        licence=item.session.licence,
        may_upload=may_upload,
        token=token,
        preview_token=audience_token(keyring, watched, moment=moment, preview=True) if may_upload else token,
    )


def watched_of(event: Event, *, is_shown: bool) -> Watched:
    """What decides whether a token opens the pictures of a deck of this event."""
    return Watched(event_id=event.id, visibility=event.visibility, access_epoch=event.access_epoch, published=is_shown)


def is_open_to_viewers(deck: Deck, *, moment: datetime, overlap_s: int) -> bool:
    """Whether viewers' tokens open its pictures: those of an older version only as long as a page may still name it."""
    return deck.replaced_at is None or deck.replaced_at + timedelta(seconds=overlap_s) > moment
