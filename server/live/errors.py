"""What can go wrong with keys, broadcasts and stretches. (feed has KeyRefused and RoomTaken: listeners raise them.)"""

from server.core.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable


class StreamKeyNotFound(NotFound):
    """No such stream key in this room."""

    code = "live.key_not_found"
    says = "There is no such stream key in this room."


class BroadcastNotFound(NotFound):
    """No such broadcast that the asker may know of."""

    code = "live.broadcast_not_found"
    says = "There is no such broadcast, or you may not see it."


class StretchNotFound(NotFound):
    """No such stretch in this broadcast."""

    code = "live.stretch_not_found"
    says = "There is no such talk in this broadcast."


class RoleInvalid(Invalid):
    """Neither of the roles an encoder can have."""

    code = "live.role_invalid"
    says = "An encoder's role is main or backup."


class OverlapInvalid(Invalid):
    """A time no older key is to live."""

    code = "live.overlap_invalid"
    says = "`overlap_s` is how long older keys go on, from 0 to 2,592,000 seconds (30 days)."


class BroadcastEnded(Conflict):
    """It has ended: nothing goes on in it any more."""

    code = "live.broadcast_ended"
    says = "This broadcast has ended; borders of its talks can still be moved."


class NothingNext(Conflict):
    """The programme has no further talk for this room, and none is on."""

    code = "live.nothing_next"
    says = 'No talk is on and none follows in this room; say which one: {"session": "…"}.'


class SessionUnfit(Invalid):
    """Not a session that could have been in this broadcast."""

    code = "live.session_unfit"
    says = "This is no session of the broadcast's event, or it is cancelled or deleted."


class BordersInvalid(Invalid):
    """A stretch that ends before it starts, or reaches out of its broadcast."""

    code = "live.borders_invalid"
    says = "A talk lasts at least one second and lies within its broadcast."


class BordersOverlap(Conflict):
    """It would reach into the talk before or after it."""

    code = "live.borders_overlap"
    says = 'This reaches into another talk of the broadcast; move that one first, or send `"push": true`.'


class NoDoorLeft(Conflict):
    """Every UDP port for SRT is taken."""

    code = "live.no_srt_door"
    says = "No port is left for SRT; use RTMP, or delete rooms that are no longer used."


class LiveNotFound(NotFound):
    """No such room, broadcast, track, segment or part, or not any more."""

    code = "live.not_found"
    says = "There is no such part of a live stream here."


class LiveTokenInvalid(Forbidden):
    """The token in the path does not open this room, or its time is over, or the doors were closed."""

    code = "live.token_invalid"
    says = "This address is not valid any more; open the room's page again."


class WrongDirective(Invalid):
    """A delivery directive that makes no sense, or asks for what lies too far ahead (RFC 8216bis 6.2.5.2)."""

    code = "live.directive_invalid"
    says = (
        "`_HLS_msn` and `_HLS_part` name a segment and part that come next; `_HLS_part` only together with `_HLS_msn`."
    )


class LateMedia(Unavailable):
    """What was promised next did not come in time (RFC 8216bis 6.2.5.2), or the process ends."""

    code = "live.media_late"
    says = "The next part is late; load the playlist again."
