/** Updates Debian's packages on the servers of a stack. */
import { callystoSchema } from "../../../components/callysto/config.ts";
import { defineCommand } from "../../../cli/command.ts";
import { dryRunOption, jsonOption } from "../../lib/options.ts";
import { openStack } from "../../lib/stack.ts";
import { environmentOptions, openEnvironment, reach } from "../../lib/callysto/environment.ts";

/** What an update does, or would do, to one server. */
interface Updated {
  readonly environment: string;
  readonly packages: readonly string[];
  /** A new kernel or library waits for a restart. */
  readonly reboot: boolean;
  /** Why it was not updated, or not completely. */
  readonly failed?: string;
}

/**
 * `$1` is 1 where nothing may change. The list comes first: `Inst NAME [OLD] (NEW ...)`. By default apt does not treat an
 * archive that does not answer as an error and works with its old lists.
 */
const script = `set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
get="apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold"
if [ -z "$1" ]; then $get -o APT::Update::Error-Mode=any update >/dev/null || { echo "the package archive does not answer" >&2; exit 1; }; fi
$get -s dist-upgrade | sed -n 's/^Inst \\([^ ]*\\).*/package \\1/p'
if [ -z "$1" ]; then $get dist-upgrade >/dev/null; fi
[ ! -e /run/reboot-required ] || echo reboot
`;

export const command = defineCommand({
  about: `Updates Debian's packages on the servers of a stack. It installs all updates on every server that is configured by
this stack, one after the other. Servers with guest.packageUpdates: false are skipped. Only what Debian's packages restart is
restarted; the command says where a reboot is due. A server that fails keeps no other one from its updates; the exit code is 1 then.`,
  options: { ...environmentOptions, ...dryRunOption, ...jsonOption },
  async run(values) {
    const stack = openStack(callystoSchema, values);
    const { dryRun } = values;
    const only = values.environment;
    if (only !== undefined) openEnvironment(values);
    const all = Object.entries(stack.settings.environments).filter(([name]) => only === undefined || name === only);
    const done: Updated[] = [];
    for (const [name, settings] of all) {
      if (settings.guest?.packageUpdates !== true) {
        const why = settings.guest === undefined ? "has no guest settings" : "has packageUpdates: false";
        console.error(`${name} is skipped: it ${why}`);
        continue;
      }
      try {
        const guest = await reach({ stack, name, settings });
        const lines = (await guest.run(script, [dryRun ? "1" : ""])).split("\n");
        const packages = lines.filter((line) => line.startsWith("package ")).map((line) => line.slice(8));
        done.push({ environment: name, packages, reboot: lines.includes("reboot") });
      } catch (error) {
        // The others have their updates all the same.
        const failed = error instanceof Error ? error.message : String(error);
        done.push({ environment: name, packages: [], reboot: false, failed });
      }
    }
    const code = done.some(({ failed }) => failed !== undefined) ? 1 : 0;
    if (values.json) {
      console.log(JSON.stringify(done, undefined, 2));
      return code;
    }
    for (const { environment, packages, reboot, failed } of done) {
      if (failed !== undefined) {
        console.error(`${environment}: FAILED: ${failed}`);
        continue;
      }
      const what =
        packages.length === 0 ? "nothing to update" : `${dryRun ? "would update" : "updated"} ${packages.join(" ")}`;
      console.log(`${environment}: ${what}${reboot ? "; reboot it, e.g. openstack server reboot" : ""}`);
    }
    return code;
  },
});
