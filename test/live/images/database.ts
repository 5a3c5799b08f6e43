/** A database server in place of the one that CERN runs for DIALS. */
import { objectsOf } from "../../../lab/harness/kube.ts";
import type { Change } from "../../../lab/harness/system.ts";
import type { KubeObject } from "../../../lab/kubernetes/api.ts";

const namespace = "world";
const object = objectsOf(namespace);
const labels = { app: "postgres" };

/** Aims DIALS at the server. */
export const databaseChanges: readonly Change[] = [
  [["dials:settings", "database", "host"], `postgres.${namespace}.svc`],
  [["dials:settings", "database", "port"], 5432],
];

/** The server's objects, with the password of its role "dials". */
export function database(password: string): readonly KubeObject[] {
  const env = { POSTGRESQL_USER: "dials", POSTGRESQL_PASSWORD: password, POSTGRESQL_DATABASE: "dials" };
  const container = {
    name: "postgres",
    image: "quay.io/centos7/postgresql-12-centos7:centos7",
    env: Object.entries(env).map(([name, value]) => ({ name, value })),
    readinessProbe: { exec: { command: ["/usr/libexec/check-container"] }, periodSeconds: 2 },
  };
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    object("v1", "Service", "postgres", { spec: { selector: labels, ports: [{ port: 5432 }] } }),
    object("apps/v1", "Deployment", "postgres", {
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { securityContext: { runAsNonRoot: true }, containers: [container] } },
      },
    }),
  ];
}
