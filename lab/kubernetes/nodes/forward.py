"""Offers ports of the host's loopback inside network namespaces: forward.py ADDRESS PORT,PORT NAMESPACE..."""
import asyncio
import socket
import sys

from forwarding import inside, stream


def listening(namespace, address, port):
    with inside(namespace):
        return socket.create_server((address, port), backlog=256)


async def main():
    address, ports, namespaces = sys.argv[1], [int(port) for port in sys.argv[2].split(',')], sys.argv[3:]
    sockets = [(listening(namespace, address, port), port) for namespace in namespaces for port in ports]
    servers = [await asyncio.start_server(stream(port), sock=sock) for sock, port in sockets]
    await asyncio.gather(*(server.serve_forever() for server in servers))


asyncio.run(main())
