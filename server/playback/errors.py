"""Everything that can go wrong between a player and a recording."""

from server.core.errors import Forbidden, Gone, Invalid, NotFound


class NothingToWatch(NotFound):
    """The session has no recording this asker may watch."""

    code = "playback.nothing_to_watch"
    says = "There is no recording of this session to watch."


class BadToken(Forbidden):
    """The playback token does not fit this recording, or its time is over."""

    code = "playback.token_invalid"
    says = "This playback address is not valid any more; open the session's page again."


class MediaNotFound(NotFound):
    """No such file of this recording."""

    code = "playback.media_not_found"
    says = "There is no such part of this recording."


class MediaGone(Gone):
    """The file belonged to a set of renditions that has been replaced."""

    code = "playback.media_replaced"
    says = "This part was replaced; load the playlist again."


class CaptionsUnreadable(Invalid):
    """The file is neither WebVTT nor SRT, or none of its cues can be used."""

    code = "captions.unreadable"


class CaptionsNotFound(NotFound):
    """No such caption track for this asker."""

    code = "captions.not_found"
    says = "There are no such captions."
