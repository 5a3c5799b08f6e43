import type { GuestRole } from "./description.ts";

/** Inbound traffic of a guest besides ping and replies. */
export interface Firewall {
  /** TCP ports open to everyone. */
  readonly open: readonly number[];
  /** TCP ports open on one interface only, by its name. */
  readonly inside?: Readonly<Record<string, readonly number[]>>;
  /** A TCP port that some ranges of addresses may call. @default none */
  readonly from?: { readonly port: number; readonly ranges: readonly string[] };
}

const path = "/etc/nftables.conf";

/** nftables with one table of its own, so that Docker's own rules stay. */
export function firewall(rules: Firewall): GuestRole {
  return {
    packages: ["nftables"],
    files: [{ path, text: ruleset(rules), mode: "0755" }],
    steps: [`nft -c -f ${path} || fail "nft refuses ${path}"`],
    units: [{ name: "nftables", how: "reload", files: [path] }],
  };
}

/** The ruleset; loading it replaces the table in one transaction. */
export function ruleset({ open, inside, from }: Firewall): string {
  const set = (list: readonly (number | string)[]): string => `{ ${list.join(", ")} }`;
  const own = Object.entries(inside ?? {}).map(
    ([name, list]) => `    iifname "${name}" tcp dport ${set(list)} accept\n`,
  );
  const { port = 0, ranges = [] } = from ?? {};
  const [six, four] = [true, false].map((wanted) => ranges.filter((range) => range.includes(":") === wanted));
  const some = Object.entries({ ip: four ?? [], ip6: six ?? [] })
    .filter(([, list]) => list.length > 0)
    .map(([family, list]) => `    ${family} saddr ${set(list)} tcp dport ${port} accept\n`);
  return `#!/usr/sbin/nft -f
table inet orrery
delete table inet orrery
table inet orrery {
  chain input {
    type filter hook input priority filter; policy drop;
    iifname "lo" accept
    ct state established,related accept
    ct state invalid drop
    meta l4proto { icmp, ipv6-icmp } accept
    udp sport 67 udp dport 68 accept
    udp sport 547 udp dport 546 accept
    tcp dport ${set(open)} accept
${[...own, ...some].join("")}  }
  # The metadata service would give a user's container the user data of the server.
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname "docker*" ip daddr 169.254.0.0/16 drop
  }
}
`;
}
