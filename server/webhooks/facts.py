"""What webhooks are told of, and in what form. Pure."""

from datetime import datetime
from typing import Any

import msgspec

PUBLISHED, ROOM_LIVE, ROOM_ENDED, FAILED = "session.published", "room.live", "room.ended", "recording.failed"
FACTS = (PUBLISHED, ROOM_LIVE, ROOM_ENDED, FAILED)
PING = "webhook.ping"


def body_of(fact: str, moment: datetime, data: dict[str, Any]) -> str:
    """The JSON that is signed and sent: `type`, `timestamp` of what happened, `data`."""
    return msgspec.json.encode({"type": fact, "timestamp": moment, "data": data}).decode()
