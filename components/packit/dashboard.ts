import * as pulumi from "@pulumi/pulumi";
import { anywhere, dns, NetworkPolicy, router } from "../../blocks/kubernetes/networkPolicy.ts";
import { tcp } from "../../blocks/kubernetes/probe.ts";
import { Service } from "../../blocks/kubernetes/service.ts";
import { sideLabels } from "./context.ts";
import { onePod } from "./component.ts";
import { exposeTls, type PartArgs } from "./web.ts";

const port = 8443;

/** The dashboard: pages that ask the API, in the browser; images of 2021 ask it themselves. */
export class Dashboard extends pulumi.ComponentResource {
  readonly url: string;

  constructor(name: string, { context, secrets }: PartArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:Dashboard", name, {}, opts);
    const { namespace, settings } = context;
    const part = "packit-dashboard";
    const labels = sideLabels(part);
    const dashboard = onePod(
      name,
      context,
      {
        name: part,
        labels,
        image: "dashboard",
        env: { DEPLOYMENT: settings.deployment },
        ports: { https: port },
        mounts: { "/secrets": secrets.certificate() },
        resources: { cpu: "100m", memory: ["128Mi", "256Mi"] },
        exceptions: { "writable-root": "the image writes its server's configuration at start" },
        probes: { readiness: tcp(port), liveness: tcp(port, { delay: 30 }) },
      },
      this,
    );
    const service = new Service(
      name,
      { namespace, name: part, labels, of: dashboard, ports: { "packit-dashboard-https": { port: 443, target: port } } },
      { parent: this },
    );
    this.url = exposeTls(name, context, service, "packit-dashboard-https", settings.hosts.dashboard, this);
    new NetworkPolicy(
      name,
      { namespace, name: part, pods: labels, from: [router(namespace.cluster, port)], to: [dns(), anywhere(443)] },
      { parent: this },
    );
    this.registerOutputs({ url: this.url });
  }
}
