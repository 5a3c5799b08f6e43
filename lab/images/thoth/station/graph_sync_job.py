"""Takes the place of the station's graph-sync-job: puts an adviser's result from the object store into the graph, by thoth-storages."""

import logging
import os
import sys

from pydgraph.txn import Txn
from thoth.storages import sync_adviser_documents

print("stand-in for graph-sync-job: thoth-storages and pydgraph are real, the rest is not thoth-station's own", flush=True)
logging.basicConfig(level=logging.INFO)

if os.environ.get("THOTH_ONLY_ADVISER_DOCUMENTS") != "1":
    print("stand-in: documents of other analyses are not played in the lab; the container has what the real one reads")
    sys.exit()
mutate = Txn.mutate


def with_name(transaction: Txn, *words, set_obj: dict = None, **more):
    """thoth-storages 0.18 finds a new node's uid as `blank-0`, as Dgraph 1.0 calls it; 1.2 does so if it is asked to."""
    return mutate(transaction, *words, set_obj={"uid": "_:blank-0", **set_obj} if set_obj else None, **more)


Txn.mutate = with_name
document = os.environ.get("THOTH_SYNC_DOCUMENT_ID")
processed, synced, skipped, failed = sync_adviser_documents(
    [document] if document else None, force=os.environ.get("THOTH_FORCE_SYNC") == "1"
)
print(f"{processed} processed, {synced} synced, {skipped} skipped, {failed} failed", flush=True)
