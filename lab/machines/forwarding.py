"""Offers ports of the host's loopback inside a network namespace."""
import asyncio
import contextlib
import ctypes
import os

CLONE_NEWNET = 0x40000000


@contextlib.contextmanager
def inside(namespace):
    """Sockets made in this block live in the namespace for good; those made later do not."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open('/proc/self/ns/net') as here, open('/run/netns/' + namespace) as there:
        if libc.setns(there.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), 'cannot enter the network namespace %s' % namespace)
        try:
            yield
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
