"""What OVN's northbound database says about the machines' ports, and the nft ruleset that follows from it."""
import collections
import ipaddress
import os
import re

UPLINK = os.environ['ORRERY_UPLINK']        # the namespace's end of the way to the host
SERVICES = os.environ['ORRERY_SERVICES']    # the address at which machines reach the lab's own services
METADATA = '169.254.169.254'                # where every cloud has it
DROP_GROUP = 'neutron_pg_drop'              # the ports whose traffic needs a security group rule

Addresses = collections.namedtuple('Addresses', 'gateways own neighbours')
NOTHING = Addresses((), (), ())


class Port:
    """A machine's port: its addresses, what it may also send from, its groups and its switch."""

    def __init__(self, row, switch, groups):
        self.switch = switch
        self.groups = groups
        self.enabled = row.enabled != [False]
        self.addresses = own_addresses(row)
        self.instance = row.external_ids.get('neutron:device_id', '')
        self.project = row.external_ids.get('neutron:project_id', '')
        self.secured = [entry.split() for entry in row.port_security]


class Network:
    def __init__(self, northbound, taps):
        """taps: their interface indices, by name."""
        table = {name: list(northbound.tables[name].rows.values()) for name in northbound.tables}
        self.groups = {group.name: group for group in table['Port_Group']}
        member_of = collections.defaultdict(list)
        for group in table['Port_Group']:
            for port in group.ports:
                member_of[port.name].append(group.name)
        self.members = {group.name: [address for port in group.ports for address in own_addresses(port)]
                        for group in table['Port_Group']}
        router_ports = {port.name: port for port in table['Logical_Router_Port']}
        router_of = {port.name: router for router in table['Logical_Router'] for port in router.ports}
        self.gateways, self.router, by_tap, self.subports = {}, {}, {}, {}
        for switch in table['Logical_Switch']:
            self.gateways[switch.name] = []
            for row in switch.ports:
                if row.type == 'router':
                    name = row.options.get('router-port')
                    if name in router_ports and name in router_of:
                        self.gateways[switch.name] += [cidr.split('/')[0] for cidr in router_ports[name].networks]
                        self.router[switch.name] = router_of[name]
                elif row.type == '':
                    by_tap[tap_of(row.name)] = Port(row, switch.name, sorted(member_of[row.name]))
                    for parent, tag in zip(map(tap_of, row.parent_name), row.tag):
                        if parent in taps:
                            self.subports[tap_of(row.name)] = (parent, taps[parent], tag)
        self.ports = {tap: by_tap[tap] for tap in sorted(taps) if tap in by_tap and by_tap[tap].enabled}
        self.fronts = sorted(fronts(table['Load_Balancer']))
        self.limits = [limit for row in table['QoS'] for limit in limits(row, self.ports)]
        self.floating = sorted((nat.external_ip, nat.logical_ip) for nat in table['NAT'] if nat.type == 'dnat_and_snat')

    def addresses(self, tap):
        """What a tap's device is to have; nothing while Neutron does not know it or its port is switched off."""
        port = self.ports.get(tap)
        if port is None:
            return NOTHING
        others = [other for other in self.ports.values() if other.switch == port.switch and other is not port]
        return Addresses(
            tuple(sorted(self.gateways[port.switch])), tuple(port.addresses),
            tuple(sorted(address for other in others for address in other.addresses if ':' in address)))

    def ruleset(self):
        """The whole table; replacing it is one transaction."""
        lines = ['table inet orrery', 'delete table inet orrery', 'table inet orrery {']
        for name in sorted({name for port in self.ports.values() for name in port.groups} - {DROP_GROUP}):
            lines += self._group(name)
        for tap, port in self.ports.items():
            lines += self._port(tap, port)
        lines += self._hooks()
        return '\n'.join(lines + ['}', ''])

    def _group(self, name):
        """Two chains a security group: what its members may receive, and what they may send."""
        rules = {'to-lport': [], 'from-lport': []}
        for acl in self.groups[name].acls:
            rule = translate(acl.match, self.members)
            if acl.action.startswith('allow') and rule is not None:
                rules[acl.direction].append('    %s accept' % rule)
        return ['  chain to_%s {' % name, *sorted(rules['to-lport']), '  }',
                '  chain from_%s {' % name, *sorted(rules['from-lport']), '  }']

    def _port(self, tap, port):
        groups = [name for name in port.groups if name != DROP_GROUP]
        verdict = 'drop' if DROP_GROUP in port.groups else 'accept'
        spoof = []
        if port.secured:
            # link-local IPv6 does not leave a tap anyway
            senders = {4: [], 6: []}
            for entry in port.secured:
                for address in entry[1:]:
                    senders[6 if ':' in address else 4].append(address)
            macs = ', '.join(sorted({entry[0] for entry in port.secured}))
            spoof = ['    ether saddr != { %s } drop' % macs,
                     '    ip saddr != { %s } drop' % addresses(senders[4]) if senders[4] else '    meta nfproto ipv4 drop',
                     '    ip6 saddr != { %s } drop' % addresses(senders[6]) if senders[6] else '    meta nfproto ipv6 drop']
        near = self._near(port)
        reach = ['    iifname { %s } jump allow_%s' % (', '.join(near), tap)] if near else []
        if self._outside(port.switch):
            # IPv4 from outside only to a floating IP; IPv6 is routed
            reach += ['    ct status dnat jump allow_%s' % tap,
                      '    iifname "%s" meta nfproto ipv6 jump allow_%s' % (UPLINK, tap)]
        return ['  chain allow_%s {' % tap, *['    jump to_%s' % name for name in groups], '    %s' % verdict, '  }',
                '  chain to_%s {' % tap, *reach, '    drop', '  }',
                '  chain sent_%s {' % tap, *['    jump from_%s' % name for name in groups], '    %s' % verdict, '  }',
                '  chain from_%s {' % tap, *spoof, '    goto sent_%s' % tap, '  }']

    def _near(self, port):
        """Taps from which a port is reached without leaving Neutron's network or router."""
        router = self.router.get(port.switch)
        return [tap for tap, other in self.ports.items() if other is not port and (
            other.switch == port.switch or (router is not None and self.router.get(other.switch) == router))]

    def _outside(self, switch):
        """Whether the network's router has a gateway, a port on an external network."""
        router = self.router.get(switch)
        return router is not None and bool(router.external_ids.get('neutron:gw_port_id'))

    def _hooks(self):
        def dispatch(key, prefix):
            pairs = ', '.join('"%s" : jump %s_%s' % (tap, prefix, tap) for tap in self.ports)
            return ['    %s vmap { %s }' % (key, pairs)] if pairs else []

        floating = ', '.join('%s : %s' % pair for pair in self.floating)
        return [
            '  chain floating {', '    type nat hook prerouting priority dstnat',
            *map(spread, self.fronts), *(['    dnat ip to ip daddr map { %s }' % floating] if floating else []), '  }',
            '  chain policed {', '    type filter hook forward priority filter - 20', *self.limits, '  }',
            '  chain forward {', '    type filter hook forward priority filter; policy drop',
            '    ct state established,related accept', '    ct state invalid drop',
            # Each chain of a sender ends in its verdict; only what it accepts is then asked of the receiver.
            *dispatch('oifname', 'to'), '  }',
            '  chain sent {', '    type filter hook forward priority filter - 10',
            '    ct state established,related accept', *dispatch('iifname', 'from'), '  }',
            '  chain input {', '    type filter hook input priority filter; policy drop',
            '    iifname "lo" accept', '    ct state established,related accept',
            '    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept',
            '    iifname "%s" meta l4proto { icmp, ipv6-icmp } accept' % UPLINK,
            '    iifname "tap*" meta l4proto { icmp, ipv6-icmp } accept',
            '    iifname "tap*" ip daddr %s accept' % SERVICES,
            '    iifname "tap*" ip daddr %s tcp dport 80 accept' % METADATA, '  }',
            '  chain sent_here {', '    type filter hook input priority filter - 10',
            '    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept',
            '    ct state established,related accept', *dispatch('iifname', 'from'), '  }',
        ]


Front = collections.namedtuple('Front', 'address port protocol backs')


def fronts(balancers):
    """Addresses whose ports go to machines: a floating IP's port forwarding, and Octavia's load balancers."""
    for row in balancers:
        for front, backs in row.vips.items():
            backs = [endpoint(back) for back in backs.split(',') if back]
            if ':' in front and backs:
                yield Front(*endpoint(front), (row.protocol or ['tcp'])[0], backs)


def endpoint(text):
    """Address and port of "10.0.0.5:80" or "[fd00::5]:80"."""
    address, _, port = text.rpartition(':')
    return address.strip('[]'), port


def spread(front):
    """The rule that sends each connection to the next machine in turn."""
    word = 'ip6' if ':' in front.address else 'ip'
    to = ', '.join('%d : %s . %s' % (number, *back) for number, back in enumerate(front.backs))
    return ('    %s daddr %s %s dport %s dnat %s to numgen inc mod %d map { %s }'
            % (word, front.address, front.protocol, front.port, word, len(front.backs), to))


def limits(row, ports):
    """Rules of one QoS row of OVN: packets above the rate are dropped (kbit/s and kbit in OVN), the others marked."""
    side, _, port = row.match.split(' && ')[0].partition(' == ')
    tap = tap_of(port.strip('"'))
    if tap not in ports:
        return
    here = '%s "%s"' % ('iifname' if side == 'inport' else 'oifname', tap)
    rate = row.bandwidth.get('rate')
    if rate:
        burst = row.bandwidth.get('burst') or rate * 4 // 5     # what Neutron takes by default: 80 % of the rate
        yield '    %s limit rate over %d bytes/second burst %d bytes drop' % (here, rate * 125, burst * 125)
    if 'dscp' in row.action:
        yield '    %s meta nfproto ipv4 ip dscp set %d' % (here, row.action['dscp'])
        yield '    %s meta nfproto ipv6 ip6 dscp set %d' % (here, row.action['dscp'])


def tap_of(port):
    """The name of a port's tap, by the port's id."""
    return 'tap' + port[:11]


def own_addresses(row):
    """The addresses of a switch port: its column says "MAC address ...", and "unknown" beside without port security."""
    return [address for entry in row.addresses if entry != 'unknown' for address in entry.split()[1:]]


def addresses(texts):
    """Networks as an nft set's elements: nft refuses elements that overlap."""
    networks = [ipaddress.ip_network(text, strict=False) for text in texts]
    return ', '.join(str(network) for network in ipaddress.collapse_addresses(networks))


TERMS = [   # the terms that Neutron writes, and nft's words for them
    (r'(?:in|out)port == \S+', ''),
    (r'ip', ''),
    (r'ip4', 'meta nfproto ipv4'),
    (r'ip6', 'meta nfproto ipv6'),
    (r'ip(?:4|6)\.(?:src|dst) == (?:0\.0\.0\.0/0|::/0)', ''),
    (r'ip4\.src == ([\d./]+)', r'ip saddr \1'),
    (r'ip4\.dst == ([\d./]+)', r'ip daddr \1'),
    (r'ip6\.src == ([\da-f:./]+)', r'ip6 saddr \1'),
    (r'ip6\.dst == ([\da-f:./]+)', r'ip6 daddr \1'),
    (r'(tcp|udp|sctp)', r'meta l4proto \1'),
    (r'(tcp|udp|sctp)\.dst == (\d+)', r'\1 dport \2'),
    (r'(tcp|udp|sctp)\.dst (>=|<=) (\d+)', r'\1 dport \2 \3'),
    (r'icmp4', 'meta l4proto icmp'),
    (r'icmp6', 'meta l4proto ipv6-icmp'),
    (r'icmp4\.(type|code) == (\d+)', r'icmp \1 \2'),
    (r'icmp6\.(type|code) == (\d+)', r'icmpv6 \1 \2'),
    (r'ip\.proto == (\d+)', r'meta l4proto \1'),
]


def translate(match, members):
    """An ACL's match in nft's words; None if nothing can match it or a term is unknown."""
    words = []
    for term in match.split(' && '):
        group = re.fullmatch(r'ip([46])\.(src|dst) == \$(\w+)_ip[46]', term)
        if group:
            version, side, name = group.groups()
            found = [address for address in members.get(name, ()) if (':' in address) == (version == '6')]
            if not found:
                return None
            words.append('ip%s %saddr { %s }' % ('' if version == '4' else '6', side[0], addresses(found)))
            continue
        for pattern, word in TERMS:
            if re.fullmatch(pattern, term):
                words.append(re.sub(pattern, word, term))
                break
        else:
            return None
    return ' '.join(word for word in words if word)
