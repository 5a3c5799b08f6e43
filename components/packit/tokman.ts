import * as pulumi from "@pulumi/pulumi";
import { PersistentVolumeClaim } from "../../blocks/kubernetes/persistentVolumeClaim.ts";
import { ConfigMap } from "../../blocks/kubernetes/configMap.ts";
import { anywhere, dns, NetworkPolicy } from "../../blocks/kubernetes/networkPolicy.ts";
import { http, soon } from "../../blocks/kubernetes/probe.ts";
import { Service } from "../../blocks/kubernetes/service.ts";
import { appLabels, type PackitContext, podsOf, retention, storageClass, writesAtStart } from "./context.ts";
import { singletonDeployment } from "./component.ts";
import { expectedWorkloads } from "./inventory.ts";

const port = 8000;

/** Tokman: keeps the tokens of the GitHub App, so that workers do not invalidate each other's. */
export class Tokman extends pulumi.ComponentResource {
  constructor(name: string, context: PackitContext, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:Tokman", name, {}, opts);
    const { namespace, settings, secrets } = context;
    const labels = appLabels("tokman");
    const object = { namespace, name: "tokman", labels };
    const config = new ConfigMap(
      name,
      { namespace, name: "tokman-config", data: { "config.py": tokmanConfig(settings.githubAppId ?? 0) } },
      { parent: this },
    );
    const tokens = new PersistentVolumeClaim(
      name,
      { namespace, name: "access-tokens-pvc", size: "1Gi", ...storageClass(settings), retention: retention(settings) },
      { parent: this },
    );
    const tokman = singletonDeployment(
      name,
      {
        context,
        name: "tokman",
        labels,
        image: "tokman",
        env: {
          DEPLOYMENT: settings.deployment,
          LOG_LEVEL: "DEBUG",
          WORKERS: "1",
          TOKMAN_CONFIG: "/etc/config/config.py",
          BIND_ADDR: `0.0.0.0:${port}`,
          ...secrets.sentry(),
        },
        ports: { tokman: port },
        mounts: {
          ...secrets.githubKeyMount("/secrets"),
          "/etc/config": config.mount({ volume: "tokman-config" }),
          "/access_tokens": tokens.mount({ volume: "access-tokens" }),
        },
        resources: { cpu: "100m", memory: ["100Mi", "160Mi"] },
        exceptions: writesAtStart,
        probes: {
          // Alembic and Python's imports take a minute of the limit's tenth of a processor; liveness would end each start.
          startup: http("/api/health", port, { period: 3, timeout: 10, failures: 105 }),
          readiness: http("/api/health", port, { ...soon, timeout: 2 }),
          liveness: http("/api/health", port, { timeout: 2, period: 20 }),
        },
      },
      { parent: this },
    );
    new Service(name, { ...object, of: tokman, ports: { tokman: { port: 80, target: port } } }, { parent: this });
    const clients = expectedWorkloads(settings)
      .filter((one) => one.name === "packit-service" || one.kind === "StatefulSet")
      .map((one) => one.name);
    new NetworkPolicy(
      name,
      { namespace, name: "tokman", pods: labels, ingress: podsOf(clients, port), egress: [dns(), anywhere(443)] },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

/** Tokman's Flask configuration. */
function tokmanConfig(githubAppId: number): string {
  return `SQLALCHEMY_DATABASE_URI = "sqlite:////access_tokens/access_tokens.db"
SQLALCHEMY_TRACK_MODIFICATIONS = False
GITHUB_APP_ID = ${githubAppId}
GITHUB_APP_PRIVATE_KEY = "/secrets/private-key.pem"
TOKEN_RENEW_AT = 60
`;
}
