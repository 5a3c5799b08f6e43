/** DIALS alone, as one of the committed stacks has it, aimed at the lab. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { isMap, isScalar, parseDocument } from "yaml";
import { aim } from "../../../config/aim.ts";
import { samplePassphrase } from "../../../config/samples.ts";
import { projectDir, stackPath } from "../../../config/stackFile.ts";
import { makePremises } from "../../../lab/premises.ts";
import { eventually, lab } from "../cloud.ts";
import { pulumi, type Target } from "../engine.ts";
import { api } from "../kube.ts";

/** Writes the stack's file with clusters and DIALS only, and makes the project that the settings take for granted. */
export async function dialsStack(name: string): Promise<Target> {
  mkdirSync(path.join(lab.dir, "state"), { recursive: true });
  const file = path.join(lab.dir, `Pulumi.${name}-dials.yaml`);
  const source = `${file}.source`;
  const document = parseDocument(readFileSync(stackPath(name), "utf8"));
  const config = document.get("config", true);
  if (!isMap(config)) throw new Error(`Pulumi.${name}.yaml has no config`);
  config.items = config.items.filter(({ key }) => isScalar(key) && /^(clusters|dials):/.test(String(key.value)));
  writeFileSync(source, document.toString({ lineWidth: 0 }));
  await makePremises(aim(source, file, lab, samplePassphrase(name)), lab, () => undefined);
  rmSync(source);
  const target = { stack: `${name}-dials`, file, env: { PULUMI_CONFIG_PASSPHRASE: samplePassphrase(name) } };
  const made = await pulumi(["stack", "init"], target);
  // The CLI leaves a file for the new stack in the project; this stack's is in the lab's folder.
  rmSync(path.join(projectDir, `Pulumi.${target.stack}.yaml`), { force: true });
  if (made.code !== 0) throw new Error(made.text);
  return target;
}

/** Forgets the stack, whatever is left of it. */
export async function forget(target: Target, namespace: string): Promise<void> {
  await pulumi(["state", "unprotect", "--all", "--yes"], target);
  await pulumi(["destroy", "--yes", "--skip-preview"], target);
  await pulumi(["stack", "rm", "--yes", "--force"], target);
  const project = `/api/v1/namespaces/${namespace}`;
  // Retained claims go with the project, and their volumes with them.
  if ((await api.find(project)) !== undefined) await api.delete(project);
  await eventually(
    "the end of the project",
    () => api.find(project),
    (found) => found === undefined,
    60,
  );
}
