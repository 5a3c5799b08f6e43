/** Neutron's security group rules, as OVN stores them, translated for nft; live tests show that they are enforced. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { describe, it } from "mocha";
import { root } from "../../../lab/settings.ts";

const program = `
import json, sys, rules
members = {"pg_web": ["10.1.0.7", "fd00:1::7"], "pg_none": []}
print(json.dumps([rules.translate(match, members) for match in json.load(sys.stdin)]))
`;

/** null: the rule lets nothing through. */
function translate(matches: readonly string[]): (string | null)[] {
  const env = {
    PYTHONPATH: path.join(root, "lab/machines"),
    PYTHONDONTWRITEBYTECODE: "1",
    ORRERY_UPLINK: "uplink",
    ORRERY_SERVICES: "198.18.1.1",
  };
  const output = execFileSync("/usr/bin/python3", ["-c", program], {
    input: JSON.stringify(matches),
    env,
    encoding: "utf8",
  });
  return JSON.parse(output) as (string | null)[];
}

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

describe("security groups of the lab's machines", () => {
  it("security group rules are translated part by part; an unknown rule or one that matches nobody opens nothing", () => {
    assert.deepEqual(
      translate(cases.map(([match]) => match)),
      cases.map(([, nft]) => nft),
    );
  });
});
