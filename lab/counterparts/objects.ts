/** What the cluster has of a counterpart: its program in a pod, behind an Ingress of the world's names or at an address of its own. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { counterpartImage } from "../images/recipes.ts";
import type { KubeObject } from "../kubernetes/api.ts";
import { outsideNode } from "../kubernetes/nodes/plan.ts";

/** Namespace of all counterparts. */
export const counterpartsNamespace = "lab-counterparts";

const forges = ["github", "gitlab"] as const;
export type Forge = (typeof forges)[number];

/** A counterpart: a folder next to this file whose `server.ts` listens on port 8080. */
export interface Counterpart {
  readonly name: Forge | "dockerhub" | "google" | "ultrahook";
  readonly hosts: readonly string[];
  /** Files of a Secret, at /etc/<name>. @default none */
  readonly files?: Readonly<Record<string, string>>;
  /** Whether its repositories are served by SSH, too. @default false */
  readonly ssh?: true;
  /** Port at an address of its own, where it ends TLS itself or has none. @default the router has its names, and ends TLS */
  readonly own?: 80 | 443;
}

export const objectIn = (apiVersion: string, kind: string, name: string, fields: object): KubeObject => ({
  ...{ apiVersion, kind, metadata: { name, namespace: counterpartsNamespace } },
  ...fields,
});

/** Debian's sshd as the user who owns the repositories, on their volume; without a host key among the files it makes itself one. */
const sshd = (name: string, port: number) => ({
  ...{ name: "ssh", image: counterpartImage, command: ["sh", "-ec"] },
  args: [
    `key=/etc/${name}/host_key
    [ -f $key ] || key=/tmp/host_key
    [ -f $key ] || ssh-keygen -q -t ed25519 -N '' -f $key
    exec /usr/sbin/sshd -f /dev/null -D -e -p ${port} -h $key -o PidFile=none -o StrictModes=no -o UsePAM=no \\
      -o PasswordAuthentication=no -o KbdInteractiveAuthentication=no -o DisableForwarding=yes -o PermitTTY=no \\
      -o AuthorizedKeysFile=/etc/${name}/authorized_keys`,
  ],
  ports: [{ name: "ssh", containerPort: port }],
  readinessProbe: { tcpSocket: { port: "ssh" }, periodSeconds: 1 },
  resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "256Mi" } },
});

/** Files of a program by their paths: its own folder's, and those that forges share. */
function programOf(name: Counterpart["name"]): ReadonlyMap<string, string> {
  const here = import.meta.dirname;
  const folders = forges.some((one) => one === name) ? [name, "forge"] : [name];
  const files = folders.flatMap((folder) => readdirSync(path.join(here, folder)).map((one) => `${folder}/${one}`));
  return new Map([
    ["package.json", '{"type":"module"}'],
    ...files.map((file) => [file, readFileSync(path.join(here, file), "utf8")] as const),
  ]);
}

/** What the cluster has of a counterpart. */
export function objectsOf({ name, hosts, files, ssh, own }: Counterpart): readonly KubeObject[] {
  const program = programOf(name);
  // A ConfigMap's keys have no slashes.
  const keyOf = (file: string): string => file.replace("/", ".");
  const data = Object.fromEntries([...program].map(([file, text]) => [keyOf(file), text]));
  const items = [...program.keys()].map((file) => ({ key: keyOf(file), path: file }));
  const labels = { app: name };
  // NetworkPolicies look at the pod's port, so it is the one that callers name.
  const port = own ?? 8080;
  const sshPort = own === undefined ? 2222 : 22;
  const tls = own === 443;
  // A changed program is started again; a changed Secret is not, because the state would be lost.
  const annotations = {
    "orrery.lab/program": createHash("sha256").update(JSON.stringify(data)).digest("hex").slice(0, 16),
  };
  const container = {
    ...{ name, image: counterpartImage, args: [`/srv/lab/${name}/server.ts`] },
    env: [
      { name: "HOME", value: "/data" },
      { name: "GIT_HOME", value: "/data/git" },
      { name: "SEED", value: `/etc/${name}/seed.json` },
      { name: "PORT", value: String(port) },
      ...(tls ? [{ name: "CERTIFICATE", value: `/etc/${name}/server.pem` }] : []),
    ],
    ports: [{ name: "http", containerPort: port }],
    readinessProbe: {
      httpGet: { path: "/healthz", port: "http", scheme: tls ? "HTTPS" : "HTTP" },
      periodSeconds: 1,
    },
    resources: { requests: { cpu: "50m", memory: "96Mi" }, limits: { memory: "512Mi" } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
    volumeMounts: [
      { name: "program", mountPath: "/srv/lab" },
      { name: "data", mountPath: "/data" },
      { name: "tmp", mountPath: "/tmp" },
      ...(files === undefined ? [] : [{ name: "files", mountPath: `/etc/${name}` }]),
    ],
  };
  const spec = {
    ...{
      containers: ssh === true ? [container, { ...container, ...sshd(name, sshPort), env: [] }] : [container],
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      nodeSelector: { "kubernetes.io/hostname": outsideNode },
    },
    securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    volumes: [
      { name: "program", configMap: { name: `${name}-program`, items } },
      { name: "data", emptyDir: {} },
      { name: "tmp", emptyDir: {} },
      ...(files === undefined ? [] : [{ name: "files", secret: { secretName: `${name}-files` } }]),
    ],
  };
  const paths = [{ path: "/", pathType: "Prefix", backend: { service: { name, port: { number: 80 } } } }];
  const ingress = objectIn("networking.k8s.io/v1", "Ingress", name, {
    metadata: {
      ...{ name, namespace: counterpartsNamespace },
      annotations: { "nginx.ingress.kubernetes.io/proxy-body-size": "0" },
    },
    spec: { tls: [{ hosts }], rules: hosts.map((host) => ({ host, http: { paths } })) },
  });
  const named = { "external-dns.alpha.kubernetes.io/hostname": hosts.join(",") };
  return [
    objectIn("v1", "ConfigMap", `${name}-program`, { data }),
    ...(files === undefined ? [] : [objectIn("v1", "Secret", `${name}-files`, { stringData: files })]),
    objectIn("apps/v1", "Deployment", name, {
      spec: {
        strategy: { type: "Recreate" },
        selector: { matchLabels: labels },
        template: { metadata: { labels, annotations }, spec },
      },
    }),
    objectIn("v1", "Service", name, {
      metadata: { name, namespace: counterpartsNamespace, annotations: own === undefined ? {} : named },
      spec: {
        ...(own === undefined ? {} : { type: "LoadBalancer" }),
        selector: labels,
        ports: [
          { name: "http", port: own ?? 80, targetPort: "http" },
          ...(ssh === true ? [{ name: "ssh", port: 22, targetPort: "ssh" }] : []),
        ],
      },
    }),
    ...(own === undefined ? [ingress] : []),
  ];
}
