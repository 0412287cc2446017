"""Everything that can go wrong between a player and a recording."""

from server.core.errors import Conflict, Forbidden, Gone, Invalid, NotFound


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


class CuesInvalid(Invalid):
    """Cues that cannot be kept; each with what is wrong, in `errors`."""

    code = "captions.cues_invalid"


class CaptionsLanguageTaken(Conflict):
    """There is a track in this language already."""

    code = "captions.language_taken"
    says = "There are captions in this language already; edit or delete those."


class NothingToDownload(NotFound):
    """No such file of this session, or none that can be made yet."""

    code = "downloads.not_found"
    says = "There is no such file of this talk to download."


class DownloadNotAllowed(Forbidden):
    """The licence, or the organisers, keep the recording for watching here."""

    code = "downloads.not_allowed"
    says = "The recording of this talk may be watched here, but not be downloaded."
