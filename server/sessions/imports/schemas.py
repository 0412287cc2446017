"""Sources of programmes and imports over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from server.events.schemas import DeletedAt, Id
from server.sessions.formats.form import Note
from server.sessions.imports.diff import Entry, NoNews, PlaceChange
from server.sessions.imports.history import diff_of
from server.sessions.imports.identity import Question
from server.sessions.imports.models import Import, ProgrammeSource
from server.sessions.imports.revert import ImportedAs

Url = Annotated[
    str,
    Meta(
        max_length=2000,
        description="Where the programme is: schedule.json, schedule.xml, pretalx, iCalendar or CSV.",
        examples=["https://pretalx.example/seminar-2027/schedule/export/schedule.json"],
    ),
]
Name = Annotated[str, Meta(max_length=200, examples=["pretalx"])]
ApplyItself = Annotated[bool, Meta(description="Whether changes are applied without being shown first.")]
Grace = Annotated[int, Meta(description="How long a session that vanished is still shown.", examples=[86400])]
Pace = Annotated[int, Meta(description="How often the address is looked at.", examples=[900])]


class SourceNew(Struct, kw_only=True, forbid_unknown_fields=True):
    """A source to add."""

    url: Url
    name: Name = ""
    apply_itself: ApplyItself = False
    grace_s: Grace = 86_400
    poll_every_s: Pace = 900


class SourcePatch(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change of a source; what is left out stays."""

    url: Url | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    apply_itself: ApplyItself | UnsetType = UNSET
    grace_s: Grace | UnsetType = UNSET
    poll_every_s: Pace | UnsetType = UNSET


class ProblemIn(Struct, kw_only=True):
    """Why nothing came, in words."""

    code: Annotated[str, Meta(examples=["fetch.not_there"])]
    detail: str


class SourceOut(Struct, kw_only=True):
    """Where a programme comes from."""

    id: Id
    event: Id
    url: Annotated[str | None, Meta(description="Null: files that somebody brings.")]
    name: Name
    form: Annotated[str, Meta(description="The format found last.", examples=["schedule.json 1"])]
    apply_itself: ApplyItself
    grace_s: Grace
    poll_every_s: Pace
    state: Annotated[str, Meta(description="waiting, ok or failed.", examples=["ok"])]
    error: ProblemIn | None
    looked_at: datetime | None
    next_look_at: datetime | None
    deleted_at: DeletedAt | UnsetType = UNSET


class ImportBrief(Struct, kw_only=True):
    """One reading of a programme, in a list."""

    id: Id
    source: Id
    state: Annotated[
        str,
        Meta(
            description="shown (waits for your yes), applying, applied, unchanged, discarded, undone or failed.",
            examples=["shown"],
        ),
    ]
    way: Annotated[str, Meta(description="poll, file or command.", examples=["poll"])]
    by: Annotated[str, Meta(description="Who brought it; empty for a look at an address.", examples=["Aino Virtanen"])]
    filename: str
    url: str
    form: str
    generator: str
    version_name: Annotated[str, Meta(description="What the file calls its version.", examples=["Beteigeuze"])]
    sessions: Annotated[int, Meta(description="In the file.", examples=[42])]
    counts: Annotated[
        dict[str, int],
        Meta(
            description="By kind: new, moved, changed, cancelled, gone, back, kept, deleted, unchanged, no_news …",
            examples=[{"new": 2, "moved": 1}],
        ),
    ]
    created_at: datetime
    applied_at: datetime | None
    undone_at: datetime | None
    error: ProblemIn | None


class ImportOut(ImportBrief, kw_only=True):
    """One reading of a programme: what it changes (or changed), what it asks, what was ignored and why."""

    entries: list[Entry]
    places: list[PlaceChange]
    questions: list[Question]
    no_news: list[NoNews]
    names: Annotated[dict[str, str], Meta(description="What ids of rooms, tracks and speakers in it are called.")]
    notes: list[Note]


class AnswerIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """The answer to one question: `key`, `session` and `same`; or `gone`, a block that is really gone."""

    key: str = ""
    session: str = ""
    same: bool | None = None
    gone: str = ""


class EditedOut(Struct, kw_only=True):
    """A field that was edited here, and what the programme says."""

    field: Annotated[str, Meta(examples=["title"])]
    here: Any
    programme: Any


class ImportedOut(Struct, kw_only=True):
    """What a session's programme says of it."""

    session: Id
    source: SourceOut
    missing_since: Annotated[datetime | None, Meta(description="Since when the programme does not name it.")]
    edited: list[EditedOut]
    names: dict[str, str]


class RevertIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Which fields go back to what the programme says; left out: all that were edited."""

    fields: list[str] | UnsetType = UNSET


def source_out(row: ProgrammeSource) -> SourceOut:
    """A source as the API shows it."""
    return SourceOut(
        id=row.id,
        event=row.event_id,
        url=row.url or None,
        name=row.name,
        form=row.form,
        apply_itself=row.apply_itself,
        grace_s=row.grace_s,
        poll_every_s=row.poll_every_s,
        state=row.state,
        error=_problem(row.error_code, row.error_detail),
        looked_at=row.looked_at,
        next_look_at=row.next_look_at,
        deleted_at=row.deleted_at or UNSET,
    )


def _problem(code: str | None, detail: str | None) -> ProblemIn | None:
    return ProblemIn(code=code, detail=detail or "") if code else None


def _brief_values(row: Import) -> dict[str, Any]:
    return {
        "id": row.id,
        "source": row.source_id,
        "state": row.state,
        "way": row.way,
        "by": row.by_name,
        "filename": row.filename,
        "url": row.url,
        "form": row.form,
        "generator": row.generator,
        "version_name": row.programme_version,
        "sessions": row.sessions,
        "counts": row.counts,
        "created_at": row.created_at,
        "applied_at": row.applied_at,
        "undone_at": row.undone_at,
        "error": _problem(row.error_code, row.error_detail),
    }


def import_brief(row: Import) -> ImportBrief:
    """An import in a list."""
    return ImportBrief(**_brief_values(row))


def import_out(row: Import) -> ImportOut:
    """An import in full; its large columns must have been read."""
    diff = diff_of(row)
    return ImportOut(
        **_brief_values(row),
        entries=diff.entries,
        places=diff.places,
        questions=diff.questions,
        no_news=diff.no_news,
        names=diff.names,
        notes=notes_of(row),
    )


def notes_of(row: Import) -> list[Note]:
    """What was mended or ignored, and why."""
    return [Note(**note) for note in row.notes]


def imported_out(session_id: str, found: ImportedAs) -> ImportedOut:
    """What a session's programme says of it."""
    edited: Sequence[EditedOut] = [
        EditedOut(field=one.field, here=one.here, programme=one.programme) for one in found.edited
    ]
    return ImportedOut(
        session=session_id,
        source=source_out(found.source),
        missing_since=found.row.missing_since,
        edited=list(edited),
        names=found.names,
    )
