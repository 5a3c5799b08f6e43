/** A Deployment `web` that tests of pods vary. */
import type { DeploymentArgs } from "../../../blocks/kubernetes/deployment.ts";
import { existingNamespace } from "../../../blocks/kubernetes/metadata.ts";
import { http } from "../../../blocks/kubernetes/probe.ts";
import { type Built, build } from "./fixture.ts";

export type Container = DeploymentArgs["containers"][0];

export const container: Container = {
  name: "web",
  image: "quay.io/example/web:v1",
  resources: { cpu: ["100m", "500m"], memory: "128Mi" },
  probes: { readiness: http("/ready", 8080) },
};

/** A Deployment `web` with other arguments. */
export async function deploy(
  args: Partial<Omit<DeploymentArgs, "place">> = {},
  platform = "openshift" as const,
): Promise<Built> {
  return build(platform, async (cluster, opts) => {
    const { Deployment } = await import("../../../blocks/kubernetes/deployment.ts");
    const namespace = existingNamespace(cluster, "apps");
    new Deployment("web", { namespace, name: "web", labels: { app: "web" }, containers: [container], ...args }, opts);
  });
}

/** The Deployment's pod. */
export function podOf(seen: Built): Readonly<Record<string, unknown>> {
  const { spec } = seen.object("Deployment web") as { spec: { template: { spec: Record<string, unknown> } } };
  return spec.template.spec;
}
