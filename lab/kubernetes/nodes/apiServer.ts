/** The API server's options for real nodes. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { LabSettings } from "../../settings.ts";
import { files } from "../files.ts";
import { apiServerName, nodeCredentials } from "./credentials.ts";
import { nodeNetwork } from "./plan.ts";

/** Where the forwarder waits for the API server's calls to webhooks, kubelets and pods. */
export const egressSocket = (lab: LabSettings): string => path.resolve(lab.dir, "run", "egress.sock");

const egressFile = (lab: LabSettings): string => path.join(files(lab).etc, "egress.yaml");

/** Writes the way of these calls, before the API server starts. */
export function writeEgress(lab: LabSettings): void {
  mkdirSync(files(lab).etc, { recursive: true });
  const connection = { proxyProtocol: "HTTPConnect", transport: { uds: { udsName: egressSocket(lab) } } };
  const [apiVersion, kind] = ["apiserver.k8s.io/v1beta1", "EgressSelectorConfiguration"];
  writeFileSync(
    egressFile(lab),
    JSON.stringify({ apiVersion, kind, egressSelections: [{ name: "cluster", connection }] }),
  );
}

/** Options of the API server, once the credentials exist. */
export function apiServerOptions(lab: LabSettings): string[] {
  const { authority, certificate, key } = nodeCredentials(lab);
  return [
    // Endpoint of the Service "kubernetes": the forwarder in each node.
    `--advertise-address=${nodeNetwork(lab).services}`,
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    `--kubelet-client-certificate=${certificate}`,
    `--kubelet-client-key=${key}`,
    "--kubelet-preferred-address-types=InternalIP",
    // Webhooks and aggregated APIs by their pods' addresses: the Services' exist in nodes only.
    "--enable-aggregator-routing",
    `--egress-selector-config-file=${egressFile(lab)}`,
    // An aggregated API believes who calls it through this server.
    `--proxy-client-cert-file=${certificate}`,
    `--proxy-client-key-file=${key}`,
    `--requestheader-client-ca-file=${authority}`,
    `--requestheader-allowed-names=${apiServerName}`,
    "--requestheader-username-headers=X-Remote-User",
    "--requestheader-group-headers=X-Remote-Group",
    "--requestheader-extra-headers-prefix=X-Remote-Extra-",
  ];
}
