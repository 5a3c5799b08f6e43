/** What OVN's database says about machines' ports, translated for nft; live tests show that it is enforced. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { describe, it } from "mocha";
import { root } from "../../../lab/settings.ts";

/** Runs Python that has the lab's `rules` and `json`. @param input - for its json.load(sys.stdin) @returns what it prints as JSON */
function python(program: string, input: unknown): unknown {
  const env = {
    PYTHONPATH: path.join(root, "lab/machines"),
    PYTHONDONTWRITEBYTECODE: "1",
    ORRERY_UPLINK: "uplink",
    ORRERY_SERVICES: "198.18.1.1",
  };
  const output = execFileSync("/usr/bin/python3", ["-c", `import json, sys, rules\n${program}`], {
    input: JSON.stringify(input),
    env,
    encoding: "utf8",
  });
  return JSON.parse(output);
}

/** null: the rule lets nothing through. */
const translate = `
members = {"pg_web": ["10.1.0.7", "fd00:1::7"], "pg_none": []}
print(json.dumps([rules.translate(match, members) for match in json.load(sys.stdin)]))
`;

/** The subports of one switch's ports, as OVN has them, and which taps have rules. */
const trunks = `
from types import SimpleNamespace as Row
given = json.load(sys.stdin)
ports = [Row(name=name, type="", enabled=[], addresses=["fa:16:3e:00:00:01 10.1.0.7"], port_security=[], options={},
             external_ids={}, parent_name=parent, tag=tag) for name, parent, tag in given["ports"]]
tables = {name: Row(rows={}) for name in ("Port_Group", "Logical_Router", "Logical_Router_Port", "Load_Balancer", "QoS", "NAT")}
tables["Logical_Switch"] = Row(rows={1: Row(name="switch", ports=ports)})
network = rules.Network(Row(tables=tables), given["taps"])
print(json.dumps([network.subports, sorted(network.ports)]))
`;

const cases: readonly [match: string, nft: string | null][] = [
  ["outport == @pg_a && ip4", "meta nfproto ipv4"],
  ["inport == @pg_a && ip6", "meta nfproto ipv6"],
  [
    "outport == @pg_a && ip4 && ip4.src == 0.0.0.0/0 && tcp && tcp.dst == 22",
    "meta nfproto ipv4 meta l4proto tcp tcp dport 22",
  ],
  [
    "outport == @pg_a && ip6 && ip6.src == fd00:1::/64 && udp && udp.dst >= 1 && udp.dst <= 65535",
    "meta nfproto ipv6 ip6 saddr fd00:1::/64 meta l4proto udp udp dport >= 1 udp dport <= 65535",
  ],
  ["outport == @pg_a && ip4 && icmp4", "meta nfproto ipv4 meta l4proto icmp"],
  [
    "outport == @pg_a && ip6 && icmp6 && icmp6.type == 128 && icmp6.code == 0",
    "meta nfproto ipv6 meta l4proto ipv6-icmp icmpv6 type 128 icmpv6 code 0",
  ],
  ["outport == @pg_a && ip4 && ip4.src == $pg_web_ip4", "meta nfproto ipv4 ip saddr { 10.1.0.7/32 }"],
  ["inport == @pg_a && ip6 && ip6.dst == $pg_web_ip6", "meta nfproto ipv6 ip6 daddr { fd00:1::7/128 }"],
  ["outport == @pg_a && ip4 && ip4.src == $pg_none_ip4 && tcp", null],
  ["inport == @pg_a && ip4 && ip.proto == 47", "meta nfproto ipv4 meta l4proto 47"],
  ["outport == @pg_a && ip4 && something.new == 1", null],
];

describe("the network of the lab's machines", () => {
  it("security group rules are translated part by part; an unknown rule or one that matches nobody opens nothing", () => {
    assert.deepEqual(
      python(
        translate,
        cases.map(([match]) => match),
      ),
      cases.map(([, nft]) => nft),
    );
  });

  it("a trunk's subport has a tap while its parent has one, and rules once it is there", () => {
    const [parent, child] = ["11111111-1111-1111", "22222222-2222-2222"];
    const ports = [
      [parent, [], []],
      [child, [parent], [7]],
    ];
    const seen = (taps: Readonly<Record<string, number>>): unknown => python(trunks, { ports, taps });
    const wanted = { "tap22222222-22": ["tap11111111-11", 3, 7] };
    assert.deepEqual(seen({}), [{}, []]);
    assert.deepEqual(seen({ "tap11111111-11": 3 }), [wanted, ["tap11111111-11"]]);
    assert.deepEqual(seen({ "tap11111111-11": 3, "tap22222222-22": 4 }), [
      wanted,
      ["tap11111111-11", "tap22222222-22"],
    ]);
  });
});
