import * as pulumi from "@pulumi/pulumi";
import { ConfigMap } from "../../blocks/kubernetes/configMap.ts";
import { dns, NetworkPolicy, router } from "../../blocks/kubernetes/networkPolicy.ts";
import { tcp } from "../../blocks/kubernetes/probe.ts";
import { Service } from "../../blocks/kubernetes/service.ts";
import { between, sideLabels } from "./context.ts";
import { nginxConf } from "./nginxConf.ts";
import { onePod } from "./component.ts";
import { exposeTls, type PartArgs } from "./web.ts";
import { expectedWorkloads } from "./inventory.ts";

const gatewayPort = 9091;
const nginxPort = 8443;

/** Gateway that adds up the metrics of all workers, and the nginx that lets Prometheus read them. */
export class Monitoring extends pulumi.ComponentResource {
  /** Where Prometheus reads. */
  readonly url: string;

  constructor(name: string, args: PartArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:Monitoring", name, {}, opts);
    this.gateway(`${name}-pushgateway`, args);
    this.url = `${this.proxy(`${name}-nginx`, args)}/metrics`;
    this.registerOutputs({ url: this.url });
  }

  private gateway(name: string, { context }: PartArgs): void {
    const { namespace, settings } = context;
    const labels = sideLabels("pushgateway");
    const object = { namespace, name: "pushgateway", labels };
    const gateway = onePod(
      name,
      context,
      {
        name: "pushgateway",
        labels,
        image: "pushgateway",
        args: [`--apiListen=:${gatewayPort}`],
        ports: { push: gatewayPort },
        resources: { cpu: "50m", memory: "80Mi" },
        probes: { readiness: tcp(gatewayPort), liveness: tcp(gatewayPort, { delay: 30 }) },
      },
      this,
    );
    new Service(
      name,
      { ...object, of: gateway, ports: { "prometheus-push": { port: 80, target: gatewayPort } } },
      { parent: this },
    );
    const workers = expectedWorkloads(settings).filter(({ kind }) => kind === "StatefulSet");
    const from = between(["nginx", ...workers.map((one) => one.name)], gatewayPort);
    new NetworkPolicy(name, { namespace, name: "pushgateway", pods: labels, from }, { parent: this });
  }

  private proxy(name: string, { context, secrets }: PartArgs): string {
    const { namespace, settings } = context;
    const labels = sideLabels("nginx");
    const object = { namespace, name: "nginx", labels };
    const config = new ConfigMap(
      name,
      { namespace, name: "nginx-config", data: { "nginx.conf": nginxConf() } },
      { parent: this },
    );
    const nginx = onePod(
      name,
      context,
      {
        name: "nginx",
        labels,
        image: "nginx",
        ports: { https: nginxPort },
        mounts: { "/etc/nginx": config.mount({ volume: "nginx-config" }), "/secrets": secrets.certificate() },
        resources: { cpu: "50m", memory: "80Mi" },
        probes: { readiness: tcp(nginxPort), liveness: tcp(nginxPort, { delay: 30 }) },
      },
      this,
    );
    const service = new Service(
      name,
      { ...object, of: nginx, ports: { "nginx-https": { port: 443, target: nginxPort } } },
      { parent: this },
    );
    const to = [dns(), ...between(["pushgateway"], gatewayPort)];
    new NetworkPolicy(
      name,
      { namespace, name: "nginx", pods: labels, from: [router(namespace.cluster, nginxPort)], to },
      { parent: this },
    );
    return exposeTls(name, context, service, "nginx-https", settings.hosts.metrics, this);
  }
}
