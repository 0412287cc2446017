"""An import's diff in words, as the studio shows it: sessions in groups, fields as they were and become. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.sessions.imports.diff import KINDS, Change, Diff, Entry
from server.web import wording
from server.web.languages import catalogue, language_name

Translate = Callable[[str], str]


def _(message: str) -> str:
    """Marks a message for extraction; it is translated where it is shown."""
    return message


MOST_ENTRIES = 200  # of one kind on a page; a first import of thousands is a list nobody reads
_CONTEXT, _LONG = 60, 160

FIELDS = {
    "title": _("Title"),
    "subtitle": _("Subtitle"),
    "abstract": _("Abstract"),
    "description": _("Description"),
    "code": _("Code"),
    "kind": _("Kind of session"),
    "language": _("Language"),
    "licence": _("Licence"),
    "do_not_record": _("Do not record"),
    "state": _("State"),
    "starts_at": _("Starts"),
    "duration_ms": _("Length"),
    "room": _("Room"),
    "track": _("Track"),
    "speakers": _("Speakers"),
    "links": _("Links"),
}
GROUPS = {
    "new": _("New"),
    "moved": _("Moved"),
    "changed": _("Changed"),
    "cancelled": _("Cancelled"),
    "gone": _("Gone from the programme"),
    "back": _("Back in the programme"),
    "kept": _("Edited here, so it stays"),
    "deleted": _("Deleted here, so it stays deleted"),
}
STATES = {"confirmed": _("Confirmed"), "tentative": _("Tentative"), "cancelled": _("Cancelled")}
# As sessions/imports/identity.WHY says it, here so that it is translated.
WHY = (
    _("Somebody speaks in both, but it has another id in the file."),
    _("It has another id in the file."),
    _("Somebody speaks in both; the one here was made here by hand."),
    _("The one here was made here by hand."),
)
HOW = {
    "code": _("recognised by its code"),
    "likeness": _("recognised by title, speakers and time"),
    "answer": _("the same talk, as you said"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeShown:
    """A field: its name, what it was and what it becomes. `kept`: it stays `old`, which was edited here."""

    field: str
    label: str
    old: str
    new: str
    kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryShown:
    """One session of the diff; `session` is "" while it is not here yet."""

    title: str
    when: str
    session: str
    how: str
    changes: tuple[ChangeShown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupShown:
    """Sessions the same thing happens to; `more` are not shown."""

    kind: str
    label: str
    count: int
    entries: tuple[EntryShown, ...]

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.count - len(self.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionShown:
    """Same talk?"""

    key: str
    session: str
    title: str
    when: str
    session_title: str
    session_when: str
    why: str


@dataclass(frozen=True, slots=True)
class Words:
    """Turns values into words, in one language and one time zone."""

    language: str
    zone: str
    names: Mapping[str, str]

    def translate(self, message: str) -> str:
        """A marked message."""
        return str(catalogue(self.language).gettext(message))

    def when(self, text: str | None) -> str:
        """A moment with its day."""
        if not text:
            return ""
        moment = datetime.fromisoformat(text)
        return f"{wording.day_in(self.language, moment, self.zone)}, {wording.clock(moment, self.zone)}"

    def value(self, field: str, value: Any) -> str:
        """The value of a field; "" when it is empty."""
        if value is None or value in ("", []):
            return ""
        if field == "starts_at":
            return self.when(value)
        if field == "duration_ms":
            return wording.duration(self.language, value)
        if field in ("room", "track"):
            return self.names.get(value, "")
        if field == "speakers":
            return ", ".join(self.names.get(speaker, "?") for speaker in value)
        if field == "links":
            return "\n".join(f"{url} {title}".strip() for _kind, url, title in value)
        if field == "do_not_record":
            return self.translate(_("Yes")) if value else self.translate(_("No"))
        if field == "state":
            return self.translate(STATES.get(value, value))
        if field == "language":
            return language_name(value, language=self.language)
        return str(value)


def groups_of(diff: Diff, words: Words, *, is_applied: bool) -> list[GroupShown]:
    """The sessions of a diff by what happens to them, in a fixed order. New ones are here once it is applied."""
    groups = []
    for kind in KINDS:
        entries = [entry for entry in diff.entries if entry.kind == kind]
        if not entries:
            continue
        entries.sort(key=lambda entry: (entry.starts_at or "9", entry.title))
        shown = tuple(_entry(entry, words, is_applied=is_applied) for entry in entries[:MOST_ENTRIES])
        label = words.translate(GROUPS[kind])
        groups.append(GroupShown(kind=kind, label=label, count=len(entries), entries=shown))
    return groups


def _entry(entry: Entry, words: Words, *, is_applied: bool) -> EntryShown:
    is_here = is_applied or entry.kind not in ("new", "deleted")
    return EntryShown(
        title=entry.title,
        when=words.when(entry.starts_at),
        session=entry.session if is_here and entry.kind != "deleted" else "",
        how=words.translate(HOW[entry.how]) if entry.how in HOW else "",
        changes=tuple(change_shown(change, words) for change in entry.changes),
    )


def change_shown(change: Change, words: Words) -> ChangeShown:
    """One field in words; of long texts only where they differ."""
    old, new = differing(words.value(change.field, change.old), words.value(change.field, change.new))
    label = words.translate(FIELDS.get(change.field, change.field))
    return ChangeShown(field=change.field, label=label, old=old, new=new, kept=change.kept)


def differing(old: str, new: str) -> tuple[str, str]:
    """Two texts, or where they are long, only the part in which they differ, with a few words around."""
    if max(len(old), len(new)) <= _LONG:
        return old, new
    start = _same(old, new)
    tail = _same(old[start:][::-1], new[start:][::-1])
    return _around(old, start, len(old) - tail), _around(new, start, len(new) - tail)


def _same(one: str, other: str) -> int:
    """How many letters both begin with."""
    return next(
        (at for at, (mine, theirs) in enumerate(zip(one, other, strict=False)) if mine != theirs),
        min(len(one), len(other)),
    )


def _around(text: str, start: int, end: int) -> str:
    first, last = max(0, start - _CONTEXT), min(len(text), end + _CONTEXT)
    middle = text[first:last]
    if len(middle) > 3 * _LONG:
        middle = f"{middle[:_LONG]} … {middle[-_LONG:]}"
    return f"{'… ' if first else ''}{middle}{' …' if last < len(text) else ''}" if text else ""


def questions_of(diff: Diff, answers: Mapping[str, Any], words: Words) -> list[QuestionShown]:
    """What is asked and not answered yet."""
    answered = {(key, session) for key, session in answers.get("other", ())}
    answered |= set(answers.get("same", {}).items())
    return [
        QuestionShown(
            key=one.key,
            session=one.session,
            title=one.title,
            when=words.when(one.starts_at),
            session_title=one.session_title,
            session_when=words.when(one.session_starts_at),
            why=words.translate(one.why),
        )
        for one in diff.questions
        if (one.key, one.session) not in answered
    ]


def counts_in_words(counts: Mapping[str, int], words: Words) -> Sequence[tuple[str, str, int]]:
    """(kind, words, number) of what an import comes to, for a line."""
    labels = GROUPS | {"questions": _("Questions"), "no_news": _("No news"), "unchanged": _("Unchanged")}
    return [(kind, words.translate(label), counts[kind]) for kind, label in labels.items() if counts.get(kind)]
