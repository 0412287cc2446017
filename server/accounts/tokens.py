"""API tokens: shown once, stored as a hash, limited by scopes, revocable."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from server.accounts.models import ApiToken
from server.core.clock import now
from server.core.db import Db
from server.core.errors import Invalid, NotFound
from server.core.ids import hash_secret, new_secret

SCOPES = ("read", "upload", "write", "admin")
TOKEN_SEEN_EVERY = timedelta(minutes=30)  # a request writes nothing unless the last note is older


def check_scopes(scopes: Iterable[str]) -> list[str]:
    """The scopes, each once, in order of power; raises Invalid for none or an unknown one."""
    wanted = set(scopes)
    if not wanted or wanted - set(SCOPES):
        raise Invalid(f"`scopes` takes one or more of {', '.join(SCOPES)}.")
    return [scope for scope in SCOPES if scope in wanted]


async def make_token(
    db: Db, *, user_id: str, name: str, scopes: Iterable[str], expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """A new token and its secret, which is told this once; raises Invalid for an unknown scope or a past end."""
    wanted = check_scopes(scopes)
    if expires_at is not None and expires_at <= now():
        raise Invalid("`expires_at` must lie in the future.")
    secret = new_secret("semma_api")
    token = ApiToken(user_id=user_id, name=name, token_hash=hash_secret(secret), scopes=wanted, expires_at=expires_at)
    db.add(token)
    await db.flush()
    return token, secret


async def revoke_token(db: Db, *, token_id: str, user_id: str | None) -> None:
    """Revoke a token, of this user only unless None; raises NotFound. Twice is once."""
    token = await db.get(ApiToken, token_id)
    if token is None or (user_id is not None and token.user_id != user_id):
        raise NotFound
    if token.revoked_at is None:
        token.revoked_at = now()


async def tokens_of(db: Db, user_id: str) -> list[ApiToken]:
    """The user's tokens that are not revoked, the newest first."""
    found = await db.scalars(
        select(ApiToken).where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None)).order_by(ApiToken.id.desc())
    )
    return list(found)


async def touch_token(db: Db, token_id: str, *, moment: datetime) -> None:
    """Note that the token was used."""
    await db.execute(
        update(ApiToken)
        .where(
            ApiToken.id == token_id,
            or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at < moment - TOKEN_SEEN_EVERY),
        )
        .values(last_used_at=moment)
    )
