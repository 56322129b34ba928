"""What Alembic runs: applies the revisions on the connection that `boxwright.store.database` hands over."""

from alembic import context

from boxwright.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
