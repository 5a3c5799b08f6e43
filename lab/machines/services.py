"""Lets machines reach a few of the lab's services, which listen on the host's loopback only.

Listens inside the lab's network namespace, at its end of the way to the host, and passes on what comes:
port 53 to the lab's BIND, the ports of what guests call to themselves. Machines reach nothing else of the host.
"""
import asyncio
import json
import os
import socket

import metadata
import rules
from forwarding import inside, stream

PORTS = json.loads(os.environ['ORRERY_PORTS'])
ADDRESS = os.environ['ORRERY_SERVICES']
# What guests of the systems call in a real cloud: certificates by DNS (identity, DNS, the ACME server), and homes in Swift.
OFFERED = ('keystone', 'designate', 'swift', 'acme')


def listening(kind, port, address=ADDRESS):
    sock = socket.socket(socket.AF_INET, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    sock.setblocking(False)
    return sock


class Query(asyncio.DatagramProtocol):
    """One question on its way to BIND; the answer goes back to who asked."""

    def __init__(self, data, answer):
        self.data, self.answer = data, answer

    def connection_made(self, transport):
        self.transport = transport
        transport.sendto(self.data)
        asyncio.get_running_loop().call_later(5, transport.close)

    def datagram_received(self, data, _):
        self.answer(data)
        self.transport.close()


class Resolver(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, caller):
        loop = asyncio.get_running_loop()
        answer = lambda reply: self.transport.sendto(reply, caller)     # noqa: E731
        loop.create_task(loop.create_datagram_endpoint(
            lambda: Query(data, answer), remote_addr=('127.0.0.1', PORTS['dns'])))


async def main():
    with inside(os.environ['ORRERY_NETNS']):
        streams = [(listening(socket.SOCK_STREAM, 53), PORTS['dns'])]
        streams += [(listening(socket.SOCK_STREAM, PORTS[name]), PORTS[name]) for name in OFFERED]
        datagrams = listening(socket.SOCK_DGRAM, 53)
        questions = listening(socket.SOCK_STREAM, 80, rules.METADATA)
    await asyncio.get_running_loop().create_datagram_endpoint(Resolver, sock=datagrams)
    servers = [await asyncio.start_server(stream(port), sock=sock) for sock, port in streams]
    servers.append(await asyncio.start_server(metadata.serve, sock=questions))
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == '__main__':
    asyncio.run(main())
