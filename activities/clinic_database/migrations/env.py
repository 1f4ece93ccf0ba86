"""Alembic's entry point: called by `migrate`, which gives the URL."""

from alembic import context
from sqlalchemy import create_engine

from activities.clinic_database.tables import Base

with create_engine(context.config.attributes["url"]).connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
