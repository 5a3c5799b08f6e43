/** Deploys Thoth's Dgraph, three managers and three data servers, to the demonstrations' cluster, next to a client of it. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { keepSystems, put, withoutPaths } from "../../../config/stackEdit.ts";
import { readStackFile, stackPath } from "../../../config/stackFile.ts";
import { dgraph, dgraphClient, dgraphClientImage, rclone } from "../../images/dgraph.ts";
import { kubeApi, type KubeObject } from "../../kubernetes/api.ts";
import type { Run } from "../../pulumi.ts";
import { kubectl } from "../kubectl.ts";
import { offerRecipes } from "../server.ts";
import { upDemo, writeDemoStack } from "../stack.ts";

export const source = "test";
export const name = "demo-dgraph";
export const namespace = "thoth-dgraph";
/** Where the client is; the stack lets its pods ask. */
export const clients = "lab-graph";
const client = "asking";
/** Its pod, for kubectl. */
export const clientTarget = `deployment/${client}`;
const folder = "/var/run/secrets/dgraph";

/** Stack `test` has Dgraph in one pod; this one has the cluster of `stage`. */
const settings = {
  ...{ cluster: "lab", namespace, mode: "ha", storageSize: "1Gi", whitelist: "10.0.0.0:10.255.255.255" },
  ...{ clients: [clients], exporters: false, protect: false },
};

/** Deploys what is missing or changed. @param change - of the stack's file @throws with Pulumi's output if it cannot */
export async function deployDgraph(run: Run, change: (text: string) => string = (text) => text): Promise<void> {
  await offerRecipes(run, [dgraph, dgraphClient, rclone]);
  const api = kubeApi(run.lab);
  await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: clients } });
  const at = ["config", "thoth:settings"];
  const others = ["bots", "ultrahook", "station", "nodepool"].map((part) => [...at, part]);
  const stack = readStackFile(stackPath(source));
  // Keys of tunnels that are not there.
  const keys = [...stack.entries.keys()].filter((key) => key.startsWith("thoth:ultrahookKey-"));
  const absent = [...others, ...keys.map((key) => ["config", key])];
  const text = withoutPaths(keepSystems(stack.text, ["clusters", "thoth"]), absent);
  writeDemoStack(run, { name, source }, change(put(text, [...at, "dgraph"], settings)));
  await upDemo(run, { name, source, system: "Thoth's Dgraph" });
  for (const one of clientObjects()) await api.apply(one);
  await kubectl(run, clients, ["rollout", "status", clientTarget, "--timeout=100s"]);
}

/** The client with the Secret that the stack puts into its namespace. */
function clientObjects(): readonly KubeObject[] {
  const labels = { app: client };
  const metadata = { name: client, namespace: clients };
  const program = readFileSync(path.join(import.meta.dirname, "asking.py"), "utf8");
  const container = {
    ...{ name: client, image: dgraphClientImage, command: ["python3", "/srv/asking.py"] },
    env: [
      { name: "ALPHA", value: `alpha-public.${namespace}.svc:9080` },
      { name: "TLS", value: folder },
    ],
    resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "256Mi" } },
    volumeMounts: [
      { name: "program", mountPath: "/srv" },
      { name: "tls", mountPath: folder },
      { name: "tmp", mountPath: "/tmp" },
    ],
  };
  const spec = {
    containers: [container],
    ...{ automountServiceAccountToken: false, terminationGracePeriodSeconds: 2 },
    securityContext: { runAsUser: 65532, runAsNonRoot: true },
    volumes: [
      { name: "program", configMap: { name: client } },
      { name: "tls", secret: { secretName: "dgraph-tls" } },
      { name: "tmp", emptyDir: {} },
    ],
  };
  return [
    { apiVersion: "v1", kind: "ConfigMap", metadata, data: { "asking.py": program } },
    {
      ...{ apiVersion: "apps/v1", kind: "Deployment", metadata },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    },
  ];
}
