"""What the stand-in keeps in place of Dgraph's database: nodes with predicates, and of its query language what pydgraph's callers here ask.

    { all(func: eq(PREDICATE, "VALUE")) { uid ... } }
    { f(func: has(PREDICATE)) @filter(eq(PREDICATE, VALUE) AND ...) { PREDICATE ... } }      or count(uid)
"""

import copy
import json
import os
import re
import threading

EQUALS = r"""eq\(\s*([\w.]+)\s*,\s*("[^"]*"|-?[\d.]+|true|false)\s*\)"""
QUERY = re.compile(
    r"""\{\s*(?P<block>\w+)\s*\(\s*func:\s*(?:has\(\s*(?P<has>[\w.]+)\s*\)|(?P<eq>eq\([^()]*\)))\s*\)
    \s*(?:@filter\((?P<filter>[^{}]*)\)\s*)?\{(?P<fields>[^{}]*)\}\s*\}""",
    re.VERBOSE,
)


class NotPlayed(Exception):
    """A question or a mutation that the stand-in does not know."""


def conditions(text: str) -> list:
    """Predicates with their values, of which a node has all."""
    parts = [re.fullmatch(EQUALS, part.strip()) for part in re.split(r"\sAND\s", text)]
    if None in parts:
        raise NotPlayed(f"this stand-in does not know the filter {text}")
    return [(part[1], json.loads(part[2])) for part in parts]


class Graph:
    """Nodes by their uid, in a file that is replaced as a whole."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lock = threading.Lock()
        os.makedirs(os.path.dirname(file), exist_ok=True)
        self.nodes = json.load(open(file)) if os.path.exists(file) else {}

    def set(self, change: dict) -> dict:
        """Merges an object, and those within it, as `set_json` does: whole or not at all. Returns the uids of those that had none."""
        with self.lock:
            nodes, uids = copy.deepcopy(self.nodes), {}
            self._merge(nodes, change, uids)
            with open(f"{self.file}.new", "w") as file:
                json.dump(nodes, file)
            os.replace(f"{self.file}.new", self.file)
            self.nodes = nodes
            return uids

    def _merge(self, nodes: dict, change: dict, uids: dict) -> str:
        uid = change.get("uid")
        if uid is None:
            uid = uids.setdefault(f"blank-{len(uids)}", hex(len(nodes) + 1))
            nodes[uid] = {}
        elif uid not in nodes:
            raise NotPlayed(f"this stand-in knows no node {uid}")
        for predicate, value in change.items():
            if predicate == "uid" or value is None:
                continue
            if isinstance(value, list):
                raise NotPlayed("this stand-in takes no lists")
            if isinstance(value, dict):
                # An edge, with its facets; a predicate has any number of them.
                target = self._merge(nodes, value, uids)
                edges = nodes[uid].setdefault(predicate, [])
                if target not in edges:
                    edges.append(target)
            else:
                nodes[uid][predicate] = value
        return uid

    def query(self, text: str) -> dict:
        """Answers a question of one block. Raises NotPlayed for any other."""
        found = QUERY.fullmatch(text.strip())
        if found is None:
            raise NotPlayed(f"this stand-in does not know the question {text}")
        wanted = [condition for part in (found["eq"], found["filter"]) if part is not None for condition in conditions(part)]
        with self.lock:
            nodes = [
                {"uid": uid, **node}
                for uid, node in self.nodes.items()
                if (found["has"] is None or found["has"] in node)
                and all(node.get(predicate) == value for predicate, value in wanted)
            ]
        fields = found["fields"].split()
        if fields == ["count(uid)"]:
            return {found["block"]: [{"count": len(nodes)}]}
        return {found["block"]: [{key: node[key] for key in fields if key in node} for node in nodes]}
