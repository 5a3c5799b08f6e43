/** Files of the cluster in the lab's folder. */
import path from "node:path";
import type { LabSettings } from "../settings.ts";

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

/** Holds a folder for each volume of real nodes. */
export const volumesFolder = (lab: LabSettings): string => path.join(files(lab).data, "volumes");
