"""What listeners of an event are told of imports: organisers of the import, everybody of the sessions it changed."""

from collections.abc import Mapping
from typing import Any

from server.core.changes import announce
from server.core.db import Db
from server.core.runtime import Runtime
from server.sessions.imports.models import Import, ProgrammeSource

# More than so many are one announcement: whoever shows the programme asks for it anew anyway.
_MOST_TOLD = 50


def tell_import(db: Db, runtime: Runtime, row: Import, *, act: str) -> None:
    """Announce what became of an import, once that is durable."""
    change = {"kind": "import", "id": row.id, "act": act, "state": row.state, "version": row.version, "public": False}
    announce(db, runtime.redis, event_id=row.event_id, change=change)


def tell_source(db: Db, runtime: Runtime, row: ProgrammeSource) -> None:
    """Announce that a source was looked at, or changed."""
    change = {"kind": "programme_source", "id": row.id, "act": "changed", "state": row.state, "version": row.version}
    announce(db, runtime.redis, event_id=row.event_id, change=change | {"public": False})


def tell_sessions(db: Db, runtime: Runtime, event_id: str, undo: Mapping[str, Any]) -> None:
    """Announce the sessions an import touched."""
    acts = [(session_id, "created") for session_id in undo["new"]]
    acts += [(session_id, "changed") for session_id in {**undo["changed"], **undo["back"]}]
    for session_id, act in acts[:_MOST_TOLD]:
        change = {"kind": "session", "id": session_id, "act": act}
        announce(db, runtime.redis, event_id=event_id, change=change)
