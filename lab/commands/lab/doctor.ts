/** `orrery lab doctor`. */
import { defineCommand } from "../../../cli/command.ts";
import { ipv6Works } from "../../kubernetes/nodes/families.ts";
import { missingFeatures, untriedFeatures } from "../../kubernetes/nodes/requirements.ts";
import { checkToolchain } from "../../toolchain/toolchain.ts";

export const command = defineCommand({
  about:
    "Says what this machine lacks for the lab and for its nodes. Exit code 1 if something is missing. Changes nothing.",
  options: {},
  run() {
    const problems = [
      ...checkToolchain(),
      ...missingFeatures().map(
        (name) => `Containers cannot run, only simulated nodes (--fake-nodes): this machine lacks ${name}.`,
      ),
    ];
    const ok = `ok: the lab and its nodes can run here${ipv6Works() ? "" : "; pods have IPv4 only, as this machine has no IPv6"}`;
    for (const name of untriedFeatures()) console.log(`Not tried before the first start installs its program: ${name}`);
    console.log(problems.length === 0 ? ok : problems.join("\n"));
    return problems.length === 0 ? 0 : 1;
  },
});
