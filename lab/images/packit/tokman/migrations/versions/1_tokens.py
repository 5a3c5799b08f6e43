"""The table of tokens."""

from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TABLE tokens (repository TEXT PRIMARY KEY, token TEXT NOT NULL, expires_at DOUBLE PRECISION NOT NULL)")
