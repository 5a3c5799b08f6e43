"""A client of Dgraph, as Thoth's storages are: pydgraph over TLS with the program's Secret. `asking.py NAME` writes a name; without one it asks again and again."""

import json
import os
import sys
import time

import grpc
import pydgraph

FOLDER, REPORT, PATIENCE = os.environ["TLS"], "/tmp/asked.json", 10


def read(name: str) -> bytes:
    with open(f"{FOLDER}/{name}", "rb") as file:
        return file.read()


files = [read(name) for name in ("ca.crt", "client.user.key", "client.user.crt")]
client = pydgraph.DgraphClient(pydgraph.DgraphClientStub(os.environ["ALPHA"], grpc.ssl_channel_credentials(*files)))

if len(sys.argv) > 1:
    transaction = client.txn()
    print(dict(transaction.mutate(set_obj={"uid": "_:written", "name": sys.argv[1]}, timeout=PATIENCE).uids))
    transaction.commit(timeout=PATIENCE)
    sys.exit()

asked, failed, names = 0, [], []
while True:
    try:
        answer = client.txn(read_only=True).query("{ all(func: has(name)) { uid name } }", timeout=PATIENCE)
        names = [one["name"] for one in json.loads(answer.json)["all"]]
    except grpc.RpcError as error:
        failed.append(f"{error.code().name}: {error.details()}")
    asked += 1
    with open(f"{REPORT}.new", "w") as file:
        json.dump({"asked": asked, "failed": failed, "names": names}, file)
    os.replace(f"{REPORT}.new", REPORT)
    time.sleep(0.2)
