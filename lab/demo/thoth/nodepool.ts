/** Zuul's hosts in the lab: ZooKeeper, and nodepool's launcher with the two files that the stack writes for it. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { ensureForeignImages } from "../../images/build.ts";
import { zuulImages, zuulRecipes } from "../../images/zuul.ts";
import { kubeApi, type KubeObject } from "../../kubernetes/api.ts";
import { foreignImages, offerImages } from "../../kubernetes/nodes/plan.ts";
import { authorityFile, certificateFor } from "../../kubernetes/router/certificates.ts";
import { waitUntilReady } from "../../process.ts";
import type { Run } from "../../pulumi.ts";

/** Where Zuul's hosts are; the stack's own namespace has the job nodes only. */
export const zuulNamespace = "lab-zuul";
/** Name of ZooKeeper's Service and of its certificate. */
const server = `zookeeper.${zuulNamespace}.svc.cluster.local`;
const port = 2281;
const config = "/etc/nodepool";
/** Seconds on a busy machine. */
const startTimeout = 300;

/** What the stack writes for Zuul's hosts. */
export interface ZuulFiles {
  readonly nodepoolConfig: string;
  readonly kubeconfig: string;
}

/** Offers the images, which the stack's ImageStreams import. @throws if one cannot be built */
export async function offerZuulImages({ lab, log }: Run): Promise<void> {
  const built = await ensureForeignImages(zuulRecipes, [], log);
  offerImages(lab, [...new Set([...foreignImages(lab), ...built])]);
}

/** Starts both, or restarts the launcher where its files have changed. @throws if one is not ready in time */
export async function startNodepool({ lab, log }: Run, { nodepoolConfig, kubeconfig }: ZuulFiles): Promise<void> {
  log("ZooKeeper and nodepool: starting");
  const api = kubeApi(lab);
  await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: zuulNamespace } });
  const tls = {
    "server.pem": readFileSync(await certificateFor(lab, server, ["zookeeper"]), "utf8"),
    "authority.pem": readFileSync(authorityFile(lab), "utf8"),
  };
  // As Software Factory does: the launcher's own keys, and the file of zuul-config as it is.
  const own = {
    "zookeeper-servers": [{ host: server, port }],
    "zookeeper-tls": { cert: `${config}/server.pem`, key: `${config}/server.pem`, ca: `${config}/authority.pem` },
  };
  const launcher = { ...tls, kubeconfig, "nodepool.yaml": `${lines(own)}${nodepoolConfig}` };
  const zookeeper = { ...tls, "zoo.cfg": zooCfg };
  for (const one of [
    ...objects("zookeeper", zuulImages.zookeeper, ["/etc/zookeeper/zoo.cfg"], "/etc/zookeeper", zookeeper),
    ...objects("nodepool", zuulImages.nodepool, ["-f", "-c", `${config}/nodepool.yaml`], config, launcher),
  ]) {
    await api.apply(one);
  }
  for (const name of ["zookeeper", "nodepool"]) {
    const at = `/apis/apps/v1/namespaces/${zuulNamespace}/deployments/${name}`;
    interface Deployment {
      readonly metadata: { readonly generation: number };
      readonly status?: {
        readonly observedGeneration?: number;
        readonly updatedReplicas?: number;
        readonly readyReplicas?: number;
      };
    }
    const ready = async (): Promise<boolean> => {
      const { metadata, status = {} } = await api.get<Deployment>(at);
      const { observedGeneration, updatedReplicas, readyReplicas } = status;
      return observedGeneration === metadata.generation && updatedReplicas === 1 && readyReplicas === 1;
    };
    await waitUntilReady(name, startTimeout, ready, `kubectl -n ${zuulNamespace} describe deployment ${name}`);
  }
}

const lines = (values: object): string =>
  Object.entries(values)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
    .join("");

/** Clients need a certificate of the lab's authority; nothing listens without TLS. */
const zooCfg = `dataDir=/data
tickTime=2000
secureClientPort=${port}
serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory
ssl.keyStore.location=/etc/zookeeper/server.pem
ssl.keyStore.type=PEM
ssl.trustStore.location=/etc/zookeeper/authority.pem
ssl.trustStore.type=PEM
ssl.clientAuth=need
admin.enableServer=false
`;

/** Readiness: ZooKeeper listens, and the launcher's web application says so once it is connected. */
const probes: Readonly<Record<string, object>> = {
  zookeeper: { tcpSocket: { port }, periodSeconds: 2 },
  nodepool: { httpGet: { path: "/ready", port: 8005 }, periodSeconds: 2 },
};

function objects(
  name: "zookeeper" | "nodepool",
  image: string,
  args: readonly string[],
  folder: string,
  files: Readonly<Record<string, string>>,
): readonly KubeObject[] {
  const labels = { app: name };
  const object = (apiVersion: string, kind: string, fields: object): KubeObject => ({
    ...{ apiVersion, kind, metadata: { name, namespace: zuulNamespace } },
    ...fields,
  });
  const container = {
    ...{ name, image, args, readinessProbe: probes[name] },
    env: [{ name: "KUBECONFIG", value: `${config}/kubeconfig` }],
    resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "512Mi" } },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    volumeMounts: [
      { name: "files", mountPath: folder },
      { name: "data", mountPath: "/data" },
    ],
  };
  const spec = {
    ...{ containers: [container], automountServiceAccountToken: false, enableServiceLinks: false },
    securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
    volumes: [
      { name: "files", secret: { secretName: name } },
      { name: "data", emptyDir: {} },
    ],
  };
  // The launcher reads its kubeconfig once.
  const annotations = { "orrery.lab/files": hash(files) };
  return [
    object("v1", "Secret", { stringData: files }),
    object("v1", "Service", { spec: { selector: labels, ports: [{ port: name === "zookeeper" ? port : 8005 }] } }),
    object("apps/v1", "Deployment", {
      spec: {
        strategy: { type: "Recreate" },
        selector: { matchLabels: labels },
        template: { metadata: { labels, annotations }, spec },
      },
    }),
  ];
}

const hash = (files: object): string => createHash("sha256").update(JSON.stringify(files)).digest("hex");
