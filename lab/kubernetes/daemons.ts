/** The commands of the cluster's five processes. */
import { readdirSync } from "node:fs";
import path from "node:path";
import type { Daemon } from "../process.ts";
import type { LabSettings } from "../settings.ts";
import type { Toolchain } from "../toolchain/toolchain.ts";
import { kwokKinds } from "./objects.ts";

/** Files of the cluster in the lab's folder. */
export function files(lab: LabSettings) {
  const data = path.join(lab.dir, "data", "kubernetes");
  const etc = path.join(lab.dir, "etc", "kubernetes");
  return {
    data,
    etc,
    kubeconfig: path.join(lab.dir, "kubeconfig"),
    /** A socket below the lab's folder: etcd asks nobody who they are, and has all Secrets. */
    etcd: path.join(lab.dir, "run", "etcd.sock"),
    tokens: path.join(etc, "tokens.csv"),
    serviceAccountKey: path.join(data, "service-account.key"),
    /** Created by the API server; the other servers use the same certificate. */
    certificate: path.join(data, "pki", "apiserver.crt"),
    certificateKey: path.join(data, "pki", "apiserver.key"),
    podLog: path.join(etc, "pod.log"),
    podLogRule: path.join(etc, "pod-log.yaml"),
  };
}

// The default of 20 requests a second is slow for many objects.
const rateLimits = ["--kube-api-qps=500", "--kube-api-burst=1000"];

/**
 * The daemons in the order of their start.
 * @param exec - whether objects of kwok's kinds may run commands and open connections on this machine
 */
export function daemons(lab: LabSettings, toolchain: Toolchain, exec = false): Record<DaemonName, Daemon> {
  const { data, etcd, kubeconfig, tokens, serviceAccountKey, certificate, certificateKey, podLogRule } = files(lab);
  const { ports } = lab;
  const kube = path.join(toolchain.bin, "kube");
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
      args: [
        "apiserver",
        `--etcd-servers=unix://${etcd}`,
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        `--secure-port=${ports.kubernetes}`,
        // No pod calls the Service "kubernetes", and endpoints must not have a loopback address.
        "--endpoint-reconciler-type=none",
        `--cert-dir=${path.dirname(certificate)}`,
        `--service-account-key-file=${serviceAccountKey}`,
        `--service-account-signing-key-file=${serviceAccountKey}`,
        "--service-account-issuer=https://kubernetes.default.svc",
        `--token-auth-file=${tokens}`,
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--allow-privileged",
        "--profiling=false",
      ],
    },
    controllers: {
      name: "controllers",
      command: kube,
      args: [
        "controllers",
        ...component,
        `--secure-port=${ports.controllers}`,
        `--service-account-private-key-file=${serviceAccountKey}`,
        `--root-ca-file=${certificate}`,
        "--use-service-account-credentials",
        "--allocate-node-cidrs",
        "--cluster-cidr=10.128.0.0/14",
        "--node-cidr-mask-size=23",
        "--concurrent-deployment-syncs=20",
        "--concurrent-replicaset-syncs=20",
        "--concurrent-gc-syncs=50",
        "--profiling=false",
      ],
    },
    scheduler: {
      name: "scheduler",
      command: kube,
      args: ["scheduler", ...component, `--secure-port=${ports.scheduler}`, "--profiling=false"],
    },
    kwok: {
      name: "kwok",
      command: path.join(toolchain.bin, "kwok"),
      env: { PATH: process.env.PATH }, // inherited by the commands of `kubectl exec`
      args: [
        `--kubeconfig=${kubeconfig}`,
        "--manage-all-nodes",
        "--node-ip=127.0.0.1",
        `--node-port=${ports.kwok}`,
        `--server-address=127.0.0.1:${ports.kwok}`,
        `--tls-cert-file=${certificate}`,
        `--tls-private-key-file=${certificateKey}`,
        "--node-lease-duration-seconds=40",
        "--v=warn",
        ...(exec ? kwokKinds.map((kind) => `--enable-crds=${kind}`) : []),
        ...[...stages(toolchain), podLogRule].map((file) => `--config=${file}`),
      ],
    },
  };
}

export type DaemonName = "etcd" | "apiserver" | "controllers" | "scheduler" | "kwok";

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
