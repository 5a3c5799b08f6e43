/** Where and with what is measured. */
import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import path from "node:path";
import { root } from "../lab/settings.ts";
import { output } from "../ops/lib/process.ts";
import { cliVersion, plugins } from "../lab/toolchain/artifacts.ts";
import { requirements } from "./contestants/ansible.ts";
import { round } from "./figures.ts";
import type { Circumstances } from "./results.ts";

/** Mean number of running processes in the last minute. */
export function load(): number {
  return round(loadavg()[0] ?? 0);
}

/** The circumstances of a run that began under this load and ends now. */
export async function circumstances(before: number, date: Date): Promise<Circumstances> {
  const [cpu] = cpus();
  return {
    date: date.toISOString().slice(0, 16),
    machine: `${cpus().length} cores (${cpu?.model.trim() ?? ""}), ${round(totalmem() / 2 ** 30)} GiB, Linux ${release().split(".", 2).join(".")}`,
    versions: {
      node: process.versions.node,
      pulumi: cliVersion,
      ...Object.fromEntries(Object.entries(plugins).map(([name, version]) => [`pulumi-${name}`, version])),
      kubectl: await kubectlVersion(),
      ...Object.fromEntries(requirements.map((one) => one.split("==") as [string, string])),
      opentofu: pinned("tofu", "github.com/opentofu/opentofu"),
      "terraform-provider-openstack": pinned("terraform-provider-openstack", providerModule),
    },
    load: { before, after: load() },
    checkpoints: process.env.PULUMI_SKIP_CHECKPOINTS !== "true",
  };
}

const providerModule = "github.com/terraform-provider-openstack/terraform-provider-openstack";

/** Version of the module that a tool is built from. */
function pinned(tool: string, module: string): string {
  const file = readFileSync(path.join(root, "lab", "tools", tool, "go.mod"), "utf8");
  return new RegExp(`^require ${module} v(.+)$`, "m").exec(file)?.[1] ?? "";
}

async function kubectlVersion(): Promise<string> {
  const text = await output("kubectl", ["version", "--client", "-o", "json"]);
  return (JSON.parse(text) as { clientVersion: { gitVersion: string } }).clientVersion.gitVersion.replace(/^v/, "");
}
