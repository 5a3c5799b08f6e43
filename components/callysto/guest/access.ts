import type { AccountKey, GuestRole } from "../../../blocks/openstack/guest/description.ts";
import { operator } from "../sshKeys.ts";

const sshd = "/etc/ssh/sshd_config.d/04-access.conf";

/** Who may log in: the keys, the accounts that they are for and some more, and a server that takes nothing but keys. */
export function access(keys: readonly AccountKey[], more: readonly string[] = []): GuestRole {
  const present = keys.filter(({ state }) => state === "present").map(({ user }) => user);
  const others = [...new Set(present)].filter((user) => user !== operator).sort();
  return {
    accounts: others.map((name) => ({ name, home: `/home/${name}` })),
    keys,
    files: [{ path: sshd, text: sshdConfig([operator, ...others, ...more]) }],
    steps: ['sshd -t || fail "sshd refuses its configuration"'],
    units: [{ name: "ssh", how: "reload", files: [sshd] }],
  };
}

/** The first line on a subject counts, so this file is read before the distribution's. */
export function sshdConfig(users: readonly string[]): string {
  return `PermitRootLogin no
PasswordAuthentication no
KbdInteractiveAuthentication no
AllowUsers ${users.join(" ")}
`;
}
