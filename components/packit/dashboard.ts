import * as pulumi from "@pulumi/pulumi";
import { anywhere, dns, NetworkPolicy, router } from "../../blocks/kubernetes/networkPolicy.ts";
import { soon, tcp } from "../../blocks/kubernetes/probe.ts";
import { Service } from "../../blocks/kubernetes/service.ts";
import { type PackitContext, supportLabels } from "./context.ts";
import { exposeTls, singletonDeployment } from "./component.ts";

const port = 8443;

/** The dashboard: pages that ask the API, in the browser; images of 2021 ask it themselves. */
export class Dashboard extends pulumi.ComponentResource {
  readonly url: string;

  constructor(name: string, context: PackitContext, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:Dashboard", name, {}, opts);
    const { namespace, settings, secrets } = context;
    const workload = "packit-dashboard";
    const labels = supportLabels(workload);
    const dashboard = singletonDeployment(
      name,
      {
        context,
        name: workload,
        labels,
        image: "dashboard",
        env: { DEPLOYMENT: settings.deployment },
        ports: { https: port },
        mounts: { "/secrets": secrets.certificate() },
        resources: { cpu: "100m", memory: ["128Mi", "256Mi"] },
        exceptions: { "writable-root": "the image writes its server's configuration at start" },
        probes: { readiness: tcp(port, soon), liveness: tcp(port, { delay: 30 }) },
      },
      { parent: this },
    );
    const service = new Service(
      name,
      {
        namespace,
        name: workload,
        labels,
        of: dashboard,
        ports: { "packit-dashboard-https": { port: 443, target: port } },
      },
      { parent: this },
    );
    const endpoint = { context, service, port: "packit-dashboard-https", host: settings.hosts.dashboard };
    this.url = exposeTls(name, endpoint, { parent: this });
    new NetworkPolicy(
      name,
      {
        namespace,
        name: workload,
        pods: labels,
        ingress: [router(namespace.cluster, port)],
        egress: [dns(), anywhere(443)],
      },
      { parent: this },
    );
    this.registerOutputs({ url: this.url });
  }
}
