"""Runs the migrations in the file that alembic.ini names."""

from alembic import context
from sqlalchemy import engine_from_config

with engine_from_config(context.config.get_section("alembic")).connect() as connection, connection.begin():
    context.configure(connection=connection)
    context.run_migrations()
