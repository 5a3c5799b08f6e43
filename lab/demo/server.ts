/** Servers that a demonstration needs besides the system it shows: one pod each, with its files, behind a Service or a name of the world. */
import { createHash } from "node:crypto";
import { ensureForeignImages } from "../images/build.ts";
import type { Recipe } from "../images/recipes.ts";
import { kubeApi, type KubeObject } from "../kubernetes/api.ts";
import { foreignImages, offerImages, outsideNode } from "../kubernetes/nodes/plan.ts";
import { newestPodReady } from "../kubernetes/health.ts";
import { waitUntilReady } from "../process.ts";
import type { Run } from "../pulumi.ts";

/** A server: one pod with a folder `/data` that is gone when the pod is. */
export interface Server {
  readonly name: string;
  readonly namespace: string;
  readonly image: string;
  /** Replaces the image's entry point. @default it stays */
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Files of a Secret by their names; the pod is started again when one changes. */
  readonly files: Readonly<Record<string, string>>;
  /** Where all files are. */
  readonly folder: string;
  /** Files that are wanted in further places, too: path to the file's name. @default none */
  readonly places?: Readonly<Record<string, string>>;
  /** On which it listens. */
  readonly port: number;
  /** When it is ready. @default when it listens */
  readonly readiness?: object;
  /** MiB at most. @default 512 */
  readonly memory?: number;
  /** Who finds it where: a name with an address of its own, or names whose TLS the router passes on from port 443. @default its Service */
  readonly outside?: { readonly address: string } | { readonly passthrough: readonly string[] };
}

/** Seconds on a busy machine. */
const startTimeout = 300;

/** Builds images and offers them to the cluster. @throws if one cannot be built */
export async function offerRecipes({ lab, log }: Run, recipes: readonly Recipe[]): Promise<void> {
  const built = await ensureForeignImages(recipes, log);
  // Newer ones come first: they answer to the same names.
  offerImages(lab, [...new Set([...built, ...foreignImages(lab)])]);
}

/** Starts the servers, or those again whose files have changed. @throws if one is not ready in time */
export async function startServers({ lab }: Run, servers: readonly Server[]): Promise<void> {
  const api = kubeApi(lab);
  for (const name of new Set(servers.map(({ namespace }) => namespace))) {
    await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  }
  for (const one of servers.flatMap(serverObjects)) await api.apply(one);
  for (const { name, namespace } of servers) {
    const hint = `kubectl -n ${namespace} describe deployment ${name}`;
    await waitUntilReady(name, startTimeout, () => newestPodReady(api, namespace, name), hint);
  }
}

/** What the cluster has of a server. */
export function serverObjects(server: Server): readonly KubeObject[] {
  const { name, namespace, files, port, outside } = server;
  const labels = { app: name };
  const object = (apiVersion: string, kind: string, fields: object, annotations = {}): KubeObject => ({
    ...{ apiVersion, kind, metadata: { name, namespace, annotations } },
    ...fields,
  });
  const address = outside !== undefined && "address" in outside ? outside.address : undefined;
  const hosts = outside !== undefined && "passthrough" in outside ? outside.passthrough : [];
  const ports = [{ port }];
  const paths = [{ path: "/", pathType: "Prefix", backend: { service: { name, port: { number: port } } } }];
  const passthrough = {
    "nginx.ingress.kubernetes.io/ssl-passthrough": "true",
    // Connections that wait for news are silent.
    "nginx.ingress.kubernetes.io/proxy-read-timeout": "3600",
  };
  const hash = createHash("sha256").update(JSON.stringify(files)).digest("hex");
  return [
    object("v1", "Secret", { stringData: files }),
    address === undefined
      ? object("v1", "Service", { spec: { selector: labels, ports } })
      : object(
          "v1",
          "Service",
          { spec: { type: "LoadBalancer", selector: labels, ports } },
          { "external-dns.alpha.kubernetes.io/hostname": address },
        ),
    ...(hosts.length === 0
      ? []
      : [
          object(
            "networking.k8s.io/v1",
            "Ingress",
            { spec: { tls: [{ hosts }], rules: hosts.map((host) => ({ host, http: { paths } })) } },
            passthrough,
          ),
        ]),
    object("apps/v1", "Deployment", {
      spec: {
        strategy: { type: "Recreate" },
        selector: { matchLabels: labels },
        template: { metadata: { labels, annotations: { "orrery.lab/files": hash } }, spec: podOf(server) },
      },
    }),
  ];
}

function podOf({ name, image, command, args, env = {}, folder, places = {}, port, readiness, memory }: Server): object {
  const container = {
    ...{ name, image },
    ...(command === undefined ? {} : { command }),
    ...(args === undefined ? {} : { args }),
    env: Object.entries({ HOME: "/data", ...env }).map(([key, value]) => ({ name: key, value })),
    ports: [{ containerPort: port }],
    readinessProbe: { ...(readiness ?? { tcpSocket: { port } }), periodSeconds: 2 },
    resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: `${memory ?? 512}Mi` } },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    volumeMounts: [
      { name: "files", mountPath: folder },
      ...Object.entries(places).map(([mountPath, subPath]) => ({ name: "files", mountPath, subPath })),
      { name: "data", mountPath: "/data" },
    ],
  };
  return {
    ...{ containers: [container], automountServiceAccountToken: false, enableServiceLinks: false },
    nodeSelector: { "kubernetes.io/hostname": outsideNode },
    securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
    volumes: [
      { name: "files", secret: { secretName: name } },
      { name: "data", emptyDir: {} },
    ],
  };
}
