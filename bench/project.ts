/** Pulumi projects that the benchmark writes for itself. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "../lab/settings.ts";
import { initStack, type Target } from "../lab/harness/engine.ts";

/** A stack of a project of its own; the caller writes `index.ts` into {@link Target.project}. */
export async function benchProject(name: string, folder: string): Promise<Target & { readonly project: string }> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    path.join(folder, "Pulumi.yaml"),
    `name: ${name}\nmain: index.ts\nruntime: {name: nodejs, options: {typescript: false}}\n`,
  );
  const file = path.join(folder, "config.yaml");
  writeFileSync(file, "config: {}\n");
  const target = { stack: name, file, project: folder, env: { PULUMI_CONFIG_PASSPHRASE: name } };
  await initStack(target);
  return target;
}

/** Source of a program that calls a function of the benchmark's. */
export function callOf(folder: string, module: string, name: string, ...words: readonly string[]): string {
  const from = path.relative(folder, path.join(root, "bench", module));
  return `import { ${name} } from ${JSON.stringify(from)};\n${name}(${words.join(", ")});\n`;
}

/** Source of a program that declares at least so many resources on the lab's cluster (`services` of bench/services.ts). */
export function servicesProgram(folder: string, wanted: number, release = "1", home = "bench"): string {
  const kubeconfig = JSON.stringify(readFileSync(process.env.KUBECONFIG ?? "", "utf8"));
  const provider = `new Provider("lab", { kubeconfig: ${kubeconfig} })`;
  const call = callOf(
    folder,
    "services.ts",
    "services",
    String(wanted),
    provider,
    JSON.stringify(release),
    JSON.stringify(home),
  );
  return `import { Provider } from "@pulumi/kubernetes";\n${call}`;
}
