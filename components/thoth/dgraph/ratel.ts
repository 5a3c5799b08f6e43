import type { BlockOptions } from "../../../blocks/block.ts";
import { Deployment } from "../../../blocks/kubernetes/deployment.ts";
import { http, soon } from "../../../blocks/kubernetes/probe.ts";
import { Service } from "../../../blocks/kubernetes/service.ts";
import type { DgraphContext } from "./context.ts";
import { hasSuperflags } from "./flags.ts";
import { imageOf } from "./servers.ts";

/** Dgraph's web interface; it has no login, so it is reached by port-forward only. */
export function ratel(name: string, { namespace, settings }: DgraphContext, opts: BlockOptions): void {
  const labels = { app: "dgraph", component: "ratel" };
  const deployment = new Deployment(
    `${name}-app`,
    {
      ...{ namespace, name: "ratel", labels, runAs: { user: 10001, group: 10001 } },
      containers: [
        {
          name: "ratel",
          // Since version 21 it has its own image.
          image: hasSuperflags(settings) ? "docker.io/dgraph/ratel:v21.03.2" : imageOf(settings),
          command: ["dgraph-ratel"],
          ports: { "ratel-http": 8000 },
          resources: { cpu: ["10m", "100m"], memory: ["32Mi", "64Mi"] },
          probes: { readiness: http("/", 8000, soon), liveness: http("/", 8000, { delay: 30, period: 30 }) },
        },
      ],
    },
    opts,
  );
  new Service(
    `${name}-service`,
    { namespace, name: "ratel-public", labels, of: deployment, ports: { "ratel-http": { port: 8000 } } },
    opts,
  );
}
