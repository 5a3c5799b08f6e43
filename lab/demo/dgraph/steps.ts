/** What clients see of Dgraph: pydgraph inside the cluster, TLS at the Routes. */
import { connect } from "node:tls";
import { nodeNetwork } from "../../kubernetes/nodes/plan.ts";
import type { LabSettings } from "../../settings.ts";
import type { Run } from "../../pulumi.ts";
import { execute, kubectl } from "../kubectl.ts";
import { orrery } from "../stack.ts";
import { until } from "../until.ts";
import { clients, clientTarget, name, namespace, source } from "./deploy.ts";

/** What the client has seen since it began to ask. */
export interface Asked {
  readonly asked: number;
  /** gRPC's code and words of each question without an answer. */
  readonly failed: readonly string[];
  /** Names of the last answer. */
  readonly names: readonly string[];
}

/** What the client has seen. @throws if it does not ask */
export const asked = (run: Run): Promise<Asked> =>
  until("the client's questions", 120, async () => {
    const text = await execute(run, clients, [clientTarget, "--", "cat", "/tmp/asked.json"]).catch(() => "");
    return text === "" ? undefined : (JSON.parse(text) as Asked);
  });

/** Writes a name, as another client. @returns what pydgraph says */
export async function write(run: Run, text: string): Promise<string> {
  return (await execute(run, clients, [clientTarget, "--", "python3", "/srv/asking.py", text])).trim();
}

/** What a server shows at a Route. */
export interface Shown {
  readonly serial: string;
  readonly issuer: string;
  /** Whether the authority and the name are right. */
  readonly trusted: boolean;
}

/** Asks a Route for its server's certificate. @param ca - the authority @throws if nobody answers */
export function shownAt(lab: LabSettings, host: string, ca: string): Promise<Shown> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: nodeNetwork(lab).ingress,
      port: 443,
      servername: host,
      ca,
      rejectUnauthorized: false,
    });
    socket.setTimeout(20_000, () => socket.destroy(new Error(`${host} does not answer`)));
    socket.on("error", reject);
    socket.on("secureConnect", () => {
      const { serialNumber, issuer } = socket.getPeerCertificate();
      resolve({ serial: serialNumber, issuer: String(issuer.CN), trusted: socket.authorized });
      socket.end();
    });
  });
}

/** Replaces the certificates and their keys, as an operator does, who then looks until the servers have rolled. @returns what the command prints */
export async function rotate(run: Run): Promise<string> {
  const printed = await orrery(run, { name, source }, ["thoth", "rotate-dgraph-certificates", "--keys", "--yes"]);
  // pulumi-kubernetes 4.25 (await/statefulset.go) takes a status for the new generation's that is still the old one's.
  await kubectl(run, namespace, ["rollout", "status", "statefulset/alpha", "--timeout=110s"]);
  return printed;
}
