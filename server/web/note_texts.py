"""What imports say of a file, in the language of who reads it. Pure.

Sentences are made in English, where a programme is read and compared, and kept with the import; here is every pattern
they have, so that it is translated when it is shown. What has no pattern is shown as it was said.
"""

import re
from collections.abc import Sequence

import msgspec

from server.sessions.formats.form import Note
from server.sessions.imports.diff import NoNews
from server.web.programme_diff import FIELDS, Words


def _(message: str) -> str:
    """Marks a message for extraction; it is translated where it is shown."""
    return message


PATTERNS = (
    _("The file is not in UTF-8; it was read as Windows-1252."),
    _("“%(said)s” is no language; the session has none."),
    _("Of the languages “%(said)s” the first is kept."),
    _("The address “%(said)s” cannot be used and was left out."),
    _("%(count)s more of this kind."),
    _("The column “%(said)s” is not known and was left out."),
    _("Events marked private or confidential are left out."),
    _("Events that last whole days are no talks and are left out."),
    _("“%(said)s” is no time zone that is known; the event's is taken."),
    _("Submissions that are not in the programme are left out."),
    _("Letters and entities that XML does not allow were mended."),
    _("Times say UTC and mean the local time; they are taken in %(zone)s."),
    _("A rule of repetition cannot be followed; the first time is kept."),
    _("Repetition without an end is followed for %(count)s times or a year."),
    _("Sessions without a title are called after what else is known of them."),
    _("Sessions that are deleted or rejected there are left out."),
    _("The time “%(said)s” cannot be read; the session has none."),
    _("The length “%(said)s” cannot be read; the session has none."),
    _("Times without an offset are taken in the event's time zone."),
    _("Sessions that stand in the file twice are taken once."),
    _("Several sessions have the same guid; only the first keeps it."),
    _("Sessions without a guid are known by their code, address, number or title."),
    _(
        "%(count)s of %(all)s sessions are missing from the file at once. A part of it was probably away when it was "
        "made, so nothing was taken to be gone."
    ),
    _(
        "All %(count)s sessions of “%(room)s” are missing from the file at once. That part of it was probably away "
        "when it was made, so nothing was taken to be gone."
    ),
    _("Sessions that come from another source of this event already were left to it."),
    _("The file was exported from this event. What was changed in it counts as an edit made here."),
    _("The %(field)s has %(count)s characters; the first %(most)s were kept."),
    _("“%(said)s” is no language tag; write fi, sv, en or en-GB."),
    _("Its time is outside what calendars hold and was left out."),
    _("Its length is not between a second and seven days and was left out."),
    _("It names %(count)s speakers; the first %(most)s were kept."),
    _("A link was left out (%(url)s): %(why)s"),
    _("A link's address starts with https:// or http:// and has at most 2,000 characters."),
    _("A link is shown to everybody; leave the user name and password out of its address."),
    _("It has %(count)s links; the first %(most)s were kept."),
    _("Two sessions cannot be told apart; only the first one was taken."),
    _("It stays as it is: it has a recording by now."),
    _("It stays as it is: it was changed since."),
    _("It stays as it is: %(field)s was changed since."),
    _("The source no longer applies by itself; what it brings is shown here first."),
)
_VALUE = re.compile(r"%\\\((\w+)\\\)s")
_READ = [(re.compile(_VALUE.sub(r"(?P<\1>.+?)", re.escape(one)), re.S), one) for one in PATTERNS]


def sentence_in(says: str, words: Words) -> str:
    """The sentence in the reader's language."""
    if words.language == "en":
        return says
    for pattern, message in _READ:
        found = pattern.fullmatch(says)
        if found is not None:
            values = {name: _value(name, value, words) for name, value in found.groupdict().items()}
            translated = words.translate(message)
            return translated % values if values else translated
    return says


def _value(name: str, value: str, words: Words) -> str:
    if name == "field":
        return words.translate(FIELDS[value]) if value in FIELDS else value
    return sentence_in(value, words) if name == "why" else value


def notes_in(notes: Sequence[Note], words: Words) -> list[Note]:
    """Notes of an import for its page."""
    return [msgspec.structs.replace(note, says=sentence_in(note.says, words)) for note in notes]


def no_news_in(blocks: Sequence[NoNews], words: Words) -> list[NoNews]:
    """What is missing as a whole, for its page."""
    return [msgspec.structs.replace(block, says=sentence_in(block.says, words)) for block in blocks]
