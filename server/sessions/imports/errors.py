"""What can go wrong with sources of programmes and with imports. (Files that cannot be read: formats/refused.py.)"""

from server.core.errors import Conflict, Invalid, NotFound, TooLarge


class SourceNotThere(NotFound):
    """No such source of this event."""

    code = "programme_source.not_found"
    says = "There is no such source of a programme here."


class ImportNotThere(NotFound):
    """No such import of this event."""

    code = "import.not_found"
    says = "There is no such import here."


class SourceInvalid(Invalid):
    """Values a source cannot have."""

    code = "programme_source.invalid"


class SourceTaken(Conflict):
    """The event looks at this address already."""

    code = "programme_source.taken"
    says = "This address is looked at already; change that source instead."


class SourceIsFiles(Conflict):
    """There is no address to look at."""

    code = "programme_source.is_files"
    says = "This source is files that somebody brings; there is no address to look at. Upload the newer file."


class NotToBeApplied(Conflict):
    """It was applied, discarded or undone."""

    code = "import.not_waiting"
    says = "This import does not wait any more: it was applied, discarded, or a newer one took its place."


class NotToBeUndone(Conflict):
    """Nothing was applied, or it was undone already."""

    code = "import.not_applied"
    says = "Only an import that was applied can be undone, and only once."


class ImportMoved(Conflict):
    """The programme was changed again and again meanwhile."""

    code = "import.moved"
    retryable = True
    says = "The programme here is being changed by others at this very moment; try again in a moment."


class AnswerInvalid(Invalid):
    """An answer to something that was not asked."""

    code = "import.answer_invalid"
    says = "This question is not (any longer) asked by this import; load the page again."


class NotImported(NotFound):
    """A session that no programme names."""

    code = "session.not_imported"
    says = "This session does not come from a programme elsewhere, so there is nothing to go back to."


class ImportTooLarge(TooLarge):
    """More bytes than a programme has."""

    code = "import.too_many_bytes"
    says = "A programme has at most 10 MB. Is it the right file?"
