"""A workspace's database: which files it knows, and the histograms that were read from them."""

from contextlib import contextmanager

from sqlalchemy import create_engine, pool, text

from .settings import CHUNK, DATABASE_URI


@contextmanager
def opened(workspace: str):
    """A transaction in the database of a workspace."""
    engine = create_engine(f"{DATABASE_URI}/{workspace}", poolclass=pool.NullPool)
    with engine.begin() as connection:
        yield connection


def add_file(workspace: str, name: str, dataset: str):
    """Number of a file that the workspace did not know; None if it did."""
    insert = """INSERT INTO fact_file_index (logical_file_name, dataset, status) VALUES (:name, :dataset, 'PENDING')
        ON CONFLICT (logical_file_name) DO NOTHING RETURNING file_id"""
    with opened(workspace) as connection:
        return connection.execute(text(insert), {"name": name, "dataset": dataset}).scalar()


def set_status(workspace: str, file_id: int, status: str, worker: str, trace: str = "") -> None:
    update = """UPDATE fact_file_index SET status = :status, worker = :worker, err_trace = :trace, last_update = now()
        WHERE file_id = :file_id"""
    values = {"status": status, "worker": worker, "trace": trace, "file_id": file_id}
    with opened(workspace) as connection:
        connection.execute(text(update), values)


def add_histograms(workspace: str, file_id: int, histograms: list) -> int:
    """Writes all histograms of a file or none; the number of rows."""
    insert = """INSERT INTO fact_th1 (file_id, run_number, ls_number, me, x_min, x_max, entries, data)
        VALUES (:file_id, :run, :ls, :me, :x_min, :x_max, :entries, :data)"""
    rows = [
        {"file_id": file_id, **{key: one[key] for key in ["run", "ls", "me", "x_min", "x_max"]}, "data": one["data"]}
        for one in histograms
    ]
    for row in rows:
        row["entries"] = sum(row["data"])
    with opened(workspace) as connection:
        for start in range(0, len(rows), CHUNK):
            connection.execute(text(insert), rows[start : start + CHUNK])
    return len(rows)
