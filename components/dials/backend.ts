import * as pulumi from "@pulumi/pulumi";
import { Deployment } from "../../blocks/kubernetes/deployment.ts";
import { ConfigMap } from "../../blocks/kubernetes/configMap.ts";
import { anywhere, dns, NetworkPolicy, pods, router } from "../../blocks/kubernetes/networkPolicy.ts";
import { http, soon, tcp } from "../../blocks/kubernetes/probe.ts";
import { ServiceSecret } from "../../blocks/kubernetes/secret.ts";
import { Service } from "../../blocks/kubernetes/service.ts";
import { scratch } from "../../blocks/kubernetes/volume.ts";
import { djangoSecrets, type DjangoSecretArgs, djangoVariables } from "./django.ts";
import { type DialsContext, labels, podLabels, selector, serviceLabels } from "./context.ts";
import { djangoPort, nginxConf, nginxHealth, staticFolder, webPort } from "./nginx.ts";

export interface BackendArgs extends Omit<DjangoSecretArgs, "settings"> {
  readonly context: DialsContext;
}

/** Name of the port in front, in the Service and for the Route. */
export const webPortName = `${webPort}-tcp`;

/** The port at which the API asks the SSO. */
function ssoPort({ sso }: DialsContext["settings"]): number {
  const { port, protocol } = new URL(sso.server);
  return port === "" ? (protocol === "http:" ? 80 : 443) : Number(port);
}

/** The API: Django behind an nginx in the same pod. */
export class Backend extends pulumi.ComponentResource {
  readonly service: Service;

  constructor(name: string, args: BackendArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:dials:Backend", name, {}, opts);
    const { namespace, settings, images, account } = args.context;
    const variables = new ConfigMap(
      `${name}-variables`,
      { namespace, name: "dials-backend-configmap", data: djangoVariables(settings) },
      { parent: this },
    );
    const secrets = new ServiceSecret(
      `${name}-secrets`,
      { namespace, name: "dials-backend-secrets", values: djangoSecrets({ ...args, settings }) },
      { parent: this },
    );
    const nginx = new ConfigMap(
      `${name}-nginx`,
      { namespace, name: "backend-nginx-conf", data: { "nginx.conf": nginxConf(settings.web.timeoutSeconds) } },
      { parent: this },
    );
    const deployment = new Deployment(
      name,
      {
        namespace,
        name: "backend",
        labels: labels(namespace, "backend", "dials", "django"),
        podLabels: podLabels("backend"),
        selector: selector("backend"),
        serviceAccount: account,
        replicas: settings.web.backendReplicas,
        runAs: { user: 1000, group: 0, fsGroup: 1000 },
        containers: [
          {
            name: "backend",
            image: images.backend,
            envFrom: [variables.envFrom(), secrets.envFrom()],
            ports: { django: djangoPort },
            mounts: { [staticFolder]: scratch({ volume: "staticfiles" }) },
            resources: { cpu: ["100m", "1"], memory: ["512Mi", "2048Mi"] },
            probes: {
              // Django answers only for its own names, and a probe comes by the pod's address.
              readiness: http("/", "django", { ...soon, timeout: 10, headers: { Host: settings.apiHost } }),
              liveness: tcp("django", { delay: 60, period: 20 }),
            },
          },
          {
            name: "nginx",
            image: images["nginx-unprivileged"],
            ports: { [webPortName]: webPort },
            mounts: {
              "/etc/nginx/conf.d": nginx.mount({ volume: "nginx-conf" }),
              [staticFolder]: scratch({ volume: "staticfiles", readOnly: true }),
            },
            resources: { cpu: ["50m", "500m"], memory: ["64Mi", "256Mi"] },
            probes: {
              readiness: http(nginxHealth, webPortName, soon),
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
        name: "backend-nginx",
        labels: serviceLabels("backend-nginx"),
        of: { selector: { ...selector("backend"), ...podLabels("backend") } },
        ports: { [webPortName]: { port: webPort } },
      },
      { parent: this, dependsOn: [...deployment.resources] },
    );
    new NetworkPolicy(
      name,
      {
        namespace,
        name: "dials-backend",
        pods: selector("backend"),
        ingress: [router(namespace.cluster, webPort)],
        // OMS, the run registry, its SSO and CAF on 443, lxplus for brilcalc on 22.
        egress: [
          dns(),
          pods({ app: "redis-web-cache" }, [6379]),
          anywhere(...new Set([settings.database.port, ssoPort(settings), 443, 22])),
        ],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
