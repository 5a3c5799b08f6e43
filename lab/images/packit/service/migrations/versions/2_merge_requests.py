"""The table of merge requests that belong together."""

from alembic import op

revision = "2"
down_revision = "1"


def upgrade() -> None:
    op.execute("CREATE TABLE stand_in_merge_requests (source_git TEXT PRIMARY KEY, dist_git TEXT UNIQUE NOT NULL)")
