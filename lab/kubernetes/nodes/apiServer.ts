/** The API server's options for real nodes. */
import type { LabSettings } from "../../settings.ts";
import { nodeCredentials } from "./credentials.ts";
import { nodeNetwork } from "./plan.ts";

/** Options of the API server, once the credentials exist. */
export function apiServerOptions(lab: LabSettings): string[] {
  const { certificate, key } = nodeCredentials(lab);
  return [
    // Endpoint of the Service "kubernetes": the forwarder in each node.
    `--advertise-address=${nodeNetwork(lab).services}`,
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    `--kubelet-client-certificate=${certificate}`,
    `--kubelet-client-key=${key}`,
    "--kubelet-preferred-address-types=InternalIP",
  ];
}
