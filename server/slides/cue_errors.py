"""Everything that can go wrong with cues and chapters, in words."""

from server.core.errors import Conflict, Invalid


class CuesNotThere(Conflict):
    """There is no recording whose times could be named."""

    code = "cues.no_recording"
    says = "This talk has no recording yet; cues and chapters can be set as soon as there is one."


class NothingToMatch(Conflict):
    """A deck or a recording is missing."""

    code = "cues.nothing_to_match"
    says = "Matching needs a recording that is ready and slides that are drawn; one of them is missing."


class NothingToUndo(Conflict):
    """Every edit is undone already, or there was none."""

    code = "cues.nothing_to_undo"
    says = "There is nothing to undo."


class NothingToRedo(Conflict):
    """No edit is undone."""

    code = "cues.nothing_to_redo"
    says = "There is nothing to redo."


class TooManyEdits(Conflict):
    """More edits than are read with every page."""

    code = "cues.too_many_edits"
    says = "This talk has more corrections than are kept; undo some of them first."


class EditIncomplete(Invalid):
    """An edit without what it needs."""

    code = "cues.incomplete"


class TimesUnusable(Invalid):
    """Times outside the recording, or in the wrong order."""

    code = "cues.bad_times"


class NoSuchBorder(Invalid):
    """No cue begins there."""

    code = "cues.no_border"


class NoSuchPage(Invalid):
    """A page no deck of the session has."""

    code = "cues.no_page"


class NothingChanges(Invalid):
    """An edit that would leave everything as it is."""

    code = "cues.nothing_changes"


class ChaptersUnusable(Invalid):
    """A list of chapters that cannot be kept."""

    code = "chapters.unusable"
