"""Files that are no programme at all; everything less is mended with a `Note`."""

from server.core.errors import Invalid


class BadProgramme(Invalid):
    """Nothing of a programme can be read in the file; the sentence says what to do. Subclasses have their own codes."""

    code = "import.not_a_programme"
    says = (
        "This is no programme that can be read. Bring a schedule.json, a schedule.xml, an export of pretalx, "
        "an iCalendar file or the CSV template."
    )


class EmptyFile(BadProgramme):
    """No bytes, or nothing but white space."""

    code = "import.empty"
    says = "The file is empty. Export the programme again, and look that the file has a size."


class IsWebPage(BadProgramme):
    """HTML: most often the address of the page beside the file, or a sign-in page."""

    code = "import.web_page"
    says = (
        "This is a web page, not a schedule file. Look there for a link to schedule.json, schedule.xml or "
        "“iCalendar” and use that address; if it needs signing in, download the file and bring it."
    )


class IsOtherFile(BadProgramme):
    """A file of a kind known to be something else: a spreadsheet, a PDF, a picture."""

    code = "import.other_file"


class IsBroken(BadProgramme):
    """Begins like a programme and stops making sense: cut off, or never valid."""

    code = "import.broken"


class NotTaken(BadProgramme):
    """Something in the file could harm who reads it: entities that point elsewhere or multiply."""

    code = "import.not_taken"


class NothingInIt(BadProgramme):
    """The right format, and no session in it."""

    code = "import.no_sessions"
    says = "The file is read, but there is no session in it. Look whether the programme has been published there."


class FileTooLarge(BadProgramme):
    """More bytes, or more sessions, than any programme has."""

    code = "import.too_large"
