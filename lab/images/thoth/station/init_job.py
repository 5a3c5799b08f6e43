"""Takes the place of the station's init-job: gives the graph thoth-storages' schema. The first analyses, which it asks for, are not played."""

import time
from pathlib import Path

import grpc
import pydgraph
import thoth.storages.graph
from thoth.storages import GraphDatabase

print("stand-in for init-job: thoth-storages and its schema are real, the rest is not thoth-station's own", flush=True)

#: Seconds for data servers that start.
PATIENCE = 300

# Since Dgraph 1.1 a node has one edge of a predicate unless its schema says otherwise.
schema = (Path(thoth.storages.graph.__file__).parent / "schema.rdf").read_text().replace(": uid ", ": [uid] ")
graph = GraphDatabase()
graph.connect()
end = time.monotonic() + PATIENCE
while True:
    try:
        graph.client.alter(pydgraph.Operation(schema=schema))
        break
    except grpc.RpcError as error:
        if time.monotonic() > end:
            raise
        print(f"the graph does not answer yet: {error.code().name}", flush=True)
        time.sleep(3)
print(f"the graph has a schema of {len(schema.splitlines())} predicates", flush=True)
