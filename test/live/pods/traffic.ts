/** What the tests of Routes and Ingresses publish, and how a caller on this machine asks for it. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { objectsOf } from "../../../lab/harness/kube.ts";
import type { KubeObject } from "../../../lab/kubernetes/api.ts";
import { authorityFile } from "../../../lab/kubernetes/router/certificates.ts";
import { nodeNetwork } from "../../../lab/kubernetes/nodes/plan.ts";
import { cluster, namespace } from "./cluster.ts";
import { shell } from "./objects.ts";

const object = objectsOf(namespace);

/** Address of the router. */
export const { ingress: router } = nodeNetwork(cluster);

/** What the web pods serve. */
export const greeting = "hello from a config map\n";
/** How pods ask. */
export const curl = ["curl", "-sS", "--max-time", "5"];

/** What a server answered: status, where to, body, and the issuer of its certificate. */
export interface Answer {
  readonly status: number;
  readonly location: string;
  readonly body: string;
}

/** Asks the router from this machine with the lab's authority; a host that is not reached gives status 0. */
export async function ask(url: string, authority = authorityFile(cluster)): Promise<Answer> {
  const { hostname } = new URL(url);
  const resolve = [80, 443].flatMap((port) => ["--resolve", `${hostname}:${port}:${router}`]);
  const args = [
    "-sS",
    "--max-time",
    "5",
    "--cacert",
    authority,
    "-w",
    "\n%{http_code} %{redirect_url}",
    ...resolve,
    url,
  ];
  const { stdout } = await promisify(execFile)("curl", args).catch(() => ({ stdout: "\n000 " }));
  const at = stdout.lastIndexOf("\n");
  const [status = "", location = ""] = stdout.slice(at + 1).split(" ");
  return { status: Number(status), location, body: stdout.slice(0, at) };
}

/** A self-signed certificate for a host and its key, in PEM. */
export function certificateOf(host: string): { certificate: string; key: string } {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-tls-"));
  try {
    const made = [
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-keyout",
      "key",
      "-out",
      "crt",
    ];
    const named = ["-subj", `/CN=${host}`, "-addext", `subjectAltName=DNS:${host}`];
    execFileSync("openssl", ["req", "-x509", "-days", "2", ...made, ...named], { cwd: folder, stdio: "ignore" });
    const read = (name: string): string => readFileSync(path.join(folder, name), "utf8");
    return { certificate: read("crt"), key: read("key") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A pod that serves a page with TLS of its own, and its Service. */
export function tlsServer({ certificate, key }: { certificate: string; key: string }): readonly KubeObject[] {
  const pod = shell("vault", "node-0") as KubeObject & { spec: { containers: readonly object[] } };
  const [container] = pod.spec.containers;
  const serve = "cd /www && exec openssl s_server -quiet -accept 8443 -cert /tls/tls.crt -key /tls/tls.key -WWW";
  const mounts = [
    { name: "tls", mountPath: "/tls" },
    { name: "www", mountPath: "/www" },
  ];
  return [
    object("v1", "Secret", "vault-tls", {
      type: "kubernetes.io/tls",
      stringData: { "tls.crt": certificate, "tls.key": key },
    }),
    object("v1", "ConfigMap", "vault-page", { data: { "page.html": "hello over TLS" } }),
    {
      ...pod,
      spec: {
        ...pod.spec,
        containers: [{ ...container, command: ["bash", "-c", serve], volumeMounts: mounts }],
        volumes: [
          { name: "tls", secret: { secretName: "vault-tls" } },
          { name: "www", configMap: { name: "vault-page" } },
        ],
      },
    },
    object("v1", "Service", "vault", {
      spec: { selector: { app: "vault" }, ports: [{ name: "https", port: 443, targetPort: 8443 }] },
    }),
  ];
}

/** A Route to the web servers' Service, unless `spec` says otherwise. */
export const route = (name: string, spec: object, annotations: Readonly<Record<string, string>> = {}): KubeObject => ({
  apiVersion: "route.openshift.io/v1",
  kind: "Route",
  metadata: { name, namespace, annotations },
  spec: { to: { name: "web" }, ...spec },
});

/** An Ingress to the web servers' Service. @param paths - with the type of each */
export const ingress = (
  name: string,
  host: string,
  paths: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>> = {},
  secretName?: string,
): KubeObject => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name, namespace, annotations },
  spec: {
    tls: [{ hosts: [host], ...(secretName === undefined ? {} : { secretName }) }],
    rules: [
      {
        host,
        http: {
          paths: Object.entries(paths).map(([at, pathType]) => ({
            path: at,
            pathType,
            backend: { service: { name: "web", port: { number: 80 } } },
          })),
        },
      },
    ],
  },
});
