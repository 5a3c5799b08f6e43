/** Runs kubectl in one namespace, and explains its most common failures and their fix. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { childEnvironment } from "../../../config/childEnvironment.ts";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";

/** Options of every command that asks a cluster. */
export const kubectlOptions = {
  kubeconfig: {
    type: "string",
    value: "FILE",
    help: "the cluster's kubeconfig (default: KUBECONFIG, then ~/.kube/config)",
  },
  context: { type: "string", value: "NAME", help: "its context (default: the current one)" },
} as const satisfies OptionSpecs;

/** The same for commands that ask all clusters of a stack. */
export const stackKubectlOptions = {
  ...kubectlOptions,
  kubeconfig: {
    ...kubectlOptions.kubeconfig,
    help: "kubeconfig of the clusters (default: the stack's secrets clusters:NAME)",
  },
} as const satisfies OptionSpecs;

/** Values of {@link kubectlOptions}. */
export type KubectlValues = Partial<ValuesOf<typeof kubectlOptions>>;

/** kubectl, bound to a namespace if one is named. */
export class Kubectl {
  private readonly common: readonly string[];
  private readonly values: KubectlValues;

  constructor(namespace: string | undefined, values: KubectlValues) {
    this.values = values;
    const { kubeconfig, context } = values;
    this.common = [
      ...(namespace === undefined ? [] : ["--namespace", namespace]),
      ...(kubeconfig === undefined ? [] : ["--kubeconfig", kubeconfig]),
      ...(context === undefined ? [] : ["--context", context]),
    ];
  }

  /** The same cluster, in a namespace. */
  within(namespace: string): Kubectl {
    return new Kubectl(namespace, this.values);
  }

  /** All arguments of a call, for who starts kubectl itself. */
  args(...words: readonly string[]): readonly string[] {
    return [...this.common, ...words];
  }

  /** What a call prints. @throws with kubectl's own message, or what to do about it */
  async output(words: readonly string[], input?: string): Promise<string> {
    const { status, stdout, stderr } = await this.call(words, input);
    if (status !== 0) throw new Error(explain(stderr));
    return stdout;
  }

  /** Objects that a `get` finds, as JSON. */
  async get<T>(...words: readonly string[]): Promise<T> {
    return JSON.parse(await this.output(["get", ...words, "--output", "json"])) as T;
  }

  /** Runs a call in the foreground. @returns its exit code */
  foreground(words: readonly string[]): Promise<number> {
    return new Promise((resolve, reject) => {
      const child = spawn("kubectl", this.args(...words), {
        env: childEnvironment("kubectl"),
        stdio: ["inherit", "inherit", "pipe"],
      });
      let said = "";
      child.stderr.on("data", (chunk: Buffer) => {
        process.stderr.write(chunk.toString().replaceAll(discoveryNoise, ""));
        said += chunk.toString();
      });
      // A terminal's Ctrl-C reaches kubectl too, other signals only this process; either way kubectl ends first.
      const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
      process.on("SIGINT", pass).on("SIGTERM", pass);
      child.on("error", (error) => {
        reject(missing(error));
      });
      child.on("close", (code, signal) => {
        process.off("SIGINT", pass).off("SIGTERM", pass);
        const known = code === 0 || code === null ? undefined : knownProblem(said);
        if (known !== undefined) console.error(`orrery: ${known}`);
        resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]);
      });
    });
  }

  private call(words: readonly string[], input?: string): Promise<{ status: number; stdout: string; stderr: string }> {
    return new Promise((resolve, reject) => {
      const child = spawn("kubectl", this.args(...words, ...requestLimit(words)), {
        env: childEnvironment("kubectl"),
        stdio: ["pipe", "pipe", "pipe"],
      });
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
      child.on("error", (error) => {
        reject(missing(error));
      });
      child.on("close", (code) => {
        resolve({ status: code ?? 1, stdout, stderr });
      });
      child.stdin.end(input);
    });
  }
}

/** Calls that go on as long as what they watch; each has a --timeout of its own. */
const watching = new Set(["exec", "logs", "wait", "rollout", "port-forward"]);

/** How long the API server may take to answer, which kubectl waits for without an end. */
const requestLimit = ([verb = ""]: readonly string[]): readonly string[] =>
  watching.has(verb) ? [] : ["--request-timeout=60s"];

function missing(error: NodeJS.ErrnoException): Error {
  if (error.code !== "ENOENT") return error;
  return new Error('kubectl is not installed; for the lab\'s: eval "$(npm run --silent lab -- env)"');
}

/** kubectl's complaint in one line, with what to do when it is about the login. */
export function explain(stderr: string): string {
  return knownProblem(stderr) ?? `kubectl: ${lastLine(stderr)}`;
}

/** kubectl's log of each try to reach a server; what it says at last is enough. */
const discoveryNoise = /^E\d{4} \S+ +\d+ memcache\.go.*\n/gm;

const lastLine = (text: string): string => text.trim().split("\n").at(-1) ?? "";

/** What to do about a complaint; undefined if it says that itself. */
function knownProblem(stderr: string): string | undefined {
  // Without a kubeconfig kubectl asks its own default.
  if (/current-context must exist|localhost:8080/.test(stderr)) {
    return "no cluster is named: the kubeconfig is missing or has no current context; name a --kubeconfig or --context, or set KUBECONFIG";
  }
  if (/Unauthorized|must be logged in|provide credentials/.test(stderr)) {
    return "the cluster refuses the login: its token has expired or was revoked; get a new one (OpenShift: Copy login command, Display token) and put it into the kubeconfig";
  }
  if (/connection refused|no such host|i\/o timeout|Unable to connect/.test(stderr))
    return `the cluster cannot be reached: ${lastLine(stderr)}`;
  return undefined;
}
