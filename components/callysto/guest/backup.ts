import type { GuestRole } from "../../../blocks/openstack/guest/description.ts";
import { quoted } from "../../../blocks/openstack/guest/script.ts";
import type { HubGuestSettings } from "./settings.ts";

/** Private key of the weekly copy. */
export const backupKey = "/root/.ssh/rrsync";

/** Weekly copy of the homes by rsync; the other side confines the key to one folder. */
export function backup({
  remoteUser,
  remoteHost,
  sourceDirectory,
}: NonNullable<HubGuestSettings["backup"]>): GuestRole {
  const ssh = `ssh -i ${backupKey} -o BatchMode=yes -o StrictHostKeyChecking=accept-new`;
  return {
    packages: ["rsync", "cron"],
    files: [
      {
        // No ending in the name: Debian's run-parts passes over names with a dot.
        path: "/etc/cron.weekly/rrsync-backup",
        mode: "0750",
        text: `#!/bin/sh
# What is said here goes to root by mail. 24: a file has gone while it was copied, as people work.
log=/var/log/rrsync.log
rsync -a --delete --numeric-ids -e ${quoted(ssh)} ${quoted(sourceDirectory)} ${quoted(`${remoteUser}@${remoteHost}:/`)} >>$log 2>&1
code=$?
[ $code != 0 ] && [ $code != 24 ] || exit 0
echo ${quoted(`the copy of ${sourceDirectory} to ${remoteHost} failed; rsync ended with`)} "$code. The end of $log:"
tail -n 20 $log
exit $code
`,
      },
      {
        path: "/etc/logrotate.d/rrsync",
        text: "/var/log/rrsync.log {\n  monthly\n  rotate 12\n  compress\n  missingok\n  notifempty\n}\n",
      },
    ],
  };
}
