"""Takes the place of DIALS' migrations: makes the databases that the variables name, in the same way, with one table each."""

from alembic import context
from decouple import config
from sqlalchemy import create_engine, engine_from_config, exc, pool, text

server = config("DATABASE_URI")
names = config("DATABASES").split(",")
for name in names:
    # Alembic's configuration is an INI file: a % in the URL would be read as the start of a reference.
    context.config.set_section_option(name, "sqlalchemy.url", f"{server}/{name}")
    try:
        create_engine(context.config.get_section_option(name, "sqlalchemy.url")).connect().close()
    except exc.OperationalError:
        with create_engine(f"{server}/postgres").connect() as connection:
            connection.execute(text("commit"))
            connection.execute(text(f"CREATE DATABASE {name};"))

for name in names:
    engine = engine_from_config(context.config.get_section(name, {}), prefix="sqlalchemy.", poolclass=pool.NullPool)
    with engine.connect() as connection, connection.begin():
        context.configure(connection=connection)
        context.run_migrations()
