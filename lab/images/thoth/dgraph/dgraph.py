"""Takes the place of Dgraph 1.0's servers: their flags, ports, files and TLS, and of the database what clients here ask.

Clients talk to an alpha by real TLS and real gRPC. What they write is kept by the first zero, which every alpha asks; Dgraph's own
alphas keep it, in groups that agree by Raft, with transactions. Certificates are read at the start, as Dgraph does it.
"""

import argparse
import asyncio
import json
import os
import signal
import socket
import ssl
import sys
import threading
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from graph import Graph, NotPlayed

#: Where gRPC listens in the container, behind the TLS of this program: grpcio cannot ask for a certificate that is not required.
INNER = 19080
#: Seconds in which calls that have begun may end.
GRACE = 10


def ask(address: str, request: dict) -> dict:
    """One question to a zero, a line of JSON each way."""
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(json.dumps(request).encode() + b"\n")
        return json.loads(connection.makefile().readline())


class Zero:
    """A manager; the first one has the data, below the working folder as Dgraph has it."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.graph = Graph(os.path.join(os.getcwd(), "zw", "graph.json"))
        self.members = {"zeros": {options.my: options.idx}, "alphas": {}}

    def answer(self, request: dict) -> dict:
        try:
            if "set" in request:
                return {"uids": self.graph.set(request["set"])}
            if "query" in request:
                return {"found": self.graph.query(request["query"])}
        except NotPlayed as error:
            return {"unknown": str(error)}
        if "join" in request:
            self.members[request["join"]][request["my"]] = request.get("idx", 0)
        return self.members

    async def serve(self) -> None:
        if self.options.peer:
            await patiently(lambda: ask(self.options.peer, {"join": "zeros", "my": self.options.my, "idx": self.options.idx}))

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            line = await reader.readline()
            if line:
                writer.write(json.dumps(self.answer(json.loads(line))).encode() + b"\n")
                await writer.drain()
            writer.close()

        await asyncio.start_server(talk, "0.0.0.0", 5080)
        pages({"/state": lambda: json.dumps(self.answer({})), "/debug/prometheus_metrics": lambda: "dgraph_stand_in 1\n"}, 6080)


class Alpha:
    """A data server."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.zero = options.zero.split(",")[0]
        self.my = options.my
        self.grpc_tls, self.http_tls = tls_of(options.tls_dir), tls_of(options.tls_dir)
        self.grpc_tls.set_alpn_protocols(["h2"])
        self.server = None

    async def serve(self) -> None:
        await patiently(lambda: ask(self.zero, {"join": "alphas", "my": self.my}))
        self.server = grpc_server(self.zero)
        await asyncio.start_server(lambda _, writer: writer.close(), "0.0.0.0", 7080)
        await asyncio.start_server(pipe, "0.0.0.0", 9080, ssl=self.grpc_tls)
        answers = {"/health": lambda: "OK", "/debug/prometheus_metrics": lambda: "dgraph_stand_in 1\n"}
        pages(answers, 8080, self.http_tls)

    def stop(self) -> None:
        if self.server is not None:
            self.server.stop(GRACE).wait()


def tls_of(folder: str) -> ssl.SSLContext:
    """TLS with the files of a folder; a client's certificate is looked at if it has one, which is Dgraph's VERIFYIFGIVEN."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/node.crt", f"{folder}/node.key")
    context.load_verify_locations(f"{folder}/ca.crt")
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


def grpc_server(zero: str):
    """Dgraph's service, as pydgraph calls it."""
    import grpc
    from pydgraph.proto import api_pb2 as api, api_pb2_grpc

    def asked(request: dict, context) -> dict:
        answer = ask(zero, request)
        if "unknown" in answer:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, answer["unknown"])
        return answer

    class Service(api_pb2_grpc.DgraphServicer):
        def CheckVersion(self, request, context):
            return api.Version(tag="v1.0.15, a stand-in")

        def Alter(self, request, context):
            return api.Payload(Data=b"Done")

        def Query(self, request, context):
            answer = asked({"query": request.query}, context)
            return api.Response(json=json.dumps(answer["found"]).encode(), txn=api.TxnContext(start_ts=1))

        def Mutate(self, request, context):
            if not request.set_json or request.delete_json or request.set_nquads or request.del_nquads or request.query:
                context.abort(grpc.StatusCode.UNIMPLEMENTED, "this stand-in takes set_json only")
            answer = asked({"set": json.loads(request.set_json)}, context)
            return api.Assigned(uids=answer["uids"], context=api.TxnContext(start_ts=1, commit_ts=2))

        def CommitOrAbort(self, request, context):
            return request

    server = grpc.server(futures.ThreadPoolExecutor(8))
    api_pb2_grpc.add_DgraphServicer_to_server(Service(), server)
    server.add_insecure_port(f"127.0.0.1:{INNER}")
    server.start()
    return server


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What comes by TLS goes to gRPC, and back."""
    inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", INNER)

    async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                target.write(data)
                await target.drain()
        except (ConnectionError, ssl.SSLError):
            pass
        target.close()

    await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))


def pages(answers: dict, port: int, tls: ssl.SSLContext | None = None) -> None:
    """Pages of text, in a thread of their own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = answers.get(self.path.split("?")[0])
            self.send_response(404 if answer is None else 200)
            self.end_headers()
            if answer is not None:
                self.wfile.write(answer().encode())

        def log_message(self, *_) -> None:
            pass

    server = ThreadingHTTPServer(("0.0.0.0", port), Handler)
    if tls is not None:
        # A client that does not end its handshake must hold up nobody.
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()


async def patiently(work) -> None:
    """Servers start in any order."""
    while True:
        try:
            return await asyncio.to_thread(work)
        except OSError as error:
            print(f"waiting for a zero: {error}", flush=True)
            await asyncio.sleep(1)


async def main() -> None:
    print(f"stand-in for dgraph {ARGUMENTS.role} 1.0: TLS and gRPC are real, the database is a file of nodes", flush=True)
    one = Zero(ARGUMENTS) if ARGUMENTS.role == "zero" else Alpha(ARGUMENTS)
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    serving = asyncio.create_task(one.serve())
    await asyncio.wait([serving, asyncio.create_task(over.wait())], return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        serving.result()
        await over.wait()
    if isinstance(one, Alpha):
        await asyncio.to_thread(one.stop)


def arguments() -> argparse.Namespace:
    """Unknown flags end it, as they end Dgraph."""
    parser = argparse.ArgumentParser(prog="dgraph")
    roles = parser.add_subparsers(dest="role", required=True)
    zero, alpha = roles.add_parser("zero"), roles.add_parser("alpha")
    for one in (zero, alpha):
        one.add_argument("--my", required=True)
    zero.add_argument("--idx", type=int, default=1)
    zero.add_argument("--replicas", type=int, default=1)
    zero.add_argument("--peer")
    for flag in ("--zero", "--tls_dir"):
        alpha.add_argument(flag, required=True)
    alpha.add_argument("--lru_mb", type=int, required=True)
    for flag in ("--whitelist", "--export"):
        alpha.add_argument(flag)
    return parser.parse_args()


ARGUMENTS = arguments()
asyncio.run(main())
sys.exit(0)
