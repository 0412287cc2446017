"""Triggers that note which session changed, whoever wrote: web, workers, commands, or somebody with a database shell.

They are put in place after every migration and taken away before (server/migrations/env.py): SQLite alters a table by
making it anew, which loses its triggers and stumbles over those that name it, and PostgreSQL refuses to alter a column
that one names. So another trigger needs a migration too, if an empty one.

A change is one more row of `search_changes`: to look whether it is noted already would race with the indexer, which
takes notes away.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, text

INSERT, UPDATE, DELETE = "insert", "update", "delete"
_OWN = "VALUES ({row}.session_id)"


@dataclass(frozen=True, kw_only=True)
class Watch:
    """A table that is watched: which columns' updates count, and what selects the sessions of a row."""

    table: str
    sessions: str = _OWN
    columns: str = ""
    acts: tuple[str, ...] = (INSERT, UPDATE, DELETE)


WATCHED = (
    Watch(table="sessions", sessions="VALUES ({row}.id)"),
    Watch(
        table="events",
        sessions="SELECT id FROM sessions WHERE event_id = {row}.id",
        columns="starts_on, time_zone, languages",
        acts=(UPDATE,),
    ),
    Watch(table="session_speakers"),
    Watch(
        table="speakers",
        sessions="SELECT session_id FROM session_speakers WHERE speaker_id = {row}.id",
        columns="name, affiliation, deleted_at",
        acts=(UPDATE,),
    ),
    Watch(table="session_links"),
    Watch(table="decks", columns="session_id, position, rendering, replaced_at, deleted_at"),
    Watch(table="deck_pages", sessions="SELECT session_id FROM decks WHERE id = {row}.deck_id"),
    Watch(table="slide_syncs", columns="version, found, carries, moved"),
    Watch(table="cue_edits"),
    Watch(table="caption_tracks", columns="session_id, language, cues, deleted_at"),
    Watch(
        table="recordings",
        columns="session_id, state, playable, published_at, cut, duration_ms, deleted_at",
    ),
)


def _names() -> list[tuple[Watch, str, str]]:
    return [(watch, act, f"search_{watch.table}_{act}") for watch in WATCHED for act in watch.acts]


def _note(watch: Watch, act: str) -> str:
    row = "OLD" if act == DELETE else "NEW"
    return f"INSERT INTO search_changes (session_id) {watch.sessions.format(row=row)};"


def _when(watch: Watch, act: str) -> str:
    columns = f" OF {watch.columns}" if act == UPDATE and watch.columns else ""
    return f"AFTER {act.upper()}{columns} ON {watch.table}"


def _make(dialect: str, watch: Watch, act: str, name: str) -> list[str]:
    if dialect == "sqlite":
        return [f"CREATE TRIGGER {name} {_when(watch, act)} FOR EACH ROW BEGIN {_note(watch, act)} END"]
    body = f"BEGIN {_note(watch, act)} RETURN NULL; END"
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
        f"CREATE TRIGGER {name} {_when(watch, act)} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def put_triggers(connection: Connection) -> None:
    """Put every trigger in place, in this transaction; the tables must be there."""
    for watch, act, name in _names():
        for statement in _make(connection.dialect.name, watch, act, name):
            connection.execute(text(statement))


def take_triggers(connection: Connection) -> None:
    """Take away whichever are there, by the name they have, so that those of an older version go too."""
    if connection.dialect.name == "sqlite":
        found = connection.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND substr(name, 1, 7) = 'search_'")
        )
        for (name,) in found.all():
            connection.execute(text(f"DROP TRIGGER {name}"))
        return
    found = connection.execute(
        text(
            "SELECT tgname, tgrelid::regclass::text FROM pg_trigger "
            "WHERE NOT tgisinternal AND starts_with(tgname, 'search_')"
        )
    )
    for name, table in found.all():
        connection.execute(text(f"DROP TRIGGER {name} ON {table}"))
        connection.execute(text(f"DROP FUNCTION IF EXISTS {name}()"))


def mark_all(connection: Connection) -> None:
    """Note every session: for a database whose rows came without triggers."""
    connection.execute(text("INSERT INTO search_changes (session_id) SELECT id FROM sessions"))
