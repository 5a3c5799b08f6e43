/** The environments of a stack, and how their guests are reached. */
import { callystoSchema, type HostSettings } from "../../../components/callysto/config.ts";
import { operator } from "../../../components/callysto/sshKeys.ts";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import { UsageError } from "../../../cli/usage.ts";
import { type Done, type Login, onGuest } from "../../../cli/onGuest.ts";
import { secretOf } from "../secrets.ts";
import { pulumiOutput } from "../pulumi.ts";
import { openStack, stackOptions, type SystemStack } from "../stack.ts";

type CallystoStack = SystemStack<ReturnType<typeof openStack<typeof callystoSchema.settings>>["settings"]>;

/** Options of every command that works on one environment. */
export const environmentOptions = {
  ...stackOptions,
  environment: {
    type: "string",
    short: "e",
    value: "E",
    help: "which of the stack's environments; needed where more than one fits",
  },
} as const satisfies OptionSpecs;

/** Values of {@link environmentOptions}. */
export type EnvironmentValues = ValuesOf<typeof environmentOptions>;

/** One environment of a stack. */
export interface Environment {
  readonly stack: CallystoStack;
  readonly name: string;
  readonly settings: HostSettings;
}

/** The environment that the options name; of the kind, if one is given. @throws UsageError if none or several fit */
export function openEnvironment(values: EnvironmentValues, kind?: HostSettings["kind"]): Environment {
  const stack = openStack(callystoSchema, values);
  const fitting = Object.entries(stack.settings.environments).filter(
    ([, one]) => kind === undefined || one.kind === kind,
  );
  const wanted = values.environment;
  const names = fitting.map(([name]) => name).join(", ");
  if (wanted === undefined && fitting.length !== 1) {
    throw new UsageError(
      fitting.length === 0
        ? `stack ${stack.name} has no environment of kind ${kind ?? ""}`
        : `which environment? name it by --environment: ${names}`,
    );
  }
  const found = fitting.find(([name]) => wanted === undefined || name === wanted);
  if (found === undefined) {
    throw new UsageError(`stack ${stack.name} has no ${kind ?? "environment"} "${wanted ?? ""}"; there are: ${names}`);
  }
  return { stack, name: found[0], settings: found[1] };
}

/** Outputs of the stack's last deployment about the environment's host. */
interface HostOutput {
  readonly hostname: string;
  readonly address: string;
  readonly hostKey?: string;
}

/** A guest that scripts can be run in. */
export interface Reached {
  readonly hostname: string;
  /** Runs a script as root; see {@link onGuest}. @throws with the script's own last words unless it may fail */
  run(script: string, args?: readonly string[], input?: string | Buffer): Promise<string>;
}

/** How a guest is reached by who already has the stack's key, or may have to stop. */
interface ReachOptions {
  readonly signal?: AbortSignal;
  readonly secret?: (key: string) => string;
}

/** The guest of an environment. @throws if it is not deployed or its inside is not run by the stack */
export async function reach(
  { stack, name }: Environment,
  { signal, secret = (key) => secretOf(stack, key) }: ReachOptions = {},
): Promise<Reached> {
  const host = await hostOutput(stack, name);
  if (host.hostKey === undefined) {
    throw new Error(
      `environment ${name} has no guest settings, so its inside is not run from here: set callysto:settings.environments.${name}.guest and deploy`,
    );
  }
  const login = {
    address: host.address,
    user: operator,
    privateKey: secret("callysto:deployPrivateKey"),
    hostKey: host.hostKey,
    ...(signal === undefined ? {} : { signal }),
  };
  return { hostname: host.hostname, run: (script, args, input) => runOn(login, name, script, args, input) };
}

async function runOn(
  login: Login,
  name: string,
  script: string,
  args?: readonly string[],
  input?: string | Buffer,
): Promise<string> {
  const done: Done = await onGuest(login, script, args, input);
  if (done.code !== 0) {
    const said = done.stderr.trim().split("\n").at(-1) ?? "";
    throw new Error(
      `${name}: ${said === "" ? `the guest's command ended with ${done.code}` : said.replace(/^error: /, "")}`,
    );
  }
  return done.stdout;
}

async function hostOutput(stack: CallystoStack, name: string): Promise<HostOutput> {
  const outputs = JSON.parse(await pulumiOutput(stack, "stack", "output", "--json")) as {
    callysto?: Record<string, HostOutput>;
  };
  const found = outputs.callysto?.[name];
  if (found === undefined) {
    throw new Error(`environment ${name} is not deployed: npx pulumi up --stack ${stack.name}`);
  }
  return found;
}
