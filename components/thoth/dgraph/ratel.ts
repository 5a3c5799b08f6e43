import type * as pulumi from "@pulumi/pulumi";
import { Deployment } from "../../../blocks/kubernetes/deployment.ts";
import type { NamespaceRef } from "../../../blocks/kubernetes/metadata.ts";
import { http } from "../../../blocks/kubernetes/probe.ts";
import { Service } from "../../../blocks/kubernetes/service.ts";
import type { DgraphSettings } from "./settings.ts";
import { hasSuperflags } from "./flags.ts";
import { imageOf } from "./servers.ts";

/** Dgraph's web interface; it asks nobody for a password, so it is reached by port-forward only. */
export function ratel(
  name: string,
  { namespace, settings }: { readonly namespace: NamespaceRef; readonly settings: DgraphSettings },
  parent: pulumi.Resource,
): void {
  const labels = { app: "dgraph", component: "ratel" };
  const deployment = new Deployment(
    `${name}-app`,
    {
      ...{ namespace, name: "ratel", labels, runAs: { user: 10001, group: 10001 } },
      containers: [
        {
          name: "ratel",
          // From version 21 on it has an image of its own.
          image: hasSuperflags(settings) ? "docker.io/dgraph/ratel:v21.03.2" : imageOf(settings),
          command: ["dgraph-ratel"],
          ports: { "ratel-http": 8000 },
          resources: { cpu: ["10m", "100m"], memory: ["32Mi", "64Mi"] },
          probes: { readiness: http("/", 8000), liveness: http("/", 8000, { delay: 30, period: 30 }) },
        },
      ],
    },
    { parent },
  );
  new Service(
    `${name}-service`,
    { namespace, name: "ratel-public", labels, of: deployment, ports: { "ratel-http": { port: 8000 } } },
    { parent },
  );
}
