"""Takes the place of DIALS' command line: `indexing` and `ingesting` with their options and rules; `clean-parsing-error` and models are not played."""

import argparse
import sys

from python import database
from python.celery import index_datasets, ingest
from python.settings import DATASETS, INDEXER, WORKSPACES
from sqlalchemy import bindparam, text

BY_NAME = {one["name"]: one for one in WORKSPACES}
FILES = "SELECT file_id, logical_file_name FROM fact_file_index WHERE {} IN :wanted ORDER BY file_id"


def indexing(_: argparse.Namespace) -> None:
    kwargs = {"workspaces": WORKSPACES, "primary_datasets": DATASETS}
    index_datasets.apply_async(kwargs=kwargs, queue=INDEXER)


def ingesting(given: argparse.Namespace) -> None:
    column, wanted = ("status", given.status) if given.all else ("file_id", given.file_ids)
    query = text(FILES.format(column)).bindparams(bindparam("wanted", wanted, expanding=True))
    with database.opened(given.workspace) as connection:
        files = connection.execute(query).all()
    one = BY_NAME[given.workspace]
    for number, name in files:
        kwargs = {
            "file_id": number,
            "logical_file_name": name,
            "workspace_name": given.workspace,
            "workspace_mes": given.me_startswith or one["me_startswith"],
        }
        ingest.apply_async(kwargs=kwargs, queue=one["bulk_ingesting_queue"])


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="cli.py")
    commands = parser.add_subparsers(required=True)
    first = commands.add_parser("indexing")
    first.add_argument("-s", "--start", action="store_true", required=True)
    first.set_defaults(run=indexing)
    second = commands.add_parser("ingesting")
    second.add_argument("-w", "--workspace", choices=list(BY_NAME), required=True)
    which = second.add_mutually_exclusive_group(required=True)
    which.add_argument("-a", "--all", action="store_true")
    which.add_argument("-f", "--file-ids", nargs="+", type=int)
    statuses = ["FILE_NOT_AVAILABLE", "COPY_ERROR", "ROOTFILE_ERROR", "FINISHED"]
    second.add_argument("-s", "--status", nargs="+", choices=statuses, default=[])
    second.add_argument("-m", "--me-startswith", nargs="+")
    second.set_defaults(run=ingesting)
    given = parser.parse_args()
    if getattr(given, "all", False):
        if not given.status:
            second.error("-a needs -s")
        if "FINISHED" in given.status and not given.me_startswith:
            second.error("FINISHED needs -m")
    return given


ARGUMENTS = arguments()
ARGUMENTS.run(ARGUMENTS)
sys.exit(0)
