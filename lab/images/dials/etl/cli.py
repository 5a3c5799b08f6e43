"""Takes the place of DIALS' command line: the two commands that operators call, with their options."""

import click
from python import database
from python.celery import index_datasets, ingest
from python.settings import DATASETS, INDEXER, WORKSPACES
from sqlalchemy import bindparam, text

BY_NAME = {one["name"]: one for one in WORKSPACES}
FILES = "SELECT file_id, logical_file_name FROM fact_file_index WHERE {} IN :wanted ORDER BY file_id"


@click.group()
def cli() -> None:
    pass


@cli.command()
@click.option("-s", "--start", is_flag=True, required=True, help="queue an indexing now")
def indexing(start: bool) -> None:
    kwargs = {"workspaces": WORKSPACES, "primary_datasets": DATASETS}
    print(index_datasets.apply_async(kwargs=kwargs, queue=INDEXER).id)


@cli.command()
@click.option("-w", "--workspace", type=click.Choice(list(BY_NAME)), required=True)
@click.option("-a", "--all-files", is_flag=True, help="all files of the statuses")
@click.option("-s", "--status", multiple=True, type=click.Choice(["FILE_NOT_AVAILABLE", "COPY_ERROR", "ROOTFILE_ERROR", "FINISHED"]))
@click.option("-f", "--file-id", multiple=True, type=int)
def ingesting(workspace: str, all_files: bool, status: tuple, file_id: tuple) -> None:
    if all_files == bool(file_id):
        raise click.UsageError("one of --all-files and --file-id is needed")
    column, wanted = ("status", status) if all_files else ("file_id", file_id)
    query = text(FILES.format(column)).bindparams(bindparam("wanted", list(wanted), expanding=True))
    with database.opened(workspace) as connection:
        files = connection.execute(query).all()
    one = BY_NAME[workspace]
    for number, name in files:
        kwargs = {
            "file_id": number,
            "logical_file_name": name,
            "workspace_name": workspace,
            "workspace_mes": one["me_startswith"],
        }
        ingest.apply_async(kwargs=kwargs, queue=one["bulk_ingesting_queue"])
    print(f"{len(files)} files queued")


cli()
