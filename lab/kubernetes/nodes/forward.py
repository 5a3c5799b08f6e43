"""Offers ports of the host's loopback inside network namespaces: forward.py ADDRESS PORT,PORT NAMESPACE..."""
import asyncio
import contextlib
import ctypes
import socket
import sys

CLONE_NEWNET = 0x40000000


def listening(namespace, address, port):
    """A socket that lives in a namespace for good."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open('/proc/self/ns/net') as here, open('/run/netns/' + namespace) as there:
        if libc.setns(there.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), 'cannot enter the network namespace %s' % namespace)
        try:
            return socket.create_server((address, port), backlog=256)
        finally:
            libc.setns(here.fileno(), CLONE_NEWNET)


async def copy(reader, writer):
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()


def stream(port):
    """A handler that connects each caller to a port of loopback."""
    async def serve(reader, writer):
        with contextlib.suppress(OSError):
            back_reader, back_writer = await asyncio.open_connection('127.0.0.1', port)
            await asyncio.gather(copy(reader, back_writer), copy(back_reader, writer))
            back_writer.close()
        writer.close()
    return serve


async def main():
    address, ports, namespaces = sys.argv[1], [int(port) for port in sys.argv[2].split(',')], sys.argv[3:]
    sockets = [(listening(namespace, address, port), port) for namespace in namespaces for port in ports]
    servers = [await asyncio.start_server(stream(port), sock=sock) for sock, port in sockets]
    await asyncio.gather(*(server.serve_forever() for server in servers))


asyncio.run(main())
