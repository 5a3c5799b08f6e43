"""Runs the migrations in the database that the variables name."""

from alembic import context
from packit_service.rows import engine

with engine.connect() as connection, connection.begin():
    context.configure(connection=connection)
    context.run_migrations()
