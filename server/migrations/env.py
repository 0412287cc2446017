"""Alembic's environment: run by server/migrate.py with a connection of Semma's own engine."""

from alembic import context

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
    context.run_migrations()
