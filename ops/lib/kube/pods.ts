/** Runs programs in pods, and replaces pods. */
import { spawn } from "node:child_process";
import { createReadStream, createWriteStream } from "node:fs";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { childEnvironment } from "../../../config/childEnvironment.ts";
import type { Kubectl } from "./kubectl.ts";

/** Files of this machine that a program's input comes from and its output goes to; `.gz` is compressed on the way. */
export interface Streams {
  readonly input?: string | Readable;
  readonly output?: string;
  /** Ends the program. */
  readonly signal?: AbortSignal;
}

/** A container to run programs in: `deployment/postgres-12` or `packit-worker-0`, and the container's name. */
export interface ContainerRef {
  readonly pod: string;
  readonly container: string;
}

/** Runs a program in a pod. @returns what it prints, unless that goes to a file @throws with the end of its complaint */
export function runInPod(
  kubectl: Kubectl,
  { pod, container }: ContainerRef,
  program: readonly string[],
  streams: Streams = {},
): Promise<string> {
  const stdin = streams.input === undefined ? [] : ["--stdin"];
  const words = kubectl.args("exec", ...stdin, pod, "--container", container, "--", ...program);
  return stream("kubectl", words, streams, `${pod}: ${program[0] ?? ""}`);
}

/** Runs a program between files. @throws with the end of its complaint */
async function stream(
  program: string,
  args: readonly string[],
  { input, output, signal }: Streams,
  title: string,
): Promise<string> {
  const child = spawn(program, args, { env: childEnvironment(program), stdio: ["pipe", "pipe", "pipe"], signal });
  let [printed, complaint] = ["", ""];
  child.stderr.on("data", (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-4000)));
  const status = new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      resolve(code ?? 1);
    });
  });
  const fed = feed(child.stdin, input);
  const taken =
    output === undefined
      ? Promise.resolve(void child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString())))
      : pipeline([
          child.stdout,
          ...(output.endsWith(".gz") ? [createGzip()] : []),
          createWriteStream(output, { mode: 0o600 }),
        ]);
  // A program that stops early closes its input; why it stopped is in its exit code and its complaint.
  const [code] = await Promise.all([status, taken, fed.catch(() => undefined)]);
  if (code !== 0) throw new Error(`${title} failed: ${lastWords(complaint, code)}`);
  return printed;
}

/** PostgreSQL's own error, without what kubectl says about the exit code. */
function lastWords(complaint: string, code: number): string {
  // A usage error ends with where help is.
  const lines = complaint
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^(command terminated|Try '.* --help')/.test(line));
  return lines.find((line) => /ERROR|FATAL|error:/.test(line)) ?? lines.at(-1) ?? `exit code ${code}`;
}

/** Writes the input to a program, and closes it. */
function feed(stdin: NodeJS.WritableStream, input: string | Readable | undefined): Promise<void> {
  if (input === undefined) return Promise.resolve(void stdin.end());
  if (typeof input !== "string") return pipeline(input, stdin);
  return pipeline([createReadStream(input), ...(input.endsWith(".gz") ? [createGunzip()] : []), stdin]);
}

/** Replaces the pods of a Deployment and waits until the new ones are ready. @throws if they are not in time */
export async function rollOut(kubectl: Kubectl, name: string, seconds: number): Promise<void> {
  await kubectl.output(["rollout", "restart", `deployment/${name}`]);
  await kubectl.output(["rollout", "status", `deployment/${name}`, `--timeout=${seconds}s`]);
}
