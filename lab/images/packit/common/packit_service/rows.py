"""The stand-in's tables: a row for each task, with who had it and what became of it, and which merge requests belong together."""

import os

from sqlalchemy import create_engine, pool, text

SELECT = """SELECT task, source, event_type, subject, worker, state, output, times, to_char(updated, 'HH24:MI:SS') AS updated
    FROM stand_in_tasks ORDER BY id DESC LIMIT 50"""
# A task that is handed out again, and beat's, have their row already.
INSERT = """INSERT INTO stand_in_tasks (task, source, event_type, subject, worker, state)
    VALUES (:task, :source, :event_type, :subject, :worker, 'running')
    ON CONFLICT (task) DO UPDATE SET worker = :worker, state = 'running', times = stand_in_tasks.times + 1, updated = now()"""
LINK = "INSERT INTO stand_in_merge_requests (source_git, dist_git) VALUES (:source_git, :dist_git)"
DIST_GIT = "SELECT dist_git FROM stand_in_merge_requests WHERE source_git = :url"
SOURCE_GIT = "SELECT source_git FROM stand_in_merge_requests WHERE dist_git = :url"
UPDATE = "UPDATE stand_in_tasks SET state = :state, output = :output, updated = now() WHERE task = :task"


def address() -> str:
    """SQLAlchemy's address of the database that the variables name."""
    user, password, host, name = (os.environ[f"POSTGRESQL_{key}"] for key in ["USER", "PASSWORD", "HOST", "DATABASE"])
    return f"postgresql+psycopg2://{user}:{password}@{host}:{os.environ.get('POSTGRESQL_PORT', '5432')}/{name}"


engine = create_engine(address(), poolclass=pool.NullPool)


def started(task: str, source: str, event_type: str, subject: str, worker: str) -> None:
    values = {"task": task, "source": source, "event_type": event_type, "subject": subject, "worker": worker}
    with engine.begin() as connection:
        connection.execute(text(INSERT), values)


def ended(task: str, state: str, output: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(UPDATE), {"task": task, "state": state, "output": output})


def newest() -> list:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(text(SELECT)).mappings()]


def link(source_git: str, dist_git: str) -> None:
    """Notes the addresses of two merge requests of which one was made for the other."""
    with engine.begin() as connection:
        connection.execute(text(LINK), {"source_git": source_git, "dist_git": dist_git})


def linked(query: str, url: str):
    """The other merge request's address, by DIST_GIT or SOURCE_GIT; None if there is none."""
    with engine.connect() as connection:
        return connection.execute(text(query), {"url": url}).scalar()
