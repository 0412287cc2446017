"""Housekeeping of access: rows that no longer open anything."""

from datetime import timedelta

from sqlalchemy import delete

from server.accounts.models import Login, SignInLink
from server.core.clock import now
from server.core.db import Db

_KEPT = timedelta(days=7)  # a link's page can still say "used already" for so long


async def sweep_access(db: Db) -> None:
    """Remove ended logins, with their passes, and one-time links that ran out a week ago."""
    moment = now()
    await db.execute(delete(Login).where(Login.expires_at < moment))
    await db.execute(delete(SignInLink).where(SignInLink.expires_at < moment - _KEPT))
