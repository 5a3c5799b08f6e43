"""Files with their state, and one-dimensional histograms."""

from alembic import op

revision = "2"
down_revision = "1"


def upgrade() -> None:
    op.execute("DROP TABLE fact_file_index")
    op.execute(
        """CREATE TABLE fact_file_index (
            file_id BIGSERIAL PRIMARY KEY, logical_file_name TEXT UNIQUE NOT NULL, dataset TEXT NOT NULL, status TEXT NOT NULL,
            worker TEXT, err_trace TEXT, last_update TIMESTAMPTZ NOT NULL DEFAULT now())"""
    )
    op.execute(
        """CREATE TABLE fact_th1 (
            file_id BIGINT REFERENCES fact_file_index, run_number BIGINT, ls_number BIGINT, me TEXT,
            x_min DOUBLE PRECISION NOT NULL, x_max DOUBLE PRECISION NOT NULL, entries DOUBLE PRECISION NOT NULL,
            data DOUBLE PRECISION[] NOT NULL, PRIMARY KEY (run_number, ls_number, me))"""
    )
