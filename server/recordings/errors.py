"""Everything that can go wrong with a recording, in words."""

from server.core.errors import Conflict, Invalid, NotFound


class RecordingNotFound(NotFound):
    """No such recording for this asker."""

    code = "recording.not_found"
    says = "There is no such recording."


class WrongState(Conflict):
    """The recording's state does not allow this."""

    code = "recording.wrong_state"


class NothingToPublish(Conflict):
    """Nothing can be watched yet."""

    code = "recording.nothing_to_publish"
    says = "Nothing of this recording can be watched yet; publish it once the first minute is ready."


class NotToBeRecorded(Conflict):
    """The session is marked do-not-record."""

    code = "recording.do_not_record"
    says = "This session is marked do-not-record; take the mark away first."


class UndoTimeOver(NotFound):
    """Deleted so long ago that its files are gone."""

    code = "recording.undo_time_over"
    says = "This was deleted too long ago to be brought back."


class UnusableSource(Invalid):
    """The uploaded file is not something Semma can make a talk of."""

    code = "recording.unusable_source"
