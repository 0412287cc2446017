"""A live room of a running Semma, spoken to as organisers and viewers do."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.private_semma import PrivateSemma
from tests.waiting import eventually


@dataclass
class LiveRoom:
    """A room with a stream key; `sessions` are its talks in order."""

    semma: PrivateSemma
    event: str
    slug: str
    id: str
    key: str
    sessions: list[str] = field(default_factory=list)

    @property
    def rtmp(self) -> str:
        """Where an encoder sends."""
        return f"rtmp://127.0.0.1:{self.semma.env['SEMMA_RTMP_PORT']}/live/{self.key}"

    @property
    def page(self) -> str:
        """The page viewers open."""
        return f"{self.semma.url}/{self.event}/live/{self.slug}"

    def live(self) -> dict[str, Any]:
        """What the room shows of itself."""
        found: dict[str, Any] = self.semma.get(f"/api/v1/rooms/{self.id}/live")
        return found

    def hls(self) -> str:
        """The multivariant playlist's address, once there is one."""
        path = eventually(lambda: self.live()["hls"], timeout_s=60, every_s=0.1, what="a playlist")
        return str(httpx.URL(self.semma.url).join(path))

    def wait_state(self, *states: str, timeout_s: float = 60) -> dict[str, Any]:
        """Wait until the room is in one of these states."""

        def look() -> dict[str, Any] | None:
            found = self.live()
            return found if found["state"] in states else None

        found = eventually(look, timeout_s=timeout_s, every_s=0.1, what=f"the room to be {' or '.join(states)}")
        assert found is not None
        return found

    def broadcast(self) -> dict[str, Any]:
        """The present broadcast."""
        found: dict[str, Any] = self.semma.get(f"/api/v1/broadcasts/{self.live()['broadcast']}")
        return found

    def act(self, name: str, **body: Any) -> dict[str, Any]:
        """An organiser's act on the broadcast: next, end, auto."""
        path = f"/api/v1/broadcasts/{self.live()['broadcast']}/{name}"
        answer: dict[str, Any] = self.semma.api("POST", path, **({"json": body} if body else {})).json()
        return answer

    def backup_key(self) -> str:
        """A key for the hot standby."""
        return make_key(self.semma, self.id, "backup")


def make_key(semma: PrivateSemma, room: str, role: str = "main") -> str:
    """A new stream key of a room."""
    answer = semma.api("POST", f"/api/v1/rooms/{room}/keys", json={"role": role}).json()
    return str(answer["secret"])


def make_room(semma: PrivateSemma, slug: str, *, talks: int = 2, talk_s: int = 3600, **event: Any) -> LiveRoom:
    """An event with one room and talks in it, the first of which has just begun."""
    asked = {"title": f"Live {slug}", "slug": f"live-{slug}", "visibility": "public", "languages": ["en"], **event}
    semma.api("POST", "/api/v1/events", json=asked)
    room = semma.api("POST", f"/api/v1/events/live-{slug}/rooms", json={"name": f"Room {slug}", "slug": slug}).json()
    start = datetime.now(UTC) - timedelta(seconds=30)
    sessions = []
    for number in range(talks):
        begins = start + timedelta(seconds=number * talk_s)
        session = {
            "event": f"live-{slug}",
            "title": f"Talk {number + 1}",
            "language": "en",
            "room": slug,
            "starts_at": begins.isoformat(),
            "duration_ms": talk_s * 1000,
        }
        sessions.append(str(semma.api("POST", "/api/v1/sessions", json=session).json()["id"]))
    return LiveRoom(semma, f"live-{slug}", slug, room["id"], make_key(semma, room["id"]), sessions)
