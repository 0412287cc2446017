"""What came of looking at a source: nothing new, a programme, or why not, in words."""

from dataclasses import dataclass

from server.core.db import Db
from server.core.errors import SemmaError
from server.core.runtime import Runtime
from server.events.models import Event
from server.sessions.imports.changes import tell_source
from server.sessions.imports.models import ProgrammeSource
from server.sessions.imports.sources import failed, looked


@dataclass(frozen=True, slots=True, kw_only=True)
class ToPoll:
    """A source that is to be looked at now. `sha256` is of the file that was taken last."""

    source_id: str
    event_id: str
    url: str
    name: str
    validator: str
    sha256: str
    apply_itself: bool


async def what_to_poll(db: Db, source_id: str) -> ToPoll | None:
    """The source, unless it or its event is gone meanwhile."""
    row = await db.get(ProgrammeSource, source_id)
    if row is None or row.deleted_at is not None or not row.url:
        return None
    event = await db.get(Event, row.event_id)
    if event is None or event.deleted_at is not None:
        return None
    return ToPoll(
        source_id=row.id,
        event_id=row.event_id,
        url=row.url,
        name=row.name,
        validator=row.validator,
        sha256=row.sha256,
        apply_itself=row.apply_itself,
    )


async def note_look(db: Db, runtime: Runtime, task: ToPoll, *, validator: str, sha256: str = "") -> None:
    """Note that all went well, and what is known of the file by now."""
    row, event = await _locked(db, task.source_id)
    if row is None or event is None or row.url != task.url:
        return
    looked(row, event, validator=validator)
    if sha256:
        row.sha256 = sha256
    tell_source(db, runtime, row)


async def note_failure(db: Db, runtime: Runtime, source_id: str, error: SemmaError | tuple[str, str]) -> None:
    """Note why nothing came; it is looked at again after a pause that grows."""
    row, event = await _locked(db, source_id)
    if row is None or event is None:
        return
    if isinstance(error, SemmaError):
        failed(row, event, code=error.code, detail=error.detail, retryable=error.retryable)
    else:
        failed(row, event, code=error[0], detail=error[1], retryable=True)
    tell_source(db, runtime, row)


async def _locked(db: Db, source_id: str) -> tuple[ProgrammeSource | None, Event | None]:
    row = await db.get(ProgrammeSource, source_id, with_for_update=True, populate_existing=True)
    if row is None or row.deleted_at is not None:
        return None, None
    return row, await db.get(Event, row.event_id)
