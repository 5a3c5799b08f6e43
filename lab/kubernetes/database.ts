/** The PostgreSQL of a cluster with real nodes, in place of the server that an operator runs for a stack's programs. */
import { databaseImage } from "../images/recipes.ts";
import { labDatabase } from "../retarget.ts";
import type { KubeObject } from "./api.ts";

const { namespace, name, port } = labDatabase;
const object = (apiVersion: string, kind: string, named: string, fields: object): KubeObject => ({
  ...{ apiVersion, kind, metadata: { name: named, namespace } },
  ...fields,
});
const labels = { app: name };
const user = 26; // of sclorg's image

/** As the operator does once; the role is there when the server listens on TCP. */
const mayCreate = (role: string): string =>
  `until psql -h 127.0.0.1 -U postgres -qc 'ALTER ROLE "${role}" CREATEDB'; do sleep 1; done`;

/** The server's objects, with one role that may create databases, and a database of the role's name. */
export function databaseObjects(role: { readonly user: string; readonly password: string }): readonly KubeObject[] {
  const login = {
    POSTGRESQL_USER: role.user,
    POSTGRESQL_PASSWORD: role.password,
    POSTGRESQL_DATABASE: role.user,
  };
  const container = {
    name,
    image: databaseImage,
    envFrom: [{ secretRef: { name } }],
    ports: [{ containerPort: port }],
    readinessProbe: { exec: { command: ["/usr/libexec/check-container"] }, periodSeconds: 2 },
    lifecycle: { postStart: { exec: { command: ["bash", "-c", mayCreate(role.user)] } } },
    volumeMounts: [{ name: "data", mountPath: "/var/lib/pgsql/data" }],
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
  };
  const spec = {
    securityContext: { runAsNonRoot: true, runAsUser: user, fsGroup: user, seccompProfile: { type: "RuntimeDefault" } },
    containers: [container],
    volumes: [{ name: "data", persistentVolumeClaim: { claimName: name } }],
  };
  const claim = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    object("v1", "Secret", name, { stringData: login }),
    object("v1", "PersistentVolumeClaim", name, { spec: claim }),
    object("v1", "Service", name, { spec: { selector: labels, ports: [{ port }] } }),
    object("apps/v1", "Deployment", name, {
      spec: {
        strategy: { type: "Recreate" },
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec },
      },
    }),
  ];
}
