"""Joins the host and the nodes: forward.py ADDRESS PORT,PORT SOCKET OWN BRIDGE NAMESPACE...

Offers ports of the host's loopback at an address in each node's network namespace. The other way round the API server,
which listens on the host, calls webhooks, kubelets and pods by HTTP's CONNECT on a unix socket; the connection is made in
the namespace of the nodes' bridge, which has a route to all of them. OWN (ADDRESS:PORT) leads to that port of the host's
loopback: an aggregated API there needs an endpoint, which cannot have a loopback address.
"""
import asyncio
import contextlib
import os
import socket
import sys

from forwarding import copy, inside, stream


def listening(namespace, address, port):
    with inside(namespace):
        return socket.create_server((address, port), backlog=256)


async def reach(namespace, target, own):
    address, port = target.rsplit(':', 1)
    if target == own:
        return await asyncio.open_connection('127.0.0.1', int(port))
    with inside(namespace):
        sock = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_STREAM)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, (address.strip('[]'), int(port)))
    return await asyncio.open_connection(sock=sock)


def connecting(namespace, own):
    """A handler that connects each caller to the address that it asks for."""
    async def serve(reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await reader.readuntil(b'\r\n\r\n')
            try:
                word, target, _ = head.decode().split(' ', 2)
                if word != 'CONNECT':
                    raise ValueError(word)
                back_reader, back_writer = await reach(namespace, target, own)
            except (OSError, ValueError) as error:
                writer.write(b'HTTP/1.1 502 %s\r\n\r\n' % str(error).encode())
                writer.write_eof()
            else:
                writer.write(b'HTTP/1.1 200 OK\r\n\r\n')
                await asyncio.gather(copy(reader, back_writer), copy(back_reader, writer))
                back_writer.close()
        writer.close()
    return serve


async def main():
    address, ports, path, own, bridge, *namespaces = sys.argv[1:]
    numbers = [int(port) for port in ports.split(',')]
    sockets = [(listening(namespace, address, port), port) for namespace in namespaces for port in numbers]
    servers = [await asyncio.start_server(stream(port), sock=sock) for sock, port in sockets]
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)     # of a daemon that was killed
    servers.append(await asyncio.start_unix_server(connecting(bridge, own), path))
    await asyncio.gather(*(server.serve_forever() for server in servers))


asyncio.run(main())
