/** Behaviour that needs an engine: this one only records messages. */
import type { AsyncLocalStorage } from "node:async_hooks";
import * as pulumi from "@pulumi/pulumi";
import type { RawConfig } from "../../../config/secrets.ts";

interface LogRequest {
  getSeverity(): number;
  getMessage(): string;
}

/** One of the SDK's severities. */
const warning = 2;

interface Run {
  readonly config?: RawConfig;
  /** @default false, an update */
  readonly preview?: boolean;
  /** Environment variables during the run. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs code as part of stack `mine`'s program; returns the warnings that the engine received. */
export async function underEngine(work: () => unknown, { config, preview = false, env = {} }: Run = {}) {
  const warnings: string[] = [];
  const engine = {
    log(request: LogRequest, done: () => void) {
      if (request.getSeverity() === warning) warnings.push(request.getMessage());
      done();
    },
  };
  const options = { project: "orrery", stack: "mine", dryRun: preview };
  const settings = { options, engine, rpcDone: Promise.resolve(), featureSupport: {} };
  // The SDK keeps one such store per program in a process.
  const { asyncLocalStorage } = globalThis as unknown as { asyncLocalStorage: AsyncLocalStorage<object> };
  const store = { config: {}, settings, leakCandidates: new Set(), logErrorCount: 0 };
  const before = { ...process.env };
  Object.assign(process.env, env);
  try {
    await asyncLocalStorage.run(store, async () => {
      pulumi.runtime.setAllConfig(
        Object.fromEntries([...(config ?? [])].map(([key, { value }]) => [key, value])),
        [...(config ?? [])].filter(([, { secret }]) => secret).map(([key]) => key),
      );
      await work();
      await pulumi.log.info("the end"); // comes after all others
    });
  } finally {
    for (const name of Object.keys(env)) {
      if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before[name];
    }
  }
  return warnings;
}
