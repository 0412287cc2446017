"""The table of slide decks."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, HasId, HasTimes, HasVersion


class Deck(HasId, HasTimes, HasVersion, Base):
    """The slides of a session as they were uploaded: one immutable object, which keeps the key its upload had."""

    __tablename__ = "decks"

    event_id: Mapped[str] = mapped_column(String(32), index=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    filename: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(12))  # pdf | pptx | odp | png | jpeg | zip: by content
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(String(400))
    upload_id: Mapped[str | None] = mapped_column(String(32), unique=True)
    deleted_at: Mapped[datetime | None]
