"""Keys, doors, broadcasts and live rooms over HTTP. A key's secret leaves once, a hash never."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from server.core.runtime import Runtime
from server.live.keys import is_valid
from server.live.live_view import LiveView, TalkShown
from server.live.models import Broadcast, SrtDoor, StreamKey, Stretch
from server.live.programme import PlannedSession

Id = Annotated[str, Meta(description="An opaque id.", examples=["01979c5e2b7a7c3d9e1f2a3b4c5d6e7f"])]
Role = Annotated[
    str,
    Meta(description="main, or backup: a hot standby that takes over when the main one is silent.", examples=["main"]),
]
Moment = Annotated[datetime, Meta(description="RFC 3339 with offset.", examples=["2027-05-20T07:00:00Z"])]
SessionRef = Annotated[str, Meta(description="The session's id.", examples=["01979c5e2b7a7c3d9e1f2a3b4c5d6e80"])]
RoomId = Annotated[str, Meta(description="The room's id.", examples=["01979c5e2b7a7c3d9e1f2a3b4c5d6e71"])]
_Start = Annotated[datetime, Meta(tz=True, description="When the talk began.", examples=["2027-05-20T07:00:00Z"])]
_End = Annotated[datetime, Meta(tz=True, description="When the talk ended.", examples=["2027-05-20T07:30:00Z"])]
Version = Annotated[int, Meta(description='Send it as `If-Match: "v3"` with a change.', examples=[3])]


class KeyIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A stream key to make."""

    role: Role = "main"
    rotate: Annotated[
        bool, Meta(description="Let the older keys of this role run out after `overlap_s`.", examples=[True])
    ] = False
    overlap_s: Annotated[
        int,
        Meta(ge=0, le=2_592_000, description="Seconds; 0 revokes the older keys at once.", examples=[86_400]),
    ] = 86_400


class KeyOut(Struct, kw_only=True):
    """A stream key, without its secret."""

    id: Id
    role: Role
    hint: Annotated[str, Meta(description="The secret's last four characters.", examples=["x7Qa"])]
    state: Annotated[
        str,
        Meta(
            description="valid, running_out (valid until `expires_at`), expired or revoked.",
            examples=["valid"],
        ),
    ]
    server: Annotated[
        str,
        Meta(description="The address to enter as server in OBS.", examples=["rtmp://seminar.example:1935/live"]),
    ]
    created_at: Moment
    last_used_at: Moment | None
    expires_at: Moment | None
    revoked_at: Moment | None


class KeyMade(KeyOut, kw_only=True):
    """A stream key that was just made; its secret is told this once."""

    secret: Annotated[
        str,
        Meta(
            description="The stream key to enter in OBS.",
            examples=["live_kE4mWqv2pQ8Zr1uXo7sYt3bNc5dLh9aJf6gKi0eRw2A"],
        ),
    ]


class DoorOut(Struct, kw_only=True):
    """An SRT port of the room; its passphrase can be read again."""

    id: Id
    role: Role
    port: Annotated[int, Meta(description="UDP.", examples=[8890])]
    passphrase: Annotated[str, Meta(examples=["mK7pQx3vRt9bWz4cNf8hJd2s"])]
    url: Annotated[
        str,
        Meta(
            description="What to enter as server, and as key nothing.",
            examples=["srt://seminar.example:8890?passphrase=mK7pQx3vRt9bWz4cNf8hJd2s"],
        ),
    ]


class DoorRotation(Struct, kw_only=True, forbid_unknown_fields=True):
    """Which SRT door gets a new passphrase."""

    role: Role = "main"
    drop: Annotated[bool, Meta(description="Send away who came in by the old passphrase, too.", examples=[False])] = (
        False
    )


class TalkOut(Struct, kw_only=True):
    """A session beside a room or broadcast."""

    session: SessionRef
    slug: Annotated[str, Meta(examples=["still-slides-moving-pictures"])]
    title: Annotated[str, Meta(examples=["Still slides, moving pictures"])]
    starts_at: Moment | None
    ends_at: Moment | None
    do_not_record: Annotated[bool, Meta(description="Shown live, never kept.", examples=[False])]


class StretchOut(TalkOut, kw_only=True):
    """The part of a broadcast that belongs to a session; open while `ends_at` is null."""

    id: Id
    version: Version


class BroadcastOut(Struct, kw_only=True):
    """A room on air, from going live to its end."""

    id: Id
    event: Annotated[str, Meta(description="The event's id.", examples=["01979c5e2b7a7c3d9e1f2a3b4c5d6e70"])]
    room: RoomId
    state: Annotated[str, Meta(description="on_air or ended.", examples=["on_air"])]
    started_at: Moment
    ended_at: Moment | None
    by_hand: Annotated[
        bool, Meta(description="Whether the organiser moves from talk to talk, not the schedule.", examples=[False])
    ]
    encoder: Annotated[str, Meta(description="Who sends: main, backup, or away for nobody.", examples=["main"])]
    health: Annotated[
        dict[str, Any] | None,
        Meta(
            description="The traffic light, for organisers: `light` (green, yellow, red) and `notes` that say what to "
            "do. Null for everybody else.",
            examples=[
                {
                    "light": "yellow",
                    "notes": [
                        {"code": "keyframes_rare", "detail": "Set the keyframe interval of your encoder to 2 s."}
                    ],
                }
            ],
        ),
    ]
    stretches: Annotated[list[StretchOut], Meta(description="What was on when, in order.")]


class NextIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Which talk is on now; without `session` the next of the programme, with null none (a break)."""

    session: SessionRef | UnsetType | None = UNSET


class StretchIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A talk to add to a broadcast after the fact."""

    session: SessionRef
    starts_at: _Start
    ends_at: _End


class StretchPatch(Struct, kw_only=True, forbid_unknown_fields=True):
    """Where to move the borders; what is left out stays."""

    starts_at: _Start | UnsetType = UNSET
    ends_at: _End | UnsetType = UNSET
    push: Annotated[
        bool,
        Meta(description="Move the adjoining border of the talk before or after as well.", examples=[True]),
    ] = False


class LiveOut(Struct, kw_only=True):
    """A room as its live page shows it."""

    room: RoomId
    state: Annotated[
        str,
        Meta(
            description="before, on_air, away (on air while its encoder is not), ended or never.",
            examples=["on_air"],
        ),
    ]
    hls: Annotated[
        str | None,
        Meta(
            description="Multivariant playlist of the present broadcast, else of the last one.",
            examples=["/live/public/01979c5e2b7a7c3d9e1f2a3b4c5d6e71/index.m3u8"],
        ),
    ]
    broadcast: Id | None
    started_at: Moment | None
    ended_at: Moment | None
    starts_at: Annotated[
        datetime | None, Meta(description="What a countdown counts to.", examples=["2027-05-20T07:00:00Z"])
    ]
    now: TalkOut | None
    next: TalkOut | None
    stretches: list[TalkOut]
    viewers: Annotated[
        int | None, Meta(description="How many watch now; null off air, and when it is not known.", examples=[212])
    ]
    light: Annotated[
        dict[str, Any] | None,
        Meta(description="The traffic light, for organisers; null for everybody else.", examples=[{"light": "green"}]),
    ]
    by_hand: Annotated[bool | None, Meta(description="For organisers.", examples=[False])]
    encoder: Annotated[str | None, Meta(description="For organisers: main, backup or away.", examples=["main"])]


def rtmp_server(runtime: Runtime) -> str:
    """The address OBS calls the server."""
    return f"rtmp://{_host(runtime)}:{runtime.rtmp_port}/live"


def _host(runtime: Runtime) -> str:
    return f"[{runtime.ingest_host}]" if ":" in runtime.ingest_host else runtime.ingest_host


def _key_state(key: StreamKey, moment: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if not is_valid(key, moment=moment):
        return "expired"
    return "valid" if key.expires_at is None else "running_out"


def _key_fields(key: StreamKey, runtime: Runtime, moment: datetime) -> dict[str, Any]:
    return {
        "id": key.id,
        "role": key.role,
        "hint": key.hint,
        "state": _key_state(key, moment),
        "server": rtmp_server(runtime),
        "created_at": key.created_at,
        "last_used_at": key.last_used_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    }


def key_out(key: StreamKey, runtime: Runtime, *, moment: datetime) -> KeyOut:
    """A row as the API shows it."""
    return KeyOut(**_key_fields(key, runtime, moment))


def key_made(key: StreamKey, secret: str, runtime: Runtime, *, moment: datetime) -> KeyMade:
    """A fresh key with its secret."""
    return KeyMade(**_key_fields(key, runtime, moment), secret=secret)


def door_out(door: SrtDoor, runtime: Runtime) -> DoorOut:
    """A door with its passphrase; raises SecretUnreadable."""
    port = runtime.srt_port + door.number
    passphrase = runtime.keyring.decrypt(door.passphrase_encrypted)
    url = f"srt://{_host(runtime)}:{port}?passphrase={passphrase}"
    return DoorOut(id=door.id, role=door.role, port=port, passphrase=passphrase, url=url)


def stretch_out(stretch: Stretch, session: PlannedSession) -> StretchOut:
    """A stretch with its session's words."""
    return StretchOut(
        id=stretch.id,
        version=stretch.version,
        session=stretch.session_id,
        slug=session.slug,
        title=session.title,
        starts_at=stretch.starts_at,
        ends_at=stretch.ends_at,
        do_not_record=stretch.do_not_record or session.do_not_record,
    )


def broadcast_out(
    broadcast: Broadcast,
    stretches: Sequence[Stretch],
    sessions: Mapping[str, PlannedSession],
    *,
    organises: bool,
) -> BroadcastOut:
    """A broadcast with its talks, but for those of deleted sessions."""
    known = [one for one in stretches if one.session_id in sessions and not sessions[one.session_id].deleted]
    return BroadcastOut(
        id=broadcast.id,
        event=broadcast.event_id,
        room=broadcast.room_id,
        state=broadcast.state,
        started_at=broadcast.started_at,
        ended_at=broadcast.ended_at,
        by_hand=broadcast.by_hand,
        encoder=broadcast.encoder,
        health=broadcast.health if organises else None,
        stretches=[stretch_out(one, sessions[one.session_id]) for one in known],
    )


def talk_out(talk: TalkShown) -> TalkOut:
    """A talk as the API shows it."""
    return TalkOut(
        session=talk.session,
        slug=talk.slug,
        title=talk.title,
        starts_at=talk.starts_at,
        ends_at=talk.ends_at,
        do_not_record=talk.do_not_record,
    )


def live_out(room_id: str, view: LiveView, *, viewers: int | None) -> LiveOut:
    """A room as the API shows it."""
    return LiveOut(
        room=room_id,
        state=view.state,
        hls=view.hls,
        broadcast=view.broadcast,
        started_at=view.started_at,
        ended_at=view.ended_at,
        starts_at=view.starts_at,
        now=talk_out(view.now) if view.now else None,
        next=talk_out(view.next) if view.next else None,
        stretches=[talk_out(one) for one in view.stretches],
        viewers=viewers,
        light=dict(view.light) if view.light is not None else None,
        by_hand=view.by_hand,
        encoder=view.encoder,
    )
