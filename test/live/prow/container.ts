/** Plays the kubelet for one pod: the real program with exactly what is declared, as its user, on a root of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo, Server } from "node:net";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { eventually, lab } from "../../../lab/harness/cloud.ts";
import { api, type KubeObject } from "../../../lab/harness/kube.ts";
import { files } from "../../../lab/kubernetes/files.ts";
import { type Bind, mountAccount, mountVolumes, type PodContainer, podSpec, type Probe } from "./pod.ts";
import { inward, local, outward, relay, relaysAreUp, type WayOut } from "./relay.ts";
import { rootScript } from "./root.ts";

/** A program that runs. */
export interface Running {
  /** Where a port of the container is reached. */
  readonly url: (port: number) => string;
  /** Its log so far. */
  readonly log: () => string;
  /** Exit code, once it has ended. */
  readonly code: () => number | null;
  readonly stop: () => Promise<void>;
}

/** What is run, and what stands for its image and its cluster. */
export interface Container {
  readonly namespace: string;
  readonly name: string;
  /** @default Deployment */
  readonly kind?: "Deployment" | "CronJob";
  /** What the image starts: a program of Prow by its path outside, or a command of this machine. */
  readonly program: string | readonly string[];
  /** What else the image has: path inside -> folder outside. */
  readonly image?: Readonly<Record<string, string>>;
  readonly imageEnv?: Readonly<Record<string, string>>;
  /** Ports of 127.0.0.1 that answer for Services of the namespace; the others refuse connections. */
  readonly answers?: Readonly<Record<string, number>>;
  /** It ends when it has done its work. @default false */
  readonly ends?: boolean;
  /** Paths that are declared as mounts and left out, to see that the program needs them. */
  readonly without?: readonly string[];
}

interface Service extends KubeObject {
  readonly spec: { readonly ports: readonly { readonly port: number }[] };
}

/** Runs the first container of a workload until its probes answer, in network and file system of its own. */
export async function runContainer(what: Container): Promise<Running> {
  const { namespace, name, kind = "Deployment", program, answers = {}, ends = false, without = [] } = what;
  const folder = mkdtempSync(path.join(tmpdir(), `orrery-${name}-`));
  const spec = await podSpec(namespace, kind, name);
  const [container] = spec.containers;
  if (container === undefined) throw new Error(`${name} has no container`);
  const authority = readFileSync(files(lab).certificate, "utf8");
  // Where ko puts a program.
  const own = typeof program === "string" ? `/ko-app/${path.basename(program)}` : "";
  const image = { ...(typeof program === "string" ? { [own]: program } : {}), ...what.image };
  const binds: readonly Bind[] = [
    ...(await mountVolumes(namespace, spec, container, folder)).filter(({ to }) => !without.includes(to)),
    ...(await mountAccount(namespace, spec, authority, folder)),
    ...Object.entries(image).map(([to, from]) => ({ from, to, writable: false })),
  ];
  const inside = portsOf(container);
  const { hosts, ways } = await waysOut(namespace, answers, inside);
  const script = path.join(folder, "start.sh");
  writeFileSync(
    script,
    rootScript({
      folder,
      binds,
      hosts,
      readOnly: container.securityContext?.readOnlyRootFilesystem === true,
      user: spec.securityContext?.runAsUser ?? 0,
      group: spec.securityContext?.runAsGroup ?? 0,
      capabilities: container.securityContext?.capabilities?.add ?? [],
      env: {
        PATH: "/usr/local/bin:/usr/bin:/bin",
        HOSTNAME: name,
        // As in a pod whose API is at this address.
        KUBERNETES_SERVICE_HOST: "127.0.0.1",
        KUBERNETES_SERVICE_PORT: `${lab.ports.kubernetes}`,
        ...what.imageEnv,
        ...Object.fromEntries((container.env ?? []).map((one) => [one.name, one.value ?? ""])),
      },
      relays: [path.join(import.meta.dirname, "relay.ts"), folder, JSON.stringify(inside), JSON.stringify(ways)],
      relaysAreUp: path.join(folder, relaysAreUp),
      command: [...(typeof program === "string" ? [own] : program), ...(container.args ?? [])],
    }),
  );
  const servers: Server[] = [];
  for (const outside of new Set(ways.map((way) => way.outside)))
    servers.push(await relay(outward(folder, outside), local(outside)));
  const logFile = path.join(folder, "log");
  const log = openSync(logFile, "a");
  const child = spawn("setpriv", ["--pdeathsig", "TERM", "unshare", "--net", "--mount", "sh", "-eu", script], {
    env: { PATH: process.env.PATH ?? "" },
    stdio: ["ignore", log, log],
    detached: true,
  });
  closeSync(log);
  const entrances = new Map<number, number>();
  for (const port of inside) {
    const server = await relay(local(0), inward(folder, port));
    servers.push(server);
    entrances.set(port, (server.address() as AddressInfo).port);
  }
  const running: Running = {
    url: (port) => `http://127.0.0.1:${entrances.get(port) ?? 0}`,
    log: () => readFileSync(logFile, "utf8"),
    code: () => child.exitCode,
    stop: async () => {
      await end(child);
      // The program has another user by then, so its relays do not hear of its death.
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // Nobody is left in it.
      }
      for (const server of servers) server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    const probes = [container.livenessProbe, container.readinessProbe].filter((one) => one !== undefined);
    const healthy = async (): Promise<boolean> =>
      ends ? false : (await Promise.all(probes.map((one) => answersTo(one, container, running)))).every(Boolean);
    await eventually(`the probes of ${name} answer`, healthy, (ok) => ok || child.exitCode !== null, 120);
    if (child.exitCode !== null && !(ends && child.exitCode === 0))
      throw new Error(`${name} ended with ${child.exitCode}`);
  } catch (error) {
    const said = running.log().trim().slice(-3000);
    await running.stop();
    throw new Error(`${name} does not run: ${said}`, { cause: error });
  }
  return running;
}

/** Addresses for the Services of a namespace, one each, and where those lead that somebody answers for. */
async function waysOut(namespace: string, answers: Readonly<Record<string, number>>, inside: readonly number[]) {
  const services = await api.list<Service>(`/api/v1/namespaces/${namespace}/services`);
  const hosts: [host: string, address: string][] = [];
  const ways: WayOut[] = [{ host: "127.0.0.1", port: lab.ports.kubernetes, outside: lab.ports.kubernetes }];
  for (const [index, { metadata, spec }] of services.entries()) {
    const host = `127.1.0.${index + 1}`;
    hosts.push([metadata.name, host], [`${metadata.name}.${namespace}.svc`, host]);
    const outside = answers[metadata.name];
    if (outside === undefined) continue;
    // A port that the program itself takes on all addresses cannot be another's on one of them.
    for (const { port } of spec.ports) if (!inside.includes(port)) ways.push({ host, port, outside });
  }
  return { hosts, ways };
}

/** Ports that are declared or asked. */
function portsOf(container: PodContainer): readonly number[] {
  const asked = [container.livenessProbe, container.readinessProbe].flatMap((one) => {
    const port = one?.httpGet?.port ?? one?.tcpSocket?.port;
    return port === undefined ? [] : [numberOf(port, container)];
  });
  return [...new Set([...(container.ports ?? []).map(({ containerPort }) => containerPort), ...asked])];
}

const numberOf = (port: number | string, { ports = [] }: PodContainer): number =>
  typeof port === "number" ? port : (ports.find(({ name }) => name === port)?.containerPort ?? 0);

/** Whether a probe is answered as a kubelet wants it. */
async function answersTo(probe: Probe, container: PodContainer, { url }: Running): Promise<boolean> {
  const { httpGet, tcpSocket } = probe;
  if (httpGet !== undefined) {
    const asked = `${url(numberOf(httpGet.port, container))}${httpGet.path}`;
    return fetch(asked, { signal: AbortSignal.timeout(2000), redirect: "manual" }).then(
      ({ status }) => status >= 200 && status < 400,
      () => false,
    );
  }
  if (tcpSocket === undefined) return true;
  // The relay takes every connection; the one behind it ends at once where nobody listens.
  const { port } = new URL(url(numberOf(tcpSocket.port, container)));
  return new Promise((resolve) => {
    const socket = connect(Number(port), "127.0.0.1");
    const done = (ok: boolean) => () => {
      socket.destroy();
      resolve(ok);
    };
    socket.on("error", done(false)).on("close", done(false)).setTimeout(500, done(true));
  });
}

/** Ends a program as a kubelet does, and after 5 s for good. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
  await gone;
  clearTimeout(timer);
}
