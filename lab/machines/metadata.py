"""The metadata service's way from machines to Nova: says which machine asks, by its address, and signs that."""
import asyncio
import contextlib
import hashlib
import hmac
import json
import os

import lab
from forwarding import copy

CALLERS = lab.DIR + '/run/metadata.json'     # written by network.py: address to the ids of machine and project
NOT_FOUND = b'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
OURS = ('x-instance-id', 'x-instance-id-signature', 'x-tenant-id', 'x-forwarded-for', 'connection')     # never what the machine says


def who(address):
    """Ids of the machine with an address and of its project, or None."""
    with contextlib.suppress(OSError, ValueError), open(CALLERS) as file:
        return json.load(file).get(address)


def introduced(head, address, instance, project):
    """The request's head with the caller in Nova's own headers."""
    request, *lines = head.decode('latin-1').rstrip('\r\n').split('\r\n')
    lines = [line for line in lines if line.partition(':')[0].strip().lower() not in OURS]
    signature = hmac.new(lab.password().encode(), instance.encode(), hashlib.sha256).hexdigest()
    lines += ['X-Forwarded-For: ' + address, 'X-Instance-ID: ' + instance, 'X-Tenant-ID: ' + project,
              'X-Instance-ID-Signature: ' + signature, 'Connection: close']
    return '\r\n'.join([request, *lines, '', '']).encode('latin-1')


async def serve(reader, writer):
    """One request of a machine."""
    address = writer.get_extra_info('peername')[0]
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        head = await asyncio.wait_for(reader.readuntil(b'\r\n\r\n'), 30)
        caller = who(address)
        if caller is None:
            writer.write(NOT_FOUND)
        else:
            back_reader, back_writer = await asyncio.open_connection('127.0.0.1', lab.PORTS['metadata'])
            back_writer.write(introduced(head, address, *caller))
            sent = asyncio.ensure_future(copy(reader, back_writer))
            await copy(back_reader, writer)
            sent.cancel()
            back_writer.close()
    writer.close()
