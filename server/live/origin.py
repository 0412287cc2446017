"""Everything below /live/{token}/{room}/: playlists, parts, segments, inits and the viewers' beacon, as plain ASGI.

The hot path: a pattern, two dictionary look-ups and bytes that are there already. Whoever asks for what comes next
waits on a future that the row's arrival resolves. Nothing here is read from a cookie.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.core.clock import now
from server.core.errors import SemmaError, Unavailable
from server.core.runtime import Runtime
from server.events.audience import left_s, opens
from server.live import origin_answers as answers
from server.live.errors import LateMedia, LiveNotFound, LiveTokenInvalid, WrongDirective
from server.live.mirror import LiveMirrors, RoomMirror
from server.live.mirror_broadcast import BroadcastMirror
from server.live.origin_answers import Answer, Receive, Scope, Send
from server.live.origin_media import find_init, find_part, find_segment
from server.live.playlist_requests import (
    Decision,
    Target,
    Verdict,
    decide_part,
    decide_playlist,
    decide_segment,
    read_directives,
)
from server.live.viewers import MOST_BYTES, read_id, see_viewer

log = structlog.get_logger(__name__)

_PATH = re.compile(
    r"^/live/(?P<token>[^/]{1,100})/(?P<room>[0-9a-f]{32})/"
    r"(?:(?P<top>index\.m3u8|beacon)"
    r"|(?P<broadcast>[0-9a-f]{32})/(?P<track>[a-z0-9_-]{1,20})/"
    r"(?:(?P<list>index\.m3u8)|(?P<msn>\d{1,9})(?:\.(?P<part>\d{1,4}))?\.m4s|(?P<init>init-[0-9a-f]{12}\.mp4)))$"
)
# A blocked answer never changes: 6 target durations (Apple, WWDC 2020 session 10231). Plain ones are old at once.
_BLOCKED_S, _PLAIN_S, _ENDED_S = 24, 1, 10
_BEGINS_S = 2.0


_match = lru_cache(maxsize=2048)(_PATH.match)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request once it was let in."""

    scope: Scope
    token: str
    room: RoomMirror
    path: "re.Match[str]"

    @property
    def left_s(self) -> int:
        """How long caches may keep what the token opens, in seconds."""
        return left_s(self.token, moment=now())


class LiveOrigin:
    """The ASGI application of everything below /live/."""

    def __init__(self, runtime: Runtime, mirrors: LiveMirrors) -> None:
        self._runtime, self._mirrors = runtime, mirrors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            answer = await self._answer(scope, receive)
        except SemmaError as error:
            answer = answers.problem(error)
        except (SQLAlchemyError, OSError) as error:
            log.warning("live.origin_failed", error=str(error))
            answer = answers.problem(Unavailable())
        await answers.send_answer(scope, send, answer)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        path = _match(scope["path"])
        if path is None:
            raise LiveNotFound
        method, is_beacon = scope["method"], path["top"] == "beacon"
        if method == "OPTIONS":
            return answers.preflight()
        if method not in (("POST",) if is_beacon else ("GET", "HEAD")):
            return answers.no_method(b"POST, OPTIONS" if is_beacon else b"GET, HEAD, OPTIONS")
        wanted = Wanted(scope, path["token"], await self._admit(path["token"], path["room"]), path)
        if is_beacon:
            return await self._beacon(wanted, receive)
        if path["top"]:
            return await self._multivariant(wanted)
        return await self._of_broadcast(wanted)

    # ---- who may

    async def _admit(self, token: str, room_id: str) -> RoomMirror:
        """The room, once the token opens it now; raises LiveNotFound, LiveTokenInvalid."""
        room = self._mirrors.find(room_id) or await self._mirrors.room(room_id)
        if room is None:
            raise LiveNotFound
        if not self._opens(room, token):
            await room.doubt()
            self._insist(room, token)
        return room

    def _opens(self, room: RoomMirror, token: str) -> bool:
        verdict = room.verdict_of(token)
        if verdict is None:
            watched = room.watched
            verdict = watched is not None and opens(self._runtime.keyring, token, watched, moment=now())
            room.remember(token, verdict)
        return verdict

    def _insist(self, room: RoomMirror, token: str) -> None:
        if room.watched is None:
            raise LiveNotFound
        if not self._opens(room, token):
            raise LiveTokenInvalid

    # ---- what

    async def _multivariant(self, wanted: Wanted) -> Answer:
        current = wanted.room.current
        if current is None or current.timeline.ended:  # the next one may just have begun
            await wanted.room.doubt()
            current = wanted.room.current
        if current is not None and current.timeline.last is None and not current.timeline.ended:
            # A broadcast's row is there a moment before its first part, and whoever was told of it asks just now
            await current.wait(Target(1, 0), time.monotonic() + _BEGINS_S)
        self._insist(wanted.room, wanted.token)
        if current is None or not current.timeline.listed():
            raise LiveNotFound("Nothing was sent live from this room yet.")
        ended = current.timeline.ended
        return answers.playlist(wanted.scope, current.multivariant, cache=_cache(_ENDED_S if ended else _PLAIN_S))

    async def _of_broadcast(self, wanted: Wanted) -> Answer:
        mirror = await wanted.room.broadcast(wanted.path["broadcast"])
        track = wanted.path["track"]
        if mirror is None or track not in mirror.playlists:
            raise LiveNotFound
        if wanted.path["list"]:
            return await self._playlist(wanted, mirror, track)
        if name := wanted.path["init"]:
            bus = self._mirrors.bus
            return await find_init(self._runtime, bus, mirror, wanted.scope, track, name, kept_s=wanted.left_s)
        msn, part = int(wanted.path["msn"]), wanted.path["part"]
        if part is not None:
            return await self._part(wanted, mirror, track, msn, int(part))
        await self._until(wanted, mirror, lambda: decide_segment(msn, mirror.timeline), otherwise=LiveNotFound)
        return await find_segment(
            self._runtime, self._mirrors.bus, mirror, wanted.scope, track, msn, kept_s=wanted.left_s
        )

    async def _playlist(self, wanted: Wanted, mirror: BroadcastMirror, track: str) -> Answer:
        asked = read_directives(wanted.scope["query_string"])
        decision = await self._until(
            wanted, mirror, lambda: decide_playlist(asked, mirror.timeline), otherwise=LateMedia
        )
        timeline = mirror.timeline
        if not timeline.listed():
            raise LiveNotFound
        text = mirror.playlists[track].delta() if decision.skip else None
        kept_s = _ENDED_S if timeline.ended else _PLAIN_S
        # Of an answer to what is long there, only its part may still change
        if decision.target is not None and decision.target.msn >= timeline.end[0] - 1 and not timeline.ended:
            kept_s = min(_BLOCKED_S, wanted.left_s)
        return answers.playlist(wanted.scope, text or mirror.playlists[track].full(), cache=_cache(kept_s))

    async def _part(self, wanted: Wanted, mirror: BroadcastMirror, track: str, msn: int, part: int) -> Answer:
        late = LateMedia if decide_part(msn, part, mirror.timeline).hinted else LiveNotFound
        await self._until(wanted, mirror, lambda: decide_part(msn, part, mirror.timeline), otherwise=late)
        return await find_part(mirror, self._mirrors.bus, wanted.scope, track, msn, part, kept_s=wanted.left_s)

    async def _until(
        self,
        wanted: Wanted,
        mirror: BroadcastMirror,
        decide: Callable[[], Decision],
        *,
        otherwise: type[SemmaError],
    ) -> Decision:
        """Wait as long as the decision is to wait; raises `otherwise` when that was too long, and what is decided.

        Whoever waited is asked anew whether they may: the doors may have been closed meanwhile.
        """
        decision, deadline = decide(), 0.0
        while decision.verdict is Verdict.WAIT and decision.target is not None:
            deadline = deadline or time.monotonic() + decision.wait_s
            if self._mirrors.closing or not await mirror.wait(decision.target, deadline):
                raise otherwise
            self._insist(wanted.room, wanted.token)
            decision = decide()
        if decision.verdict is Verdict.BAD:
            raise WrongDirective
        if decision.verdict is Verdict.MISSING:
            raise LiveNotFound
        return decision

    async def _beacon(self, wanted: Wanted, receive: Receive) -> Answer:
        body = await _read_small(receive)
        client = wanted.scope.get("client") or ("", 0)
        agent = answers.header_of(wanted.scope, b"user-agent") or b""
        viewer_id = read_id(body, otherwise=f"{client[0]} {agent!r}")
        viewers = await see_viewer(self._runtime, wanted.room.id, viewer_id)
        return answers.json_answer({"viewers": viewers})


def _cache(seconds: int) -> bytes:
    return b"public, max-age=%d" % seconds


async def _read_small(receive: Receive) -> bytes:
    """A request's body, as far as it may be long."""
    body = b""
    while len(body) <= MOST_BYTES:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return body[:MOST_BYTES]
