/** `orrery status`. */
import { defineCommand } from "../../cli/command.ts";
import { readStackFile } from "../../config/stackFile.ts";
import type { Finding } from "../lib/kube/checks.ts";
import { reportFindings } from "../lib/kube/checks.ts";
import { jsonOption } from "../lib/options.ts";
import { stackOf, stackOptions } from "../lib/stack.ts";
import { kubectlOptions } from "../lib/kube/kubectl.ts";
import type { StatusHook, StatusValues } from "../lib/status.ts";

/** What each system says about itself; a system without an entry is not asked. */
const hooks: Readonly<Record<string, () => Promise<{ readonly status: StatusHook }>>> = {
  callysto: () => import("../lib/callysto/status.ts"),
  dials: () => import("../lib/dials/status.ts"),
  packit: () => import("../lib/packit/status.ts"),
  prow: () => import("../lib/prow/status.ts"),
  stream: async () => ({ status: (await import("../lib/packit/status.ts")).streamStatus }),
  thoth: () => import("../lib/thoth/status.ts"),
};

/** What a system reports; that it cannot be asked is a finding, too. */
async function ask(system: string, values: StatusValues): Promise<readonly Finding[]> {
  try {
    const hook = await hooks[system]?.();
    return (await hook?.status(values)) ?? [];
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return [{ check: "answer", object: system, ok: false, detail }];
  }
}

export const command = defineCommand({
  about: `Shows whether the systems of a stack run. It compares clusters and servers with what the settings ask for: everything is there,
Deployments have their pods, hubs answer. The systems' own commands show more: callysto status, dials list, packit check, prow verify,
thoth verify. Exit code 1 if anything is wrong. Changes nothing.`,
  options: {
    ...stackOptions,
    ...kubectlOptions,
    kubeconfig: {
      ...kubectlOptions.kubeconfig,
      help: "kubeconfig of the clusters (default: the stack's secrets clusters:NAME)",
    },
    system: { type: "choice", choices: Object.keys(hooks), value: "NAME", help: "only this system" },
    all: { type: "boolean", help: "print also what is as it should be" },
    ...jsonOption,
  },
  async run({ system, all, json, ...values }) {
    const { entries } = readStackFile(stackOf(values).file);
    const systems = Object.keys(hooks).filter((name) => entries.has(`${name}:settings`) && (system ?? name) === name);
    if (systems.length === 0)
      throw new Error(`Pulumi.${values.stack}.yaml has no ${system ?? "system that can be asked"}`);
    const found = await Promise.all(systems.map(async (name) => [name, await ask(name, values)] as const));
    if (json) {
      console.log(JSON.stringify(Object.fromEntries(found), undefined, 2));
      return found.some(([, findings]) => findings.some(({ ok }) => !ok)) ? 1 : 0;
    }
    const codes = found.map(([name, findings]) => {
      console.log(name);
      return reportFindings(findings, { all, json: false });
    });
    return Math.max(...codes);
  },
});
