"""What pages show: small frozen views that templates take, made by the acts from rows; no rows reach a template."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from server.web.wording import LINK_ICONS, initials


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCard:
    """An event in a list. `when` is now, coming or past."""

    slug: str
    title: str
    starts_on: date | None = None
    ends_on: date | None = None
    visibility: str = "public"
    when: str = "past"
    talks: int = 0
    recordings: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A series with its editions, the latest first; without a slug: events of no series."""

    slug: str = ""
    title: str = ""
    description: str = ""
    events: tuple[EventCard, ...] = ()


@dataclass(frozen=True, slots=True)
class SpeakerName:
    """A speaker as named at a talk."""

    name: str
    slug: str

    @property
    def url(self) -> str:
        """The speaker's page."""
        return f"/speakers/{self.slug}"

    @property
    def initials(self) -> str:
        """Letters for the picture."""
        return initials(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkCard:
    """A session in a list. `badge`: live, watch, growing, working, cancelled, not_recorded or empty.

    `live_url` is the live page of its room while it is on air.
    """

    url: str
    title: str
    session_id: str = ""
    live_url: str = ""
    speakers: tuple[SpeakerName, ...] = ()
    room: str = ""
    room_slug: str = ""
    room_position: int = 0
    track: str = ""
    language: str = ""
    is_break: bool = False
    starts_at: datetime | None = None
    duration_ms: int | None = None
    badge: str = ""
    recording_id: str = ""
    recorded_ms: int | None = None
    poster_url: str = ""
    time_zone: str = "UTC"
    event_title: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """Everything that starts at one moment."""

    starts_at: datetime
    talks: tuple[TalkCard, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the programme, in the event's zone."""

    date: date
    slots: tuple[Slot, ...]

    @property
    def anchor(self) -> str:
        """The day's id within the page."""
        return f"day-{self.date.isoformat()}"


@dataclass(frozen=True, slots=True)
class RoomName:
    """A room for the filter."""

    slug: str
    name: str
    on_air: bool = False
    is_here: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A typed link of a session or event."""

    kind: str
    url: str
    title: str = ""

    @property
    def icon(self) -> str:
        """The drawing beside it."""
        return LINK_ICONS.get(self.kind, "link")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventHead:
    """An event at the top of its programme."""

    id: str
    slug: str
    title: str
    subtitle: str = ""
    description: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    time_zone: str = "UTC"
    hashtag: str = ""
    visibility: str = "public"
    series_slug: str = ""
    series_title: str = ""
    recordings: int = 0
    may_edit: bool = False
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkView:
    """The talk page. `recording_state` is that of the recording behind it, or empty when there is none."""

    id: str
    slug: str
    url: str
    title: str
    event_id: str
    event_slug: str
    event_title: str
    time_zone: str
    visibility: str = "public"
    subtitle: str = ""
    abstract: str = ""
    description: str = ""
    language: str = ""
    licence: str = ""
    room: str = ""
    room_slug: str = ""
    track: str = ""
    starts_at: datetime | None = None
    duration_ms: int | None = None
    speakers: tuple[SpeakerName, ...] = ()
    links: tuple[Link, ...] = ()
    notice: str = ""
    may_edit: bool = False
    recording_state: str = ""
    recording_progress: float = 0.0


@dataclass(frozen=True, slots=True)
class CaptionName:
    """A caption track for the player."""

    language: str
    label: str
    src: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackShown:
    """What the player starts from; `for_script` has the shape of GET /api/v1/sessions/{id}/playback."""

    hls: str
    duration_ms: int | None = None
    poster: str = ""
    captions: tuple[CaptionName, ...] = ()
    chapters_src: str = ""
    has_picture: bool = True
    published_at: datetime | None = None
    for_script: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The talk before or after, in the same room on the same day."""

    url: str
    title: str


@dataclass(frozen=True, slots=True)
class SpeakerView:
    """A speaker's page."""

    name: str
    biography: str = ""

    @property
    def initials(self) -> str:
        """Letters for the picture."""
        return initials(self.name)
