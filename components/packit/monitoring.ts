import * as pulumi from "@pulumi/pulumi";
import { ConfigMap } from "../../blocks/kubernetes/configMap.ts";
import { dns, NetworkPolicy, prometheus, router } from "../../blocks/kubernetes/networkPolicy.ts";
import { PodMonitor } from "../../blocks/kubernetes/podMonitor.ts";
import { soon, tcp } from "../../blocks/kubernetes/probe.ts";
import { Service } from "../../blocks/kubernetes/service.ts";
import { type PackitContext, podsOf, supportLabels } from "./context.ts";
import { nginxConf } from "./nginxConf.ts";
import { exposeTls, singletonDeployment } from "./component.ts";
import { expectedWorkloads } from "./inventory.ts";

const gatewayPort = 9091;
const nginxPort = 8443;

/** Gateway that adds up the metrics of all workers, and the nginx that lets Prometheus read them. */
export class Monitoring extends pulumi.ComponentResource {
  /** Where Prometheus reads. */
  readonly url: string;

  constructor(name: string, context: PackitContext, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:Monitoring", name, {}, opts);
    this.gateway(`${name}-pushgateway`, context);
    this.url = `${this.proxy(`${name}-nginx`, context)}/metrics`;
    this.registerOutputs({ url: this.url });
  }

  private gateway(name: string, context: PackitContext): void {
    const { namespace, settings } = context;
    const labels = supportLabels("pushgateway");
    const object = { namespace, name: "pushgateway", labels };
    const gateway = singletonDeployment(
      name,
      {
        context,
        name: "pushgateway",
        labels,
        image: "pushgateway",
        args: [`--apiListen=:${gatewayPort}`],
        ports: { push: gatewayPort },
        resources: { cpu: "50m", memory: "80Mi" },
        probes: { readiness: tcp(gatewayPort, soon), liveness: tcp(gatewayPort, { delay: 30 }) },
      },
      { parent: this },
    );
    new Service(
      name,
      { ...object, of: gateway, ports: { "prometheus-push": { port: 80, target: gatewayPort } } },
      { parent: this },
    );
    const workers = expectedWorkloads(settings).filter(({ kind }) => kind === "StatefulSet");
    const ingress = [
      ...podsOf(["nginx", ...workers.map((one) => one.name)], gatewayPort),
      ...prometheus(namespace.cluster, gatewayPort),
    ];
    new PodMonitor(name, { ...object, pods: labels, port: "push" }, { parent: this });
    new NetworkPolicy(name, { namespace, name: "pushgateway", pods: labels, ingress }, { parent: this });
  }

  private proxy(name: string, context: PackitContext): string {
    const { namespace, settings, secrets } = context;
    const labels = supportLabels("nginx");
    const object = { namespace, name: "nginx", labels };
    const config = new ConfigMap(
      name,
      { namespace, name: "nginx-config", data: { "nginx.conf": nginxConf() } },
      { parent: this },
    );
    const nginx = singletonDeployment(
      name,
      {
        context,
        name: "nginx",
        labels,
        image: "nginx",
        ports: { https: nginxPort },
        mounts: { "/etc/nginx": config.mount({ volume: "nginx-config" }), "/secrets": secrets.certificate() },
        resources: { cpu: "50m", memory: "80Mi" },
        probes: { readiness: tcp(nginxPort, soon), liveness: tcp(nginxPort, { delay: 30 }) },
      },
      { parent: this },
    );
    const service = new Service(
      name,
      { ...object, of: nginx, ports: { "nginx-https": { port: 443, target: nginxPort } } },
      { parent: this },
    );
    const egress = [dns(), ...podsOf(["pushgateway"], gatewayPort)];
    new NetworkPolicy(
      name,
      { namespace, name: "nginx", pods: labels, ingress: [router(namespace.cluster, nginxPort)], egress },
      { parent: this },
    );
    return exposeTls(name, { context, service, port: "nginx-https", host: settings.hosts.metrics }, { parent: this });
  }
}
