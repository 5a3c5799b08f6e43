/** Replaces pods. */
import type { Kubectl } from "../kube/kubectl.ts";

/** Replaces the pods of a Deployment and waits until the new ones are ready. @throws if they are not in time */
export async function rollOut(kubectl: Kubectl, name: string, seconds: number): Promise<void> {
  await kubectl.output(["rollout", "restart", `deployment/${name}`]);
  await kubectl.output(["rollout", "status", `deployment/${name}`, `--timeout=${seconds}s`]);
}
