"""Tables of webhooks and what was sent to them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, HasId, HasTimes, HasVersion


class Webhook(HasId, HasTimes, HasVersion, Base):
    """An address elsewhere that is told of facts: of one event, or of all of them (`event_id` is None).

    Secrets are read back to sign with, so they are encrypted; the old one signs beside the new one until `old_until`.
    """

    __tablename__ = "webhooks"

    event_id: Mapped[str | None] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), index=True)
    url: Mapped[str] = mapped_column(String(2000))
    description: Mapped[str] = mapped_column(String(200), default="")
    facts: Mapped[list[str]] = mapped_column(default=list)
    secret: Mapped[str] = mapped_column(Text)
    old_secret: Mapped[str | None] = mapped_column(Text)
    old_until: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    paused_because: Mapped[str] = mapped_column(Text, default="")
    created_by: Mapped[str | None] = mapped_column(String(32))


class WebhookDelivery(HasId, HasTimes, Base):
    """One fact on its way to one webhook. `message_id` stays the same however often it is tried; `body` is what is
    signed and sent. `state` is waiting, delivered or failed."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("webhook_id", "message_id"),
        Index("ix_webhook_deliveries_webhook_id_created_at", "webhook_id", "created_at"),
    )

    webhook_id: Mapped[str] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    message_id: Mapped[str] = mapped_column(String(80))
    fact: Mapped[str] = mapped_column(String(40))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12), default="waiting")
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None]
    # [{"at", "status", "duration_ms", "response", "error"}], newest last
    log: Mapped[list[Any]] = mapped_column(default=list)
    ended_at: Mapped[datetime | None]
