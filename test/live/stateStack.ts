/** The small stack of the tests of states: a hub without a machine, and a tunnel on Kubernetes, its state in the lab's Swift by S3. */
import { s3Env } from "../../lab/openstack/objectStore.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { type OpsOutcome, SystemOnLab } from "../../lab/harness/system.ts";

const at = ["callysto:settings", "environments", "hub-ci"];
const destination = { url: "https://managesf.thoth-station.ninja" };

/** The namespace of its part on Kubernetes. */
export const namespace = "aicoe-test";

/** Opens the stack; the caller closes it. */
export async function openStateStack(): Promise<SystemOnLab> {
  const tunnels = { webhooks: { key: "ultrahook-thoth", destination } };
  const ultrahook = { cluster: "lab", namespace, protect: false, paused: true, tunnels };
  return SystemOnLab.open(
    "callysto",
    "test",
    [
      [[...at, "flavor"], "lab.none"],
      [[...at, "volumes", "size"], 1],
      [["thoth:settings"], { ultrahook }],
    ],
    { also: ["thoth"], env: await s3Env(lab) },
  );
}

/** `npm run ops -- state ...` for it. */
export const state = (stack: SystemOnLab, ...words: readonly string[]): Promise<OpsOutcome> =>
  stack.opsOf("state", words);
