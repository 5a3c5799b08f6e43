/** One generated security group: rules as owners wrote them, and which of Callysto's rules are recognised among them. */
import type { openstackApi } from "../../../lab/harness/cloud.ts";
import { ping, tcp } from "../../../blocks/openstack/securityGroup.ts";
import { candidates } from "../../../ops/lib/adopt/matching.ts";
import type { Result } from "./generatedCase.ts";
import type { Draw } from "./mutations/tree.ts";

type Api = ReturnType<typeof openstackApi>;
type Rule = Readonly<Record<string, unknown>>;

/** What Callysto's environments declare. */
const declared = Object.values({ ...tcp("ssh", 22), ...tcp("http", 80), ...tcp("https", 443), ...ping });
/** Rules of a case. */
const most = 5;

const pick = <T>(items: readonly [T, ...T[]], draw: Draw): T => items[Math.floor(draw() * items.length)] ?? items[0];

/** A rule as somebody wrote it: the same in other words, nearly the same, or another one. */
function theirs({ ethertype, protocol, port }: (typeof declared)[number], draw: Draw): Rule {
  const world = ethertype === "IPv4" ? "0.0.0.0/0" : "::/0";
  const part = ethertype === "IPv4" ? "192.0.2.0/24" : "2001:db8::/64";
  const words: Readonly<Record<string, readonly [string, ...string[]]>> = {
    tcp: ["tcp", "tcp", "6", "udp"],
    icmp: ["icmp", "icmp", "1"],
    "ipv6-icmp": ["ipv6-icmp", "icmp", "icmpv6", "58"],
  };
  const ports = port === undefined ? {} : { port_range_min: port, port_range_max: draw() < 0.8 ? port : port + 1 };
  return {
    ...{ direction: draw() < 0.9 ? "ingress" : "egress", ethertype },
    protocol: pick(words[protocol] ?? [protocol], draw),
    remote_ip_prefix: pick([null, null, world, part], draw),
    ...ports,
  };
}

/** Makes a group, asks what would be adopted, and has the cloud judge; the group is gone afterwards. */
export async function runRules(api: Api, draw: Draw, name: string): Promise<Result> {
  const { id } = await api.post("network", "/security-groups", { security_group: { name } });
  try {
    const some = declared.filter(() => draw() < most / declared.length);
    for (const one of some) await create(api, { ...theirs(one, draw), security_group_id: id });
    const group = await api.get("network", `/security-groups/${id}`);
    const bad: string[] = [];
    let adopted = 0;
    for (const { ethertype, protocol, port } of some) {
      const ports = port === undefined ? {} : { portRangeMin: port, portRangeMax: port };
      const inputs = { securityGroupId: id, direction: "ingress", ethertype, protocol, ...ports };
      const resource = { type: "openstack:networking/secGroupRule:SecGroupRule", name, urn: name, inputs };
      const nothing = { servers: [], flavors: [], keypairs: [], volumes: [], networks: [], ports: [] };
      const found = candidates(resource, { ...nothing, floatingIps: [], zones: [], records: [], groups: [group] });
      adopted += found.length;
      const range = port === undefined ? {} : { port_range_min: port, port_range_max: port };
      const isThere = !(await create(api, {
        security_group_id: id,
        direction: "ingress",
        ethertype,
        protocol,
        ...range,
      }));
      if (found.length > 1) bad.push(`${ethertype} ${protocol} ${port ?? ""}: is ${found.length} rules`);
      if (isThere !== found.length > 0)
        bad.push(
          `${ethertype} ${protocol} ${port ?? ""}: ${isThere ? "not recognised" : "taken for another one"} among ${JSON.stringify(group.security_group_rules)}`,
        );
    }
    return { objects: some.length, fields: adopted, refused: [], bad };
  } finally {
    await api.delete("network", `/security-groups/${id}`);
  }
}

/** Creates a rule. @returns whether the cloud did; not if it has one that says the same */
async function create(api: Api, rule: Rule): Promise<boolean> {
  try {
    await api.post("network", "/security-group-rules", { security_group_rule: rule });
    return true;
  } catch (error) {
    if ((error as { readonly status?: number }).status === 409) return false;
    throw error;
  }
}
