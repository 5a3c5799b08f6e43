"""Makes the machines' network what Neutron says: run inside the lab's network namespace, for ever.

A machine has a tap device of its own and no bridge: the namespace routes between taps, answers ARP and
neighbour discovery for the gateway and for the other machines, translates floating IPs and filters by the
security groups. What is to be comes from OVN's northbound database, into which Neutron writes at once;
every change of it, or of the devices, is put in force within a fraction of a second: addresses and
routes tap by tap, all rules in one atomic nft transaction. Until then a tap has no route and no traffic.
"""
import json
import os
import select
import socket
import subprocess
import sys
import traceback

from ovs import poller
from ovs.db import idl

import metadata
import rules
import trunks

SCHEMA = '/usr/share/ovn/ovn-nb.ovsschema'
NORTHBOUND = 'unix:%s/run/ovnnb.sock' % os.environ['ORRERY_DIR']
TABLES = ('Logical_Switch', 'Logical_Switch_Port', 'Logical_Router', 'Logical_Router_Port', 'NAT',
          'Port_Group', 'ACL', 'Load_Balancer', 'QoS')
RTMGRP_LINK = 1
RETRY = 1000        # ms until something that failed is tried again


def taps():
    """Interface index of every tap in this namespace, by name."""
    return {name: index for index, name in socket.if_nameindex() if name.startswith('tap')}


def link_events():
    """A socket that is readable whenever a device of this namespace changed."""
    events = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
    events.bind((0, RTMGRP_LINK))
    return events


def drain(events):
    try:
        while events.recv(65536):
            pass
    except OSError:     # nothing more, or so many that some were lost: what is there is looked at anyway
        pass


def pipe(text, *command):
    done = subprocess.run(command, input=text, text=True, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        print('%s: %s' % (' '.join(command), done.stderr.strip()), file=sys.stderr, flush=True)
    return done.returncode == 0


def write(path, value):
    with open(path, 'w') as file:
        file.write(value)


def configure(tap, addresses, before):
    """Gives a tap its gateway addresses, routes and neighbours, and takes from it what it had `before`."""
    for family in ('ipv4', 'ipv6'):
        # answer for others at once, not after the usual random delay of up to 0.8 s
        write('/proc/sys/net/%s/neigh/%s/proxy_delay' % (family, tap), '0')
    write('/proc/sys/net/ipv4/conf/%s/proxy_arp' % tap, '1')
    write('/proc/sys/net/ipv6/conf/%s/proxy_ndp' % tap, '1')
    old, new = commands(tap, before), commands(tap, addresses)
    lines = ['link set %s up' % tap]
    lines += [line % 'del' for line in old if line not in new] + [line % 'replace' for line in new]
    return pipe('\n'.join(lines) + '\n', 'ip', '-force', '-batch', '-')


def commands(tap, addresses):
    """ip's commands for a tap, with a place for "replace" or "del"."""
    return (['addr %%s %s/%d dev %s%s' % (gateway, 128 if ':' in gateway else 32, tap, ' nodad' if ':' in gateway else '')
             for gateway in addresses.gateways]
            + ['route %%s %s dev %s' % (address, tap) for address in addresses.own]
            + ['neigh %%s proxy %s dev %s' % (address, tap) for address in addresses.neighbours])


class Agent:
    """Puts in force what is new since it last looked."""

    def __init__(self):
        self.configured, self.ruleset, self.fronts, self.callers = {}, None, set(), None
        self.trunks = trunks.Trunks()

    def bring(self, network, devices):
        """Returns whether everything is in force."""
        done = self.trunks.keep(network.subports)      # a new one's tap is seen in the next round
        for tap, index in devices.items():
            wanted, before = network.addresses(tap), self.configured.get(index, rules.NOTHING)
            if wanted != before:
                worked = configure(tap, wanted, before)
                self.configured[index] = wanted if worked else rules.NOTHING
                done = done and worked
        wanted = {front.address for front in network.fronts}
        if wanted != self.fronts:
            # Addresses of the namespace itself, so that it answers for them on every tap.
            lines = ['addr del %s dev lo' % address for address in self.fronts - wanted]
            lines += ['addr replace %s dev lo%s' % (address, ' nodad' if ':' in address else '') for address in wanted]
            worked = pipe('\n'.join(lines) + '\n', 'ip', '-force', '-batch', '-')
            self.fronts = wanted if worked else set()
            done = done and worked
        callers = {address: (port.instance, port.project)
                   for port in network.ports.values() for address in port.addresses}
        if callers != self.callers:
            write(metadata.CALLERS + '.new', json.dumps(callers))
            os.replace(metadata.CALLERS + '.new', metadata.CALLERS)
            self.callers = callers
        text = network.ruleset()
        if text != self.ruleset:
            worked = pipe(text, 'nft', '-f', '-')
            self.ruleset = text if worked else None
            done = done and worked
        return done


def main():
    helper = idl.SchemaHelper(SCHEMA)
    for table in TABLES:
        helper.register_table(table)
    northbound, events, agent = idl.Idl(NORTHBOUND, helper), link_events(), Agent()
    seen = None
    while True:
        northbound.run()
        drain(events)
        devices = taps()
        now = (northbound.change_seqno, devices)
        wait = poller.Poller()
        if northbound.has_ever_connected() and now != seen:
            try:
                done = agent.bring(rules.Network(northbound, devices), devices)
            except Exception:       # a device may have gone meanwhile; the machines need the agent more than its exit code
                traceback.print_exc()
                done = False
            seen = now if done else None
            if not done:
                wait.timer_wait(RETRY)
        northbound.wait(wait)
        wait.fd_wait(events.fileno(), select.POLLIN)
        wait.block()


if __name__ == '__main__':
    main()
