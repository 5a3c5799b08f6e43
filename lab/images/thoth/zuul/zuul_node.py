#!/usr/bin/python3
"""Stand-in of our own for Zuul's scheduler and executor: asks nodepool for a node, runs commands in it, gives it back.

Usage: zuul-node LABEL COMMAND..., where the commands are shell lines. Prints JSON.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid

import yaml
from kazoo.client import KazooClient
from kazoo.recipe.lock import Lock

CONFIG = "/etc/nodepool/nodepool.yaml"
PATIENCE = 300
# Priority of Zuul's check pipelines.
PRIORITY = 200


def connect():
    with open(CONFIG) as file:
        config = yaml.safe_load(file)
    servers = ",".join(f"{one['host']}:{one['port']}" for one in config["zookeeper-servers"])
    tls = config["zookeeper-tls"]
    client = KazooClient(hosts=servers, use_ssl=True, certfile=tls["cert"], keyfile=tls["key"], ca=tls["ca"])
    client.start(timeout=30)
    return client


def read(client, path):
    return json.loads(client.get(path)[0])


def until(what, look):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        seen = look()
        if seen:
            return seen
        time.sleep(0.5)
    sys.exit(f"{what} did not happen within {PATIENCE} s")


def request(client, label):
    """The scheduler's part: a request, and the node that nodepool assigns."""
    now = time.time()
    wanted = {
        "node_types": [label],
        "requestor": "zuul-of-the-lab",
        "state": "requested",
        "state_time": now,
        "created_time": now,
        "relative_priority": 0,
        "event_id": uuid.uuid4().hex,
        "tenant_name": "local",
    }
    path = f"/nodepool/requests/{PRIORITY}-"
    made = client.create(path, json.dumps(wanted).encode(), ephemeral=True, sequence=True, makepath=True)

    def answered():
        state = read(client, made)
        if state["state"] == "failed":
            sys.exit(f"nodepool cannot fulfil the request: {json.dumps(state)}")
        return state if state["state"] == "fulfilled" else None

    (node,) = until(f"a node of label {label}", answered)["nodes"]
    return made, f"/nodepool/nodes/{node}"


def change(client, path, state):
    node = read(client, path)
    node.update(state=state, state_time=time.time())
    client.set(path, json.dumps(node).encode())


def execute(node, command):
    """The executor's part: kubectl with what nodepool wrote into the node."""
    place = node["connection_port"]
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "node", "cluster": cluster(place)}],
        "users": [{"name": "node", "user": {"token": place["token"]}}],
        "contexts": [
            {"name": "node", "context": {"cluster": "node", "user": "node", "namespace": place["namespace"]}}
        ],
        "current-context": "node",
    }
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(config, file)
        file.flush()
        words = ["kubectl", "exec", "-i", place["pod"], "--", "/bin/sh", "-c", command]
        env = {**os.environ, "KUBECONFIG": file.name}
        done = subprocess.run(words, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    return {"command": command, "code": done.returncode, "output": (done.stdout + done.stderr).strip()}


def cluster(place):
    if place["skiptls"]:
        return {"server": place["host"], "insecure-skip-tls-verify": True}
    # Checked here, so that a wrong encoding has an error of its own.
    base64.b64decode(place["ca_crt"], validate=True)
    return {"server": place["host"], "certificate-authority-data": place["ca_crt"]}


def main():
    label, *commands = sys.argv[1:]
    client = connect()
    made, path = request(client, label)
    with Lock(client, f"{path}/lock"):
        node = read(client, path)
        change(client, path, "in-use")
        client.delete(made)
        ran = [execute(node, command) for command in commands]
        change(client, path, "used")
    until("the end of the node", lambda: client.exists(path) is None or read(client, path).get("state") is None)
    shown = {key: node[key] for key in ("type", "provider", "pool", "connection_type", "external_id", "cloud")}
    place = {key: node["connection_port"][key] for key in ("pod", "namespace", "host", "skiptls")}
    print(json.dumps({**shown, **place, "ran": ran}))


main()
