import { existingNamespace } from "../../../../blocks/kubernetes/metadata.ts";
import * as probe from "../../../../blocks/kubernetes/probe.ts";
import { redisConf } from "../../../../blocks/redisConf.ts";
import { toResources } from "../../../../blocks/kubernetes/resources.ts";
import { digest, existingSecretEnv } from "../../../../blocks/kubernetes/secret.ts";
import * as volumes from "../../../../blocks/kubernetes/volume.ts";
import { decorated, least, type Section } from "./section.ts";

const share = { readOnly: false, subPath: "part", propagation: "HostToContainer" } as const;

/** Secrets, files and claims, read by one Job in every way; and converters without resources. */
export const storedBlocks: Section = async (cluster, opts) => {
  const { ServiceSecret } = await import("../../../../blocks/kubernetes/secret.ts");
  const { ConfigMap } = await import("../../../../blocks/kubernetes/configMap.ts");
  const { PersistentVolumeClaim } = await import("../../../../blocks/kubernetes/persistentVolumeClaim.ts");
  const { Job } = await import("../../../../blocks/kubernetes/job.ts");
  const namespace = existingNamespace(cluster, "apps");

  const secret = new ServiceSecret("secret-least", { namespace, name: "secret", values: { token: "t0p" } }, opts);
  const values = { token: "t0p", file: { base64: "AAEC" } };
  const type = "kubernetes.io/ssh-auth";
  const still = new ServiceSecret(
    "secret-full",
    { namespace, name: "secret-full", ...decorated, values, type, restartOnChange: false },
    opts,
  );
  const binary = new ServiceSecret(
    "secret-binary",
    { namespace, name: "secret-binary", values, restartOnChange: true },
    opts,
  );

  const files = new ConfigMap("files-least", { namespace, name: "files", data: { "a.txt": "a" } }, opts);
  const both = { data: { "a.txt": "a" }, binaryData: { b: "AAEC" } };
  const stillFiles = new ConfigMap(
    "files-full",
    { namespace, name: "files-full", ...decorated, ...both, restartOnChange: false },
    opts,
  );
  const theirs = new ConfigMap(
    "files-theirs",
    { namespace, name: "files-theirs", ...both, ownedByCluster: true },
    opts,
  );
  const binaryFiles = new ConfigMap("files-binary", { namespace, name: "files-binary", ...both }, opts);

  const claim = new PersistentVolumeClaim("claim-least", { namespace, name: "claim", size: "1Gi" }, opts);
  const fullClaim = new PersistentVolumeClaim(
    "claim-full",
    {
      ...{
        namespace,
        name: "claim-full",
        ...decorated,
        size: "2Gi",
        storageClass: "fast",
        accessModes: ["ReadWriteMany"],
      },
      ...{ volumeName: "pv-1", retention: { protect: false, retainOnDelete: true } },
    },
    opts,
  );

  const reader = {
    ...least,
    scratch: [],
    env: {
      TOKEN: secret.env("token"),
      STILL: still.env("token"),
      THEIRS: existingSecretEnv("theirs", "key"),
      MAYBE: existingSecretEnv("theirs", "maybe", true),
      FILE: files.env("a.txt"),
      OTHER: stillFiles.env("a.txt"),
    },
    envFrom: [secret.envFrom(), still.envFrom("S_"), files.envFrom("F_"), theirs.envFrom(), binaryFiles.envFrom()],
    mounts: {
      "/secret": secret.mount(),
      "/still": still.mount({ ...share, volume: "still", items: { token: "t.txt" }, mode: 0o400, optional: true }),
      "/binary": binary.mount({ optional: false }),
      "/files": files.mount(),
      "/more": theirs.mount({ ...share, volume: "more", items: { "a.txt": "b.txt" }, mode: 0o440, optional: true }),
      "/claim": claim.mount(),
      "/part": fullClaim.mount({ volume: "data", subPath: "part" }),
      "/read": volumes.existingClaim("theirs", "label", { readOnly: true }),
      "/scratch": volumes.scratch(),
      "/memory": volumes.scratch({ volume: "memory", size: "64Mi", memory: true }),
      "/host": volumes.hostPath("/dev", { propagation: "Bidirectional" }),
      "/typed": volumes.hostPath("/run", { type: "Directory", readOnly: true }),
      "/any": volumes.volume("any", { nfs: { server: "nfs", path: "/" } }, { readOnly: true }),
    },
    exceptions: { "host-path": "reads the node" },
  };
  new Job("reader", { namespace, name: "reader", deadlineSeconds: 60, containers: [reader] }, opts);

  const timing = { delay: 1, period: 2, timeout: 3, successes: 4, failures: 5 };
  const headers = { Accept: "text/plain" };
  const redis = { dataFolder: "/data", maxMemoryMiB: 64, eviction: "noeviction", snapshots: false } as const;
  const all = { authFile: "/auth", snapshots: true, appendOnly: true, idleSeconds: 9 };
  return {
    probes: [
      ...[probe.http("/", 80), probe.http("/", "web", { ...timing, scheme: "HTTPS", host: "h", headers })],
      ...[probe.tcp(80), probe.tcp("web", timing), probe.exec(["true"]), probe.exec(["sh", "-c", "x"], timing)],
      probe.tcp(1, { delay: 0, period: 0, timeout: 0, successes: 0, failures: 0 }),
    ],
    template: [volumes.claimTemplate("data"), volumes.claimTemplate("data", share)],
    identities: [
      secret.mount().identity,
      still.mount({ items: { token: "t" }, mode: 1 }).identity,
      files.mount().identity,
    ],
    resources: [
      toResources({ cpu: "1", memory: ["1Gi", "2Gi"] }),
      toResources({ cpu: ["1", "none"], memory: "1Gi", ephemeralStorage: "3Gi" }),
    ],
    redis: [redisConf(redis), redisConf({ ...redis, ...all }), redisConf({ ...redis, appendOnly: false })],
    digests: [digest({ a: "1", b: "2" }) === digest({ b: "2", a: "1" }), digest({ a: "1" })],
  };
};
