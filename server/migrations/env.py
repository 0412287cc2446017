"""Alembic's environment: run by server/migrate.py with a connection of Semma's own engine."""

from alembic import context

from server.search.triggers import put_triggers, take_triggers
from server.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=context.config.attributes.get("metadata", metadata),
    # SQLite cannot alter most of a table: copy it instead.
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    include_name=context.config.attributes.get("include_name"),  # for writing a revision of some tables only
)
with context.begin_transaction():
    here = context.get_context().get_current_revision()
    if here != context.get_revision_argument():
        take_triggers(connection)  # they hinder changes of the tables they watch
        context.run_migrations()
        if context.get_context().get_current_revision() == context.script.get_current_head():
            put_triggers(connection)
