import type { GuestRole } from "../../../blocks/openstack/guest/description.ts";
import { quoted } from "../../../blocks/openstack/guest/script.ts";

/** What an operator expects on every server; the seed's list, less Python 2's pip. */
const basePackages = ["git", "wget", "vim-tiny", "tmux", "screen"];

/** Settings that differ between servers. */
export interface BaseSettings {
  /** Full name without the final dot. */
  readonly hostname: string;
  /** Debian packages besides the base list. */
  readonly packages: readonly string[];
  /** Debian packages that must not be there. */
  readonly absentPackages: readonly string[];
  /** Gets mail about updates. */
  readonly adminEmail: string;
  /** Install security updates automatically, every day. */
  readonly securityUpdates: boolean;
}

/** Name, packages and daily security updates. */
export function base({ hostname, packages, absentPackages, adminEmail, securityUpdates }: BaseSettings): GuestRole {
  const name = quoted(hostname);
  return {
    packages: [...new Set([...basePackages, "unattended-upgrades", ...packages])].filter(
      (name) => !absentPackages.includes(name),
    ),
    absentPackages,
    files: [
      { path: "/etc/hostname", text: `${hostname}\n` },
      {
        path: "/etc/hosts",
        text: `127.0.0.1 localhost\n127.0.1.1 ${hostname} ${hostname.split(".")[0] ?? hostname}\n::1 localhost ip6-localhost ip6-loopback\n`,
      },
      {
        path: "/etc/apt/apt.conf.d/20auto-upgrades",
        text: `APT::Periodic::Update-Package-Lists "${securityUpdates ? 1 : 0}";\nAPT::Periodic::Unattended-Upgrade "${securityUpdates ? 1 : 0}";\n`,
      },
      {
        path: "/etc/apt/apt.conf.d/52callysto",
        text: `Unattended-Upgrade::Origins-Pattern { "origin=Debian,codename=\${distro_codename}-security,label=Debian-Security"; };\nUnattended-Upgrade::Automatic-Reboot "false";\nUnattended-Upgrade::Mail "${adminEmail}";\nAPT::Periodic::RandomSleep "360";\n`,
      },
    ],
    steps: [`[ "$(hostname)" = ${name} ] || change ${quoted(`hostname ${hostname}`)} hostname ${name}`],
  };
}
