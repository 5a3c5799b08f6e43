/** Host keys that a guest's own SSH connections are checked against. */

/** The text of a known_hosts file; `keys` holds public keys by host. */
export function knownHosts(keys: Readonly<Record<string, string>>): string {
  const lines = Object.entries(keys).map(([host, key]) => `${host} ${key.trim().split(" ").slice(0, 2).join(" ")}\n`);
  return `# The hosts that are believed; all others are refused.\n${lines.join("")}`;
}

/** Options of ssh by which only the hosts of this file are believed. */
export function sshOptions(knownHostsFile: string): string[] {
  const options = [
    "BatchMode=yes",
    "ConnectTimeout=30",
    "ServerAliveInterval=30",
    "StrictHostKeyChecking=yes",
    `UserKnownHostsFile=${knownHostsFile}`,
    "GlobalKnownHostsFile=/dev/null",
  ];
  return options.flatMap((option) => ["-o", option]);
}
