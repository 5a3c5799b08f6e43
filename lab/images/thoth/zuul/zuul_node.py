#!/usr/bin/python3
"""Stand-in of our own for Zuul's scheduler and executor: asks nodepool for a node, runs commands in it, gives it back.

Usage: zuul-node LABEL COMMAND..., where the commands are shell lines. Prints JSON.
"""

import base64
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import uuid

import yaml
from kazoo.client import KazooClient
from kazoo.exceptions import NoNodeError
from kazoo.recipe.lock import Lock

CONFIG = "/etc/nodepool/nodepool.yaml"
PATIENCE = 300
# Priority of Zuul's check pipelines.
PRIORITY = 200
# Port of Zuul's console in a node.
CONSOLE = 19885
SERVER = """import os, socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    print("listening", flush=True)
    connection, _ = server.accept()
    connection.sendall(f"user {os.getuid()} of {os.uname().nodename}\\n".encode())
"""


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


def gone(client, path):
    """Whether nodepool has deleted the node, or what the locks have left of it."""
    with contextlib.suppress(NoNodeError):
        return not client.get(path)[0]
    return True


def change(client, path, state):
    node = read(client, path)
    node.update(state=state, state_time=time.time())
    client.set(path, json.dumps(node).encode())


@contextlib.contextmanager
def access(node):
    """A kubeconfig of what nodepool wrote into the node, as Zuul's executor makes it."""
    place = node["connection_port"]
    # Checked here, so that a wrong encoding has an error of its own.
    base64.b64decode(place["ca_crt"], validate=True)
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "node", "cluster": {"server": place["host"], "certificate-authority-data": place["ca_crt"]}}
        ],
        "users": [{"name": "node", "user": {"token": place["token"]}}],
        "contexts": [
            {"name": "node", "context": {"cluster": "node", "user": "node", "namespace": place["namespace"]}}
        ],
        "current-context": "node",
    }
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(config, file)
        file.flush()
        yield {**os.environ, "KUBECONFIG": file.name}


def execute(pod, env, command):
    """A task of a job."""
    words = ["kubectl", "exec", "-i", pod, "--", "/bin/sh", "-c", command]
    done = subprocess.run(words, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    return {"command": command, "code": done.returncode, "output": (done.stdout + done.stderr).strip()}


def forwarded(pod, env):
    """The log of a task streams from the node's port through kubectl: here a server that says its user."""
    server = ["python3", "-c", SERVER, str(CONSOLE)]
    words = [["kubectl", "exec", pod, "--", *server], ["kubectl", "port-forward", pod, f"{CONSOLE}:{CONSOLE}"]]
    with contextlib.ExitStack() as stack:
        for one in words:
            process = stack.enter_context(subprocess.Popen(one, env=env, stdout=subprocess.PIPE, text=True))
            stack.callback(process.kill)
            process.stdout.readline()
        with socket.create_connection(("127.0.0.1", CONSOLE), timeout=30) as connection:
            return connection.makefile().readline().strip()


def main():
    print("stand-in for Zuul: our own scheduler and executor of one node", file=sys.stderr)
    label, *commands = sys.argv[1:]
    client = connect()
    made, path = request(client, label)
    with Lock(client, f"{path}/lock"):
        node = read(client, path)
        change(client, path, "in-use")
        client.delete(made)
        pod = node["connection_port"]["pod"]
        with access(node) as env:
            ran = [execute(pod, env, command) for command in commands]
            seen = forwarded(pod, env)
        change(client, path, "used")
    until("the end of the node", lambda: gone(client, path))
    shown = {key: node[key] for key in ("type", "provider", "pool", "connection_type", "external_id", "cloud")}
    place = {key: node["connection_port"][key] for key in ("pod", "namespace", "host", "skiptls")}
    print(json.dumps({**shown, **place, "forwarded": seen, "ran": ran}))


main()
