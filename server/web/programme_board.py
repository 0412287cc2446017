"""What the studio shows of an event's programme from elsewhere: sources, imports, one import, edits of one session."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.core.db import Db
from server.events.models import Event
from server.sessions.formats.form import Note
from server.sessions.imports.diff import Change, NoNews, PlaceChange
from server.sessions.imports.history import diff_of, find_import, imports_of
from server.sessions.imports.models import APPLIED, SHOWN, Import, ProgrammeSource
from server.sessions.imports.revert import imported_as
from server.sessions.imports.schemas import notes_of
from server.sessions.imports.sources import sources_of
from server.sessions.models import Session
from server.web.note_texts import no_news_in, notes_in
from server.web.programme_diff import (
    ChangeShown,
    GroupShown,
    QuestionShown,
    Words,
    change_shown,
    counts_in_words,
    groups_of,
    questions_of,
)

_MOST_IMPORTS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportLine:
    """An import in the list."""

    row: Import
    source: str
    counts: Sequence[tuple[str, str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeBoard:
    """Everything on the page of the programme."""

    sources: Sequence[ProgrammeSource]
    waiting: Sequence[ImportLine]
    imports: Sequence[ImportLine]


async def read_programme_board(db: Db, event: Event, *, language: str) -> ProgrammeBoard:
    """The sources, what waits for a yes, and the newest imports; two statements."""
    sources = await sources_of(db, event.id)
    rows = (await db.scalars(imports_of(event.id).order_by(Import.id.desc()).limit(_MOST_IMPORTS))).all()
    names = {source.id: source.name for source in sources}
    words = Words(language, event.time_zone, {})
    lines = [
        ImportLine(row=row, source=names.get(row.source_id, ""), counts=counts_in_words(row.counts, words))
        for row in rows
    ]
    return ProgrammeBoard(
        sources=sources,
        waiting=[line for line in lines if line.row.state == SHOWN],
        imports=[line for line in lines if line.row.state != SHOWN],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportBoard:
    """One import with its diff."""

    row: Import
    source: ProgrammeSource | None
    counts: Sequence[tuple[str, str, int]]
    groups: Sequence[GroupShown]
    places: Sequence[PlaceChange]
    questions: Sequence[QuestionShown]
    no_news: Sequence[NoNews]
    said_gone: frozenset[str]
    notes: Sequence[Note]

    @property
    def waits(self) -> bool:
        """Whether it waits for a person."""
        return self.row.state == SHOWN

    @property
    def can_be_undone(self) -> bool:
        """Whether it was applied."""
        return self.row.state == APPLIED


async def read_import_board(db: Db, event: Event, import_id: str, *, language: str) -> ImportBoard:
    """One import in words; raises ImportNotThere."""
    row = await find_import(db, event.id, import_id)
    source = await db.get(ProgrammeSource, row.source_id)
    diff = diff_of(row)
    answers = (source.answers if source is not None else None) or {}
    words = Words(language, event.time_zone, diff.names)
    return ImportBoard(
        row=row,
        source=source,
        counts=counts_in_words(row.counts, words),
        groups=groups_of(diff, words, is_applied=row.state == APPLIED),
        places=diff.places,
        questions=questions_of(diff, answers, words) if row.state in (SHOWN, APPLIED) else [],
        no_news=no_news_in(diff.no_news, words),
        said_gone=frozenset(answers.get("gone", ())),
        notes=notes_in(notes_of(row), words),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionImported:
    """What a session's programme says of it, where that is not what stands here."""

    source: str
    missing_since: datetime | None
    edited: Sequence[ChangeShown]


async def read_session_imported(db: Db, event: Event, session: Session, *, language: str) -> SessionImported | None:
    """The fields of a session that were edited here; None when no programme names it."""
    found = await imported_as(db, session)
    if found is None:
        return None
    words = Words(language, event.time_zone, found.names)
    edited = [
        change_shown(Change(field=one.field, old=one.here, new=one.programme, kept=True), words) for one in found.edited
    ]
    return SessionImported(source=found.source.name, missing_since=found.row.missing_since, edited=edited)
