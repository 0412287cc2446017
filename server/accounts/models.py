"""Tables of people and what they may do. No secret is stored, only its hash."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, HasId, HasTimes


class User(HasId, HasTimes, Base):
    """A person with an account; `email` is stored folded (lower case, trimmed)."""

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    password_hash: Mapped[str | None] = mapped_column(String(200))
    is_admin: Mapped[bool] = mapped_column(default=False)
    disabled_at: Mapped[datetime | None]


class Login(HasId, HasTimes, Base):
    """A browser we know: a user's, or one that only holds passes. The cookie carries the token, never this id."""

    __tablename__ = "logins"

    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_agent: Mapped[str] = mapped_column(String(300), default="")
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class LoginPass(HasId, HasTimes, Base):
    """What a login was let into besides its user's rights: by a personal link, or into an event by its access code.

    A code's pass counts as long as the event's `access_epoch` is the one of the moment it was given.
    """

    __tablename__ = "login_passes"
    __table_args__ = (UniqueConstraint("login_id", "link_id"), UniqueConstraint("login_id", "event_id"))

    login_id: Mapped[str] = mapped_column(ForeignKey("logins.id", ondelete="CASCADE"))
    link_id: Mapped[str | None] = mapped_column(ForeignKey("personal_links.id", ondelete="CASCADE"), index=True)
    event_id: Mapped[str | None] = mapped_column(String(32), index=True)  # entered by access code
    access_epoch: Mapped[int] = mapped_column(default=0)


class SignInLink(HasId, HasTimes, Base):
    """A one-time way in, printed by the CLI or mailed."""

    __tablename__ = "sign_in_links"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ApiToken(HasId, HasTimes, Base):
    """A token for programs; shown once. `scopes` limits what its user's rights may be used for."""

    __tablename__ = "api_tokens"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]]
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Grant(HasId, HasTimes, Base):
    """A role of a user on one event (organiser, viewer) or one session (speaker)."""

    __tablename__ = "grants"
    __table_args__ = (UniqueConstraint("user_id", "role", "scope_id"), Index("ix_grants_scope_id", "scope_id"))

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(String(20))  # organiser | speaker | viewer
    scope_id: Mapped[str] = mapped_column(String(32))  # event id, or session id for speakers
    event_id: Mapped[str] = mapped_column(String(32), index=True)  # the event, also of a speaker's session


class PersonalLink(HasId, HasTimes, Base):
    """A link that lets one person in without an account: an attendee of a closed event, or a session's speaker."""

    __tablename__ = "personal_links"
    __table_args__ = (Index("ix_personal_links_event_id", "event_id"),)

    role: Mapped[str] = mapped_column(String(20))  # speaker | viewer
    event_id: Mapped[str] = mapped_column(String(32))
    session_id: Mapped[str | None] = mapped_column(String(32))
    email: Mapped[str] = mapped_column(String(254), default="")
    name: Mapped[str] = mapped_column(String(200), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
