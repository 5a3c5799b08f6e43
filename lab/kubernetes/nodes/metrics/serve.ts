/** Serves metrics.k8s.io: asks each kubelet every 15 s, and answers the API server, which passes on what it has authorised. */
import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import { createServer } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { TLSSocket } from "node:tls";
import type { LabSettings } from "../../../settings.ts";
import type { KubeApi } from "../../api.ts";
import { certificateFor } from "../../router/certificates.ts";
import { apiServerName, nodeCredentials } from "../credentials.ts";
import { coalesced, eachOnce } from "../follow.ts";
import { realNodes } from "../plan.ts";
import { answer, type Metrics } from "./answers.ts";
import { registration, servedName } from "./registration.ts";
import { following, type Pair, samplesIn, type Usage, usageOf, wholeNode } from "./samples.ts";

/** Seconds between two samples, as metrics-server is usually set. */
const resolution = 15;

/** Serves for ever, once it listens. */
export async function serveMetrics(lab: LabSettings, api: KubeApi): Promise<void> {
  const known = new Map<string, ReadonlyMap<string, Pair>>();
  const server = await metricsServer(lab, api, metricsOf(known));
  server.listen(lab.ports.metrics, "127.0.0.1");
  void sampleKubelets(lab, api, known);
  coalesced("metrics", 50, async () => {
    for (const object of registration(lab)) await api.apply(object);
  })();
}

/** The server, which is not listening yet. Only the API server is answered: it has asked who calls, and what they may do. */
export async function metricsServer(lab: LabSettings, api: KubeApi, metrics: Metrics): Promise<Server> {
  const pem = readFileSync(await certificateFor(lab, servedName));
  const ca = readFileSync(nodeCredentials(lab).authority);
  const tls = { key: pem, cert: pem, ca, requestCert: true, rejectUnauthorized: false };
  return createServer(tls, ({ method = "", url = "", socket }, outgoing) => {
    const proven = socket instanceof TLSSocket && socket.authorized;
    if (!proven || socket.getPeerCertificate().subject.CN !== apiServerName) {
      outgoing.writeHead(401).end();
      return;
    }
    answer(api, metrics, method, url).then(
      ({ status, body }) =>
        outgoing.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)),
      (error: unknown) => {
        console.error(`metrics: ${error instanceof Error ? error.message : String(error)}`);
        outgoing.writeHead(500).end();
      },
    );
  });
}

/** @param known - by the node's name, what its kubelet said */
export function metricsOf(known: ReadonlyMap<string, ReadonlyMap<string, Pair>>): Metrics {
  return {
    node: (name) => {
      const pair = known.get(name)?.get(wholeNode);
      return pair === undefined ? undefined : usageOf(pair);
    },
    pod: (namespace, name) => {
      const start = `${namespace}/${name}/`;
      const own = [...known.values()].flatMap((pairs) => [...pairs].filter(([key]) => key.startsWith(start)));
      const usages = own.flatMap(([key, pair]): [string, Usage][] => {
        const usage = usageOf(pair);
        return usage === undefined ? [] : [[key.slice(start.length), usage]];
      });
      return own.length === 0 || usages.length < own.length ? undefined : new Map(usages);
    },
  };
}

async function sampleKubelets(
  lab: LabSettings,
  api: KubeApi,
  known: Map<string, ReadonlyMap<string, Pair>>,
): Promise<void> {
  const once = eachOnce();
  const ask = async (name: string): Promise<void> => {
    const { status, body } = await api.text(`/api/v1/nodes/${name}/proxy/metrics/resource`);
    if (status !== 200) throw new Error(`the kubelet's answer has status ${status}`);
    const before = known.get(name);
    const pairs = [...samplesIn(body)].map(([key, one]): [string, Pair] => [key, following(before?.get(key), one)]);
    known.set(name, new Map(pairs));
  };
  const asked = (name: string): Promise<void> =>
    once(`metrics of ${name}`, async () => {
      try {
        await ask(name);
      } catch (error) {
        // What a kubelet does not say is not known.
        known.delete(name);
        throw error;
      }
    });
  for (;;) {
    await Promise.all(realNodes(lab).map(({ name }) => asked(name)));
    await sleep(resolution * 1000);
  }
}
