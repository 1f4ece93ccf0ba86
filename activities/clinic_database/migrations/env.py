"""Alembic's entry point: called by `migrate`, which gives the URL."""

from alembic import context
from sqlalchemy import NullPool, create_engine

from activities.clinic_database.tables import Base

# No connection is left open behind a migration.
with create_engine(context.config.attributes["url"], poolclass=NullPool).connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
