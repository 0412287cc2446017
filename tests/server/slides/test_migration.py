"""Decks from before there were pages: versions of one deck a session, waiting to be rendered (revision 0009)."""

from alembic import command
from sqlalchemy import Connection, text

from server.core.clock import now
from server.core.db import Database
from server.migrate import _config, upgrade_on
from server.slides.queries import read_session_decks
from tests.server.uploads.world import make_world

_INSERT = text(
    "INSERT INTO decks (id, event_id, session_id, filename, kind, size_bytes, key, deleted_at, created_at, updated_at,"
    " version) VALUES (:id, :event, :session, 'a.pdf', 'pdf', 9, :key, :deleted, :moment, :moment, 1)"
)


async def test_decks_of_before_are_versions_of_one_and_wait(database: Database) -> None:
    world = await make_world(database)
    moment = now().replace(tzinfo=None) if database.is_sqlite else now()

    def renew(connection: Connection) -> None:
        command.downgrade(_config(connection), "0008")
        for name, session, deleted in (
            ("d1", world.talk, moment),
            ("d2", world.talk, None),
            ("d3", world.secret_talk, None),
        ):
            about = {"id": name, "event": world.event, "session": session, "key": f"uploads/{name}", "moment": moment}
            connection.execute(_INSERT, about | {"deleted": deleted})
        upgrade_on(connection)

    async with database.engine.begin() as connection:
        await connection.run_sync(renew)
    async with database.read() as db:
        found = await read_session_decks(db, world.talk)
        (shown,) = found.shown
        assert (shown.id, shown.slot, shown.revision, shown.state, shown.rendering) == ("d2", "d1", 2, "waiting", 0)
        assert (shown.warnings, shown.outline, shown.downloadable, found.pages) == ([], [], None, {})
        assert [deck.slot for deck in (await read_session_decks(db, world.secret_talk)).shown] == ["d3"]
