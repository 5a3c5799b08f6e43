"""One table."""

from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TABLE fact_file_index (file_id BIGINT PRIMARY KEY)")
