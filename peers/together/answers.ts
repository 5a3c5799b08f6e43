/** How long the services took to answer, from their own logs: every answer's line ends with its time. */
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import path from "node:path";

/** One answer of a service. */
export interface Answer {
  readonly service: string;
  /** Method and path, without the query. */
  readonly request: string;
  readonly status: number;
  readonly seconds: number;
}

const request = String.raw`"([A-Z]+ [^ ?"]+)[^"]*"`;
/** Of Nova, Neutron and Cinder; of Glance and Designate; of what the lab serves by waitress. */
const forms = [
  new RegExp(`${request} status: (\\d+) .*time: ([\\d.]+)$`),
  new RegExp(`${request} (\\d{3}) \\d+ ([\\d.]+)$`),
];

/** The answer that a log's line is about, if it is about one. */
export function answerOf(service: string, line: string): Answer | undefined {
  for (const form of forms) {
    const [, what, status, seconds] = form.exec(line.trim()) ?? [];
    if (what !== undefined) return { service, request: what, status: Number(status), seconds: Number(seconds) };
  }
  return undefined;
}

/** Reads what the services write into their logs from now on. */
export class Logs {
  readonly #folder: string;
  readonly #from = new Map<string, number>();

  constructor(labFolder: string) {
    this.#folder = path.join(labFolder, "log");
    for (const file of this.#files()) this.#from.set(file, statSync(path.join(this.#folder, file)).size);
  }

  /** Gives each whole line since the last call to `read`. */
  follow(read: (service: string, line: string) => void): void {
    for (const file of this.#files()) {
      const [text, next] = textFrom(path.join(this.#folder, file), this.#from.get(file) ?? 0);
      this.#from.set(file, next);
      for (const line of text.split("\n")) if (line !== "") read(path.basename(file, ".log"), line);
    }
  }

  #files(): readonly string[] {
    return existsSync(this.#folder) ? readdirSync(this.#folder).filter((file) => file.endsWith(".log")) : [];
  }
}

/** Whole lines of a file from a position on, and the position after them. */
function textFrom(file: string, from: number): readonly [text: string, next: number] {
  const size = Math.max(0, statSync(file).size - from);
  const bytes = Buffer.alloc(size);
  const descriptor = openSync(file, "r");
  try {
    readSync(descriptor, bytes, 0, size, from);
  } finally {
    closeSync(descriptor);
  }
  const end = bytes.lastIndexOf("\n") + 1;
  return [bytes.subarray(0, end).toString(), from + end];
}
