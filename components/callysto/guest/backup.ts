import type { GuestPart } from "../../openstack/guest/description.ts";
import type { HubGuestSettings } from "./settings.ts";

/** Private key of the weekly copy. */
export const backupKey = "/root/.ssh/rrsync";

/** Weekly copy of the homes by rsync; the other side confines the key to one folder. */
export function backup({
  remoteUser,
  remoteHost,
  sourceDirectory,
}: NonNullable<HubGuestSettings["backup"]>): GuestPart {
  const ssh = `ssh -i ${backupKey} -o BatchMode=yes -o StrictHostKeyChecking=accept-new`;
  return {
    packages: ["rsync", "cron"],
    files: [
      {
        // No ending in the name: Debian's run-parts passes over names with a dot.
        path: "/etc/cron.weekly/rrsync-backup",
        mode: "0750",
        text: `#!/bin/sh
exec rsync -a --delete --numeric-ids -e "${ssh}" ${sourceDirectory} ${remoteUser}@${remoteHost}:/ >>/var/log/rrsync.log 2>&1
`,
      },
      {
        path: "/etc/logrotate.d/rrsync",
        text: "/var/log/rrsync.log {\n  monthly\n  rotate 12\n  compress\n  missingok\n  notifempty\n}\n",
      },
    ],
  };
}
