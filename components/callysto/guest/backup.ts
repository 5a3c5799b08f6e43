import type { GuestRole } from "../../../blocks/openstack/guest/description.ts";
import { quoted } from "../../../blocks/openstack/guest/script.ts";
import { pool } from "./homes.ts";
import { knownHosts, sshOptions } from "./knownHosts.ts";
import { noteBackup } from "./metricFiles.ts";
import type { HubGuestSettings } from "./settings.ts";

/** Private key of the weekly copy. */
export const backupKey = "/root/.ssh/rrsync";

const knownHostsFile = "/root/.ssh/rrsync_known_hosts";

/** Files that one copy may delete on the other side; what is more waits for the next copy. */
const mostDeleted = 10_000;

type BackupSettings = NonNullable<HubGuestSettings["backup"]>;

/** Weekly copy of the homes by rsync; the other side confines the key to one folder. */
export function backup(settings: BackupSettings): GuestRole {
  return {
    packages: ["rsync", "cron"],
    files: [
      { path: knownHostsFile, mode: "0600", text: knownHosts({ [settings.remoteHost]: settings.hostKey }) },
      // No ending in the name: Debian's run-parts passes over names with a dot.
      { path: "/etc/cron.weekly/rrsync-backup", mode: "0750", text: script(settings) },
      {
        path: "/etc/logrotate.d/rrsync",
        text: "/var/log/rrsync.log {\n  monthly\n  rotate 12\n  compress\n  missingok\n  notifempty\n}\n",
      },
    ],
  };
}

function script({ remoteUser, remoteHost, sourceDirectory }: BackupSettings): string {
  const ssh = ["ssh", "-i", backupKey, ...sshOptions(knownHostsFile)].join(" ");
  const copy = quoted(`the copy of ${sourceDirectory} to ${remoteHost}`);
  return `#!/bin/sh
# What is said here goes to root by mail. 24: a file has gone while it was copied, as people work; 25: more is to be deleted.
log=/var/log/rrsync.log
exec 9>>$log
flock -n 9 || { echo ${copy} "was not made: the one of last week still runs"; exit 1; }
# The folder of a home that is not mounted is empty: its copy would be deleted.
homes=$(zfs list -H -o mountpoint -r ${pool}/home) || { echo ${copy} "was not made: zfs does not list the homes"; exit 1; }
for home in $homes; do
  mountpoint -q "$home" || { echo ${copy} "was not made: $home is not mounted; see: zfs mount -a"; exit 1; }
done
rsync -a --timeout=3600 --delete --max-delete=${mostDeleted} --numeric-ids -e ${quoted(ssh)} ${quoted(sourceDirectory)} ${quoted(`${remoteUser}@${remoteHost}:/`)} >>$log 2>&1
code=$?
if [ $code = 0 ] || [ $code = 24 ]; then
${noteBackup("rrsync-backup")}
exit 0
fi
echo ${copy} "failed; rsync ended with $code. The end of $log:"
tail -n 20 $log
exit $code
`;
}
