"""Playback tokens: a path prefix that names an audience and a time bucket, never a viewer (DESIGN §3.10).

Relative addresses inside playlists inherit the prefix, and a CDN shares objects between all viewers of one audience.
For a public or unlisted event the token is constant. For a closed one it is `{kind}{epoch}.{bucket}.{signature}`:

- kind `a`, the audience of a closed event; the epoch rises when the doors are closed, which ends every older token;
- kind `p`, people who may preview what is not published (organisers, the session's speakers).

A bucket is a day; a token is accepted in its bucket and the next, so it lives between 24 and 48 hours.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from server.core.secrets import Keyring
from server.events.models import CLOSED

PUBLIC_TOKEN = "public"
BUCKET_S = 86_400
_PURPOSE = "playback"
_FORM = re.compile(r"^(?P<kind>[ap])(?P<epoch>\d{1,9})\.(?P<bucket>\d{1,9})\.(?P<signature>[A-Za-z0-9_-]{22})$")


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What decides whether a token opens a recording."""

    event_id: str
    visibility: str
    access_epoch: int
    published: bool


def bucket_of(moment: datetime) -> int:
    """The number of the time bucket a moment lies in."""
    return int(moment.timestamp()) // BUCKET_S


def expires_at(moment: datetime) -> datetime:
    """When a token made at this moment stops being accepted."""
    return datetime.fromtimestamp((bucket_of(moment) + 2) * BUCKET_S, UTC)


def audience_token(keyring: Keyring, watched: Watched, *, moment: datetime, preview: bool = False) -> str:
    """The token of everybody who may watch this now; `preview` for those who may see the unpublished."""
    if watched.visibility != CLOSED and not preview:
        return PUBLIC_TOKEN
    kind, bucket = ("p" if preview else "a"), bucket_of(moment)
    return f"{kind}{watched.access_epoch}.{bucket}.{_sign(keyring, kind, watched, bucket)}"


def _sign(keyring: Keyring, kind: str, watched: Watched, bucket: int) -> str:
    return keyring.sign(_PURPOSE, f"{kind}|{watched.event_id}|{watched.access_epoch}|{bucket}")


def opens(keyring: Keyring, token: str, watched: Watched, *, moment: datetime) -> bool:
    """Whether the token opens the recording at this moment."""
    if token == PUBLIC_TOKEN:
        return watched.published and watched.visibility != CLOSED
    found = _FORM.match(token)
    if found is None or int(found["epoch"]) != watched.access_epoch:
        return False
    bucket = int(found["bucket"])
    if bucket not in (bucket_of(moment), bucket_of(moment) - 1):
        return False
    text = f"{found['kind']}|{watched.event_id}|{watched.access_epoch}|{bucket}"
    if not keyring.verify(_PURPOSE, text, found["signature"]):
        return False
    return watched.published or found["kind"] == "p"


def left_s(token: str, *, moment: datetime) -> int:
    """Seconds the token will still be accepted; a day for the constant one (how long a CDN may keep what it opens)."""
    found = _FORM.match(token)
    if found is None:
        return BUCKET_S
    end = datetime.fromtimestamp((int(found["bucket"]) + 2) * BUCKET_S, UTC)
    return max(int((end - moment) / timedelta(seconds=1)), 0)
