/** A program that can be made as big as one likes, of the building blocks that all systems use. */
import type * as k8s from "@pulumi/kubernetes";
import { Deployment } from "../blocks/kubernetes/deployment.ts";
import { PublicEndpoint } from "../blocks/kubernetes/publicEndpoint.ts";
import { ConfigMap } from "../blocks/kubernetes/configMap.ts";
import { Namespace } from "../blocks/kubernetes/namespace.ts";
import { ServiceSecret } from "../blocks/kubernetes/secret.ts";
import { Service } from "../blocks/kubernetes/service.ts";

/** One service is seven resources: a Secret and its version, a ConfigMap, an account, a Deployment, a Service, a Route. */
const each = 7;

/**
 * Declares at least `wanted` resources: services with secret, files, account, pods and a public name.
 * @param release - a text in the first service's file, so that a change of it changes one resource
 * @param home - their namespace, one for each stack that is there at the same time
 */
export function services(wanted: number, provider: k8s.Provider, release = "1", home = "bench"): void {
  const opts = { provider };
  const cluster = { name: "lab", platform: "openshift", appsDomain: "apps.lab.test", provider } as const;
  const namespace = new Namespace("bench", { cluster, name: home }, opts);
  for (let index = 0; index * each < wanted; index++) {
    const name = `app-${index}`;
    const secret = new ServiceSecret(`${name}-secret`, { namespace, name, values: { token: "t" } }, opts);
    const files = new ConfigMap(
      `${name}-files`,
      { namespace, name, data: { "app.ini": `[app]\nname=${name}\nrelease=${index === 0 ? release : "1"}\n` } },
      opts,
    );
    const deployment = new Deployment(
      `${name}-app`,
      {
        namespace,
        name,
        labels: { app: name },
        containers: [
          {
            name: "app",
            image: "registry.example.org/app:1.0",
            resources: { cpu: "100m", memory: "128Mi" },
            ports: { http: 8080 },
            probes: { readiness: { tcpSocket: { port: 8080 } } },
            env: { TOKEN: secret.env("token"), FILE: files.env("app.ini") },
          },
        ],
      },
      opts,
    );
    const service = new Service(
      `${name}-service`,
      { namespace, name, of: deployment, ports: { http: { port: 8080 } } },
      opts,
    );
    new PublicEndpoint(`${name}-exposure`, { namespace, name, service, port: "http" }, opts);
  }
}
