/** Load test: users that log in by the dummy authenticator, start their servers, use them and stop them. */
import { setTimeout as sleep } from "node:timers/promises";
import { defineCommand } from "../../../cli/command.ts";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import { UsageError } from "../../../cli/usage.ts";
import { jsonOption } from "../../lib/options.ts";
import { secretOf } from "../../lib/secrets.ts";
import { environmentOptions, openEnvironment } from "../../lib/callysto/environment.ts";
import { type Event, type Session, session } from "../../lib/callysto/hubSession.ts";

/** How many users, how long each works, and how far apart they begin; seconds. */
interface Load {
  readonly users: number;
  readonly shortest: number;
  readonly longest: number;
  readonly startDelay: number;
}

const hubtrafOptions = {
  ...environmentOptions,
  url: {
    type: "string",
    value: "URL",
    help: "URL of the hub, with its /jupyter (default: by the environment's fixed name)",
  },
  users: { type: "integer", min: 1, max: 1000, default: 1, help: "users at the same time" },
  prefix: { type: "string", default: "hubtraf", help: "prefix of their names" },
  "min-runtime": { type: "duration", default: "10s", help: "shortest time that a user works" },
  "max-runtime": { type: "duration", default: "30s", help: "longest time that a user works" },
  "max-start-delay": { type: "duration", default: "5s", help: "users start within this time" },
  patience: { type: "duration", default: "5m", help: "how long a server may take to start" },
  insecure: { type: "boolean", help: "accept any certificate, e.g. the lab's" },
  ...jsonOption,
} as const satisfies OptionSpecs;

/** @throws UsageError */
export function loadOf({
  users,
  minRuntime: shortest,
  maxRuntime: longest,
  maxStartDelay: startDelay,
}: Pick<ValuesOf<typeof hubtrafOptions>, "users" | "minRuntime" | "maxRuntime" | "maxStartDelay">): Load {
  if (longest < shortest) throw new UsageError("--max-runtime is less than --min-runtime");
  return { users, shortest, longest, startDelay };
}

async function work(
  one: Session,
  { shortest, longest, startDelay }: Load,
  report: (event: Event) => void,
): Promise<boolean> {
  await sleep(Math.random() * startDelay * 1000);
  const end = Date.now() + (shortest + Math.random() * (longest - shortest)) * 1000;
  for (const step of ["login", "start", "open"] as const) {
    if (!(await one.step(step, report))) return false;
  }
  let fine = true;
  while (fine && Date.now() < end) {
    await sleep(1000);
    fine = await one.step("open", report);
  }
  return (await one.step("stop", report)) && fine;
}

export const command = defineCommand({
  about: `Runs a load test of a hub. Each user logs in, starts a server, opens its list of
files repeatedly, and stops it. Prints a line per event with its duration in seconds; exit code 1 if a user failed. Only for hubs
with authenticator dummy or dummypw; run it on a hub that no one else uses. The password of dummypw is the variable
ORRERY_HUB_PASSWORD, else the stack's secret callysto:dummyPassword-E.`,
  options: hubtrafOptions,
  async run(values) {
    const { name, settings, stack } = openEnvironment(values, "hub");
    const load = loadOf(values);
    const authenticator = settings.kind === "hub" ? settings.guest?.jupyterhub.authenticator : undefined;
    if (authenticator !== "dummy" && authenticator !== "dummypw") {
      throw new Error(
        `${name} has authenticator ${authenticator ?? "unknown"}; hubtraf logs in by dummy or dummypw only`,
      );
    }
    const fixed =
      settings.name.mode === "fixed" ? `https://${settings.name.label}.${settings.domain}/jupyter` : undefined;
    const url = values.url ?? fixed;
    if (url === undefined) throw new UsageError(`the name of ${name} is random; give its URL by --url`);
    if (!/^https?:\/\/[^/]+\/jupyter\/?$/.test(url))
      throw new UsageError(`--url is "${url}"; give https://HUB/jupyter`);
    const report = (event: Event): void => {
      const { user, step, ok, seconds, detail } = event;
      const said = `${user} ${step} ${ok ? "ok" : "FAILED"} ${seconds.toFixed(2)} s${detail === undefined ? "" : `: ${detail}`}`;
      console.log(values.json ? JSON.stringify(event) : said);
    };
    // An option would show in the list of processes and in the shell's history.
    const password =
      process.env.ORRERY_HUB_PASSWORD ??
      (authenticator === "dummypw" ? secretOf(stack, `callysto:dummyPassword-${name}`) : "");
    const { prefix, patience: timeout, insecure } = values;
    const users = Array.from({ length: load.users }, (_, index) =>
      session({ url: url.replace(/\/$/, ""), user: `${prefix}-${index + 1}`, password, timeout, insecure }),
    );
    const fine = await Promise.all(users.map((one) => work(one, load, report)));
    return fine.every(Boolean) ? 0 : 1;
  },
});
