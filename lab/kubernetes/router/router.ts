/** The lab's router: HAProxy in the nodes' network, whose configuration follows from the cluster's Routes and Ingresses. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { replaceFile } from "../../../config/replaceFile.ts";
import { type Daemon, runningPid } from "../../process.ts";
import type { LabSettings } from "../../settings.ts";
import type { KubeApi } from "../api.ts";
import { files } from "../files.ts";
import { coalesced, follow } from "../nodes/follow.ts";
import { nodeNetwork } from "../nodes/plan.ts";
import { authorityFile, certificateFor } from "./certificates.ts";
import { configuration } from "./haproxy.ts";
import { ingressOutcomes } from "./ingresses.ts";
import type { EndpointSlice, Ingress, Route, RouterInputs, Secret, Service, TcpServices } from "./objects.ts";
import { putIntoForce, revisionAt } from "./reload.ts";
import { routeOutcomes } from "./routes.ts";
import type { Backend, Site, TcpSite } from "./sites.ts";
import { balance, reportIngresses, reportRoutes } from "./status.ts";
import { tcpServices, tcpSites } from "./tcp.ts";

/** Names of hosts that the router shows its first certificate for. */
const defaultHost = "*.apps.lab.test";

/** HAProxy's file; it exists once the controller has seen the cluster. */
export const routerFile = (lab: LabSettings): string => path.join(files(lab).etc, "router", "haproxy.cfg");

/** Folder of the file `hosts`: addresses and names of what the router serves and of named Services, for the cluster's DNS and for browsers. */
export const namesFolder = (lab: LabSettings): string => path.join(files(lab).etc, "names");

/** Hosts with their addresses: the router's, sorted, and those of named Services; none before the first start. */
export function knownHosts(lab: LabSettings): ReadonlyMap<string, string> {
  const file = path.join(namesFolder(lab), "hosts");
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
  return new Map(lines.map((line) => line.split(" ").toReversed() as [string, string]));
}

/** Hosts that the router serves. */
export function servedHosts(lab: LabSettings): string[] {
  const { ingress } = nodeNetwork(lab);
  return [...knownHosts(lab)].flatMap(([host, address]) => (address === ingress ? host : []));
}

/** The router's process; signal USR2 makes it read its file again. */
export function routerDaemon(lab: LabSettings): Daemon {
  const namespace = `--net=/run/netns/${nodeNetwork(lab).netns}`;
  return { name: "router", command: "nsenter", args: [namespace, "haproxy", "-W", "-db", "-f", routerFile(lab)] };
}

/** Follows the cluster for ever: serves its Routes and Ingresses, and writes their status and that of balanced Services. */
export function routeTraffic(lab: LabSettings, api: KubeApi): void {
  const { ingress: address, balanced } = nodeNetwork(lab);
  const authority = readFileSync(authorityFile(lab), "utf8");
  const changed = coalesced("routes", 200, async () => {
    const inputs: Record<keyof RouterInputs, readonly unknown[] | undefined> = {
      routes: routes.objects(),
      ingresses: ingresses.objects(),
      services: services.objects(),
      slices: slices.objects(),
      secrets: secrets.objects(),
    };
    const passed = tcp.objects();
    if (passed === undefined || Object.values(inputs).includes(undefined)) return;
    const known = inputs as unknown as RouterInputs;
    const admitted = routeOutcomes(known, authority);
    const hosts = new Set(admitted.flatMap(({ sites }) => sites.map(({ host }) => host)));
    const entered = ingressOutcomes(known, hosts);
    await serve(
      lab,
      [...admitted, ...entered].flatMap(({ sites }) => sites),
      tcpSites(passed, known),
      namedServices(known.services),
    );
    await reportRoutes(api, admitted);
    await reportIngresses(api, known.ingresses, address);
    await balance(api, known.services, balanced.replace(/\.0\/24$/, ""));
  });
  const routes = follow<Route>(api, "/apis/route.openshift.io/v1/routes", changed);
  const ingresses = follow<Ingress>(api, "/apis/networking.k8s.io/v1/ingresses", changed);
  const services = follow<Service>(api, "/api/v1/services", changed);
  const slices = follow<EndpointSlice>(api, "/apis/discovery.k8s.io/v1/endpointslices", changed);
  const tcp = follow<TcpServices>(api, `/api/v1/namespaces/${tcpServices.namespace}/configmaps`, changed);
  const secrets = follow<Secret>(api, "/api/v1/secrets?fieldSelector=type%3Dkubernetes.io/tls", changed);
}

/** Lines of addresses and names of balanced Services that ask for names as with ExternalDNS, for what the router does not serve. */
export const namedServices = (services: readonly Service[]): string[] =>
  services
    .flatMap(({ metadata, status }) => {
      const names = metadata.annotations?.["external-dns.alpha.kubernetes.io/hostname"]?.split(",") ?? [];
      const address = status?.loadBalancer?.ingress?.[0]?.ip;
      return address === undefined ? [] : names.map((name) => `${address} ${name.trim()}`);
    })
    .sort();

/** Puts sites into force. @throws with HAProxy's message if it refuses them; the earlier ones then stay in force */
async function serve(
  lab: LabSettings,
  sites: readonly Site[],
  tcp: readonly TcpSite[],
  named: readonly string[],
): Promise<void> {
  const file = routerFile(lab);
  const folder = path.dirname(file);
  mkdirSync(path.join(folder, "pem"), { recursive: true, mode: 0o700 });
  const list = path.join(folder, "certificates");
  const pem = new PemFolder(path.join(folder, "pem"));
  const lines = [`${await certificateFor(lab, defaultHost)} ${defaultHost}`];
  const shown = new Map<string, string | undefined>();
  for (const { host, tls, certificate } of sites) {
    if (tls === "edge" || tls === "reencrypt") shown.set(host, shown.get(host) ?? certificate);
  }
  for (const [host, own] of [...shown].sort(([a], [b]) => a.localeCompare(b))) {
    lines.push(`${own === undefined ? await certificateFor(lab, host) : pem.file(own)} ${host}`);
  }
  const authority = ({ authority: text = "" }: Backend): string => pem.file(text);
  const { ingress: address } = nodeNetwork(lab);
  const certificates = `${lines.join("\n")}\n`;
  const textOf = (revision: string): string =>
    configuration(sites, { address, certificates: list, authorityFile: authority, revision }, tcp);
  const revision = createHash("sha256")
    .update(textOf("") + certificates)
    .digest("hex");
  const text = textOf(revision);
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) {
    replaceFile(list, certificates);
    replaceFile(`${file}.new`, text);
    await promisify(execFile)("haproxy", ["-c", "-q", "-f", `${file}.new`]);
    replaceFile(file, text);
    rmSync(`${file}.new`);
    pem.removeOthers();
  }
  const pid = runningPid(lab.dir, "router");
  if (pid !== undefined) {
    const router = { revision: () => revisionAt(address), signal: () => process.kill(pid, "SIGUSR2") };
    await putIntoForce(router, revision);
  }
  writeNames(lab, sites, named);
}

/** Certificates and authorities of objects, each in a file named after its content. */
class PemFolder {
  readonly #folder: string;
  readonly #used = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  file(content: string): string {
    const name = `${createHash("sha256").update(content).digest("hex").slice(0, 16)}.pem`;
    const file = path.join(this.#folder, name);
    if (!existsSync(file)) replaceFile(file, content);
    this.#used.add(name);
    return file;
  }

  removeOthers(): void {
    for (const name of readdirSync(this.#folder)) {
      if (!this.#used.has(name)) rmSync(path.join(this.#folder, name));
    }
  }
}

/** CoreDNS runs as another user and reads this folder alone. */
function writeNames(lab: LabSettings, sites: readonly Site[], named: readonly string[]): void {
  const { ingress } = nodeNetwork(lab);
  const hosts = [...new Set(sites.map(({ host }) => host))].sort();
  const text = [...hosts.map((host) => `${ingress} ${host}`), ...named].map((line) => `${line}\n`).join("");
  const file = path.join(namesFolder(lab), "hosts");
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  replaceFile(file, text);
}
