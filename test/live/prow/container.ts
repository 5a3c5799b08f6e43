/** Plays the kubelet for one container of a Deployment: the real program with the cluster's own files, flags and account. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { kubeconfig } from "../../../config/samples.ts";
import { eventually, lab } from "../../../lab/harness/cloud.ts";
import { api, type KubeObject } from "../../../lab/harness/kube.ts";
import { inward, outward, relay, relaysAreUp } from "./relay.ts";

interface Deployment extends KubeObject {
  readonly spec: { readonly template: { readonly spec: PodSpec } };
}

interface PodSpec {
  readonly serviceAccountName: string;
  readonly containers: readonly {
    readonly name: string;
    readonly args?: readonly string[];
    readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  }[];
  readonly volumes?: readonly {
    readonly name: string;
    readonly configMap?: { readonly name: string };
    readonly secret?: { readonly secretName: string };
  }[];
}

interface Content {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** A program that runs. */
export interface Running {
  /** Where it listens. */
  readonly url: string;
  /** Its log so far. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

/** Port by which every program of Prow tells its health. */
const health = 8081;

/** What is run, and what is different from a pod. */
export interface Container {
  readonly namespace: string;
  readonly deployment: string;
  /** Path of the program that stands for the image. */
  readonly program: string;
  /** Port that it serves. */
  readonly port: number;
  /** GitHub's API, at a port of 127.0.0.1. */
  readonly github: string;
  /** Flags for defaults that are paths of the image or of mounted files. */
  readonly flags?: (folder: string) => readonly string[];
}

/** Runs a Deployment's first container as its account, in a network namespace of its own, so that its ports are its own. */
export async function runContainer({
  namespace,
  deployment,
  program,
  port,
  github,
  flags = () => [],
}: Container): Promise<Running> {
  const folder = mkdtempSync(path.join(tmpdir(), `orrery-${deployment}-`));
  const { spec } = (await api.get<Deployment>(`/apis/apps/v1/namespaces/${namespace}/deployments/${deployment}`)).spec
    .template;
  const [container] = spec.containers;
  if (container === undefined) throw new Error(`${deployment} has no container`);
  for (const { name, mountPath } of container.volumeMounts ?? []) {
    const volume = spec.volumes?.find((one) => one.name === name);
    await mount(namespace, volume ?? { name }, path.join(folder, mountPath));
  }
  const account = path.join(folder, "kubeconfig");
  writeFileSync(
    account,
    kubeconfig(`https://127.0.0.1:${lab.ports.kubernetes}`, await tokenOf(namespace, spec.serviceAccountName)),
  );
  // Paths of mounted files are below the folder here.
  const own = (container.args ?? [])
    .filter((one) => !/^--(github-(graphql-)?endpoint|kubeconfig)=/.test(one))
    .map((one) => one.replace(/=\/(?=etc\/)/, `=${folder}/`));
  const args = [...own, `--github-endpoint=${github}`, `--kubeconfig=${account}`, ...flags(folder)];
  const reached = [lab.ports.kubernetes, Number(new URL(github).port)];
  const servers: Server[] = [];
  for (const one of reached) servers.push(await relay(outward(folder, one), one));
  const logFile = path.join(folder, "log");
  const log = openSync(logFile, "a");
  const relays = [path.join(import.meta.dirname, "relay.ts"), folder, `${port},${health}`, reached.join()];
  // The program starts when the API can be reached: some end at once when it cannot, and nobody starts them again here.
  const wait = `while [ ! -e ${relaysAreUp} ] && kill -0 $!; do sleep 0.05; done`;
  const script = `ip link set lo up; relays=$1; shift; setpriv --pdeathsig KILL "$0" $relays & ${wait}; exec "$@"`;
  const command = ["unshare", "--net", "sh", "-c", script, process.execPath, relays.join(" "), program, ...args];
  const child = spawn("setpriv", ["--pdeathsig", "TERM", ...command], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? "", HOME: folder },
    stdio: ["ignore", log, log],
    detached: true,
  });
  closeSync(log);
  const entrances = await Promise.all([port, health].map((one) => relay(0, inward(folder, one))));
  const [url = "", healthUrl = ""] = entrances.map((one) => `http://127.0.0.1:${(one.address() as AddressInfo).port}`);
  const running: Running = {
    url,
    log: () => readFileSync(logFile, "utf8"),
    stop: async () => {
      await end(child);
      for (const server of [...servers, ...entrances]) server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  const ready = (): Promise<boolean> =>
    fetch(`${healthUrl}/healthz/ready`, { signal: AbortSignal.timeout(2000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  try {
    await eventually(`${deployment} says that it is ready`, ready, (ok) => ok || child.exitCode !== null, 60);
    if (child.exitCode !== null) throw new Error(`${deployment} ended: ${running.log().trim().slice(-1500)}`);
  } catch (error) {
    const said = running.log().trim().slice(-1500);
    await running.stop();
    throw new Error(`${deployment} does not run: ${said}`, { cause: error });
  }
  return running;
}

async function mount(namespace: string, volume: NonNullable<PodSpec["volumes"]>[number], at: string): Promise<void> {
  mkdirSync(at, { recursive: true });
  const { configMap, secret } = volume;
  if (configMap === undefined && secret === undefined) return;
  const place = configMap === undefined ? `secrets/${secret?.secretName ?? ""}` : `configmaps/${configMap.name}`;
  const { data, binaryData } = await api.get<KubeObject & Content>(`/api/v1/namespaces/${namespace}/${place}`);
  const encoded = configMap === undefined ? data : binaryData;
  for (const [file, text] of Object.entries(encoded ?? {}))
    writeFileSync(path.join(at, file), Buffer.from(text, "base64"));
  if (configMap !== undefined)
    for (const [file, text] of Object.entries(data ?? {})) writeFileSync(path.join(at, file), text);
}

/** A token of an account, as its pods get one. */
async function tokenOf(namespace: string, account: string): Promise<string> {
  const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3600 } };
  const { status } = await api.post<{ status: { token: string } }>(
    `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
    request,
  );
  return status.token;
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
