"""The table of the stand-in's tasks."""

from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    op.execute(
        """CREATE TABLE stand_in_tasks (
            id BIGSERIAL PRIMARY KEY, task TEXT UNIQUE NOT NULL, source TEXT NOT NULL, event_type TEXT NOT NULL,
            subject TEXT NOT NULL, worker TEXT NOT NULL, state TEXT NOT NULL, output TEXT NOT NULL DEFAULT '',
            times INTEGER NOT NULL DEFAULT 1, updated TIMESTAMPTZ NOT NULL DEFAULT now())"""
    )
