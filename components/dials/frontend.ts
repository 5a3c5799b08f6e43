import * as pulumi from "@pulumi/pulumi";
import { Deployment } from "../../blocks/kubernetes/deployment.ts";
import { NetworkPolicy, router } from "../../blocks/kubernetes/networkPolicy.ts";
import { http, soon, tcp } from "../../blocks/kubernetes/probe.ts";
import { Service } from "../../blocks/kubernetes/service.ts";
import { webPortName } from "./backend.ts";
import { type DialsContext, labels, podLabels, selector, serviceLabels } from "./context.ts";
import { webPort } from "./nginx.ts";

/** The web application: static files; the addresses that it calls are compiled into its image. */
export class Frontend extends pulumi.ComponentResource {
  readonly service: Service;

  constructor(name: string, context: DialsContext, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:dials:Frontend", name, {}, opts);
    const { namespace, settings, images, account } = context;
    const deployment = new Deployment(
      name,
      {
        namespace,
        name: "frontend",
        labels: labels(namespace, "frontend", "dials", "nginx"),
        podLabels: podLabels("frontend"),
        selector: selector("frontend"),
        serviceAccount: account,
        replicas: settings.web.frontendReplicas,
        // The image lets group 0 write where its nginx must.
        runAs: { user: 101, group: 0 },
        containers: [
          {
            name: "frontend",
            image: images.frontend,
            ports: { [webPortName]: webPort },
            scratch: ["/tmp", "/var/cache/nginx", "/var/run"],
            resources: { cpu: ["50m", "500m"], memory: ["64Mi", "256Mi"] },
            probes: {
              readiness: http("/", webPortName, soon),
              liveness: tcp(webPortName, { delay: 10, period: 20 }),
            },
          },
        ],
      },
      { parent: this },
    );
    this.service = new Service(
      name,
      {
        namespace,
        name: "frontend",
        labels: serviceLabels("frontend"),
        of: { selector: { ...selector("frontend"), ...podLabels("frontend") } },
        ports: { [webPortName]: { port: webPort } },
      },
      { parent: this, dependsOn: [...deployment.resources] },
    );
    new NetworkPolicy(
      name,
      { namespace, name: "dials-frontend", pods: selector("frontend"), ingress: [router(namespace.cluster, webPort)] },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
