"""What the stand-in keeps in place of Dgraph's database: nodes with predicates, and of its query language what pydgraph's callers here ask.

    { all(func: eq(PREDICATE, "VALUE")) { uid ... } }
    { f(func: has(PREDICATE)) @filter(eq(PREDICATE, "VALUE") AND ...) { PREDICATE ... } }      or count(uid)
"""

import json
import os
import re
import threading

QUERY = re.compile(
    r"""\{\s*(?P<block>\w+)\s*\(\s*func:\s*(?P<func>has|eq)\(\s*(?P<predicate>[\w.]+)\s*(?:,\s*"(?P<value>[^"]*)"\s*)?\)\s*\)
    \s*(?:@filter\((?P<filter>.*?)\)\s*(?=\{))?\{(?P<fields>[^{}]*)\}\s*\}\s*$""",
    re.VERBOSE | re.DOTALL,
)
EQUALS = re.compile(r"""eq\(\s*([\w.]+)\s*,\s*("[^"]*"|[^\s)]+)\s*\)""")


class NotPlayed(Exception):
    """A question or a mutation that the stand-in does not know."""


class Graph:
    """Nodes by their uid, in a file that is replaced as a whole."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lock = threading.Lock()
        os.makedirs(os.path.dirname(file), exist_ok=True)
        self.nodes = json.load(open(file)) if os.path.exists(file) else {}

    def set(self, change: dict) -> dict:
        """Merges an object, and those within it, as `set_json` does. Returns the uids of those that had none, by their blank names."""
        with self.lock:
            uids: dict = {}
            self._merge(change, uids)
            with open(f"{self.file}.new", "w") as file:
                json.dump(self.nodes, file)
            os.replace(f"{self.file}.new", self.file)
            return uids

    def _merge(self, change: dict, uids: dict) -> str:
        uid = change.get("uid")
        if uid is None:
            uid = uids.setdefault(f"blank-{len(uids)}", hex(len(self.nodes) + 1))
        node = self.nodes.setdefault(uid, {})
        for predicate, value in change.items():
            if predicate == "uid" or value is None:
                continue
            if isinstance(value, list):
                raise NotPlayed("this stand-in takes no lists")
            if isinstance(value, dict):
                # An edge, with its facets; a predicate has any number of them.
                target = self._merge(value, uids)
                node.setdefault(predicate, [])
                if target not in node[predicate]:
                    node[predicate].append(target)
            else:
                node[predicate] = value
        return uid

    def query(self, text: str) -> dict:
        """Answers a question of one block. Raises NotPlayed for any other."""
        found = QUERY.match(text.strip())
        if found is None:
            raise NotPlayed(f"this stand-in does not know the question {text}")
        wanted = [(found["predicate"], found["value"])] if found["func"] == "eq" else []
        for predicate, value in EQUALS.findall(found["filter"] or ""):
            wanted.append((predicate, json.loads(value)))
        with self.lock:
            nodes = [
                {"uid": uid, **node}
                for uid, node in self.nodes.items()
                if found["predicate"] in node and all(node.get(predicate) == value for predicate, value in wanted)
            ]
        fields = found["fields"].split()
        if fields == ["count(uid)"]:
            return {found["block"]: [{"count": len(nodes)}]}
        return {found["block"]: [{key: node[key] for key in fields if key in node} for node in nodes]}
