/** The commands of the control plane's processes, and of kwok, which simulates nodes. */
import { readdirSync } from "node:fs";
import path from "node:path";
import type { Daemon } from "../process.ts";
import type { LabSettings } from "../settings.ts";
import type { Toolchain } from "../toolchain/toolchain.ts";
import { files } from "./files.ts";
import { apiServerOptions } from "./nodes/apiServer.ts";
import { dualStack, podRanges, serviceRanges } from "./nodes/families.ts";
import { realNodes } from "./nodes/plan.ts";

/** Go lets a heap grow by as much as is in use; by half of it costs some processor time, and a lab takes less memory. */
export const smallHeap = { GOGC: "50" };

// The default of 20 requests a second is slow for many objects.
const rateLimits = ["--kube-api-qps=500", "--kube-api-burst=1000"];

/** No pod calls the Service "kubernetes", and endpoints must not have a loopback address. */
const withoutNodes = ["--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none", "--authorization-mode=RBAC"];

/** The control plane's daemons in the order of their start. */
export function daemons(lab: LabSettings, toolchain: Toolchain): Record<DaemonName, Daemon> {
  const { data, etcd, kubeconfig, tokens, serviceAccountKey, certificate, certificateKey } = files(lab);
  const { ports } = lab;
  const kube = path.join(toolchain.bin, "kube");
  const env = { ...process.env, ...smallHeap };
  const peer = "unix://etcd-peer:0"; // a socket of this name in the working directory
  const serving = [`--tls-cert-file=${certificate}`, `--tls-private-key-file=${certificateKey}`];
  const component = [
    "--bind-address=127.0.0.1",
    `--kubeconfig=${kubeconfig}`,
    "--leader-elect=false",
    ...serving,
    ...rateLimits,
  ];

  return {
    etcd: {
      name: "etcd",
      command: kube,
      env,
      args: [
        "etcd",
        "--name=lab",
        `--data-dir=${path.join(data, "etcd")}`,
        "--unsafe-no-fsync",
        `--listen-client-urls=unix://${etcd}`,
        "--advertise-client-urls=unix://etcd:0", // nobody asks for it, but it must look like host and port
        `--listen-peer-urls=${peer}`,
        `--initial-advertise-peer-urls=${peer}`,
        `--initial-cluster=lab=${peer}`,
        "--log-level=warn",
      ],
      cwd: path.dirname(etcd),
    },
    apiserver: {
      name: "apiserver",
      command: kube,
      env,
      args: [
        "apiserver",
        `--etcd-servers=unix://${etcd}`,
        "--bind-address=127.0.0.1",
        `--secure-port=${ports.kubernetes}`,
        ...(realNodes(lab).length > 0 ? apiServerOptions(lab) : withoutNodes),
        `--cert-dir=${path.dirname(certificate)}`,
        `--service-account-key-file=${serviceAccountKey}`,
        `--service-account-signing-key-file=${serviceAccountKey}`,
        "--service-account-issuer=https://kubernetes.default.svc",
        `--token-auth-file=${tokens}`,
        `--service-cluster-ip-range=${serviceRanges(lab).join(",")}`,
        "--allow-privileged",
        "--profiling=false",
      ],
    },
    controllers: {
      name: "controllers",
      command: kube,
      env,
      args: [
        "controllers",
        ...component,
        `--secure-port=${ports.controllers}`,
        `--service-account-private-key-file=${serviceAccountKey}`,
        `--root-ca-file=${certificate}`,
        "--use-service-account-credentials",
        "--allocate-node-cidrs",
        `--cluster-cidr=${realNodes(lab).length > 0 ? podRanges(lab).join(",") : "10.128.0.0/14"}`,
        ...(dualStack(lab) ? ["--node-cidr-mask-size-ipv4=23"] : ["--node-cidr-mask-size=23"]),
        "--concurrent-deployment-syncs=20",
        "--concurrent-replicaset-syncs=20",
        "--concurrent-gc-syncs=50",
        "--profiling=false",
      ],
    },
    scheduler: {
      name: "scheduler",
      command: kube,
      env,
      args: ["scheduler", ...component, `--secure-port=${ports.scheduler}`, "--profiling=false"],
    },
  };
}

/** The kubelets of simulated nodes, and OpenShift's controllers where no node is real. */
export function simulator(lab: LabSettings, toolchain: Toolchain): Daemon {
  const { kubeconfig, certificate, certificateKey, podLogRule } = files(lab);
  const { kwok } = lab.ports;
  return {
    name: "kwok",
    command: path.join(toolchain.bin, "kwok"),
    args: [
      `--kubeconfig=${kubeconfig}`,
      "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
      "--node-ip=127.0.0.1",
      `--node-port=${kwok}`,
      `--server-address=127.0.0.1:${kwok}`,
      `--tls-cert-file=${certificate}`,
      `--tls-private-key-file=${certificateKey}`,
      "--node-lease-duration-seconds=40",
      "--v=warn",
      ...[...stages(toolchain), podLogRule].map((file) => `--config=${file}`),
    ],
  };
}

/** Ports by the daemon that listens on them; real nodes have the registry, its imports and metrics besides. */
export function kubernetesPorts(lab: LabSettings): [daemon: string, port: number][] {
  const { kubernetes, scheduler, controllers, kwok, registry, imports, metrics } = lab.ports;
  return [
    ["apiserver", kubernetes],
    ["scheduler", scheduler],
    ["controllers", controllers],
    ["kwok", kwok],
    ["nodes-controller", registry],
    ["nodes-controller", imports],
    ["nodes-controller", metrics],
  ];
}

type DaemonName = "etcd" | "apiserver" | "controllers" | "scheduler";

/** Files of kwok's own stages for nodes and pods, then of the lab's. */
function stages(toolchain: Toolchain): string[] {
  const shipped = ["node/fast", "node/heartbeat-with-lease", "pod/fast"].map((folder) =>
    path.join(toolchain.share, "kwok", "stage", folder),
  );
  return [...shipped, path.join(import.meta.dirname, "stages")].flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith(".yaml") && file !== "kustomization.yaml")
      .map((file) => path.join(folder, file)),
  );
}
