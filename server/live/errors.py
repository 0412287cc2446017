"""What can go wrong with keys, broadcasts and stretches. (feed has KeyRefused and RoomTaken: listeners raise them.)"""

from server.core.errors import Conflict, Invalid, NotFound


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
