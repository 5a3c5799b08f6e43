/** Load test: users that log in by the dummy authenticator, start their servers, use them and stop them. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Command, duration, text, UsageError } from "../command.ts";
import { environmentHelp, environmentOptions, openEnvironment } from "./environment.ts";
import { type Event, type Session, session } from "./hubUser.ts";

/** How many users, how long each works, and how far apart they begin; seconds. */
interface Load {
  readonly users: number;
  readonly shortest: number;
  readonly longest: number;
  readonly startDelay: number;
}

const help = `Usage: npm run ops -- callysto hubtraf --url https://HUB/jupyter --stack S [--users 1] [--json] ...

Each user logs in, starts a server, opens its list of files again and again, and stops it. Prints a line an event with the
seconds that it took; exit code 1 if a user failed. Only for hubs with authenticator dummy or dummypw; start it on a hub
whose load is nobody else's.

${environmentHelp}
  --url URL          where the hub answers, with its /jupyter (default: by the environment's fixed name)
  --users N          users at the same time (default 1)
  --prefix P         beginning of their names (default hubtraf)
  --password P       of authenticator dummypw
  --min-runtime T    least time that a user works (default 10s)
  --max-runtime T    most (default 30s)
  --max-start-delay T  within which users begin (default 5s)
  --patience T       how long a server may take to start (default 5m)
  --insecure         take any certificate, e.g. the lab's
  --json             print each event as JSON`;

/** @throws UsageError */
export function loadOf(values: Parameters<typeof duration>[0]): Load {
  const users = Number(text(values, "users") ?? "1");
  if (!Number.isInteger(users) || users < 1 || users > 1000)
    throw new UsageError("--users takes a number from 1 to 1000");
  const [shortest, longest] = [duration(values, "min-runtime", "10s"), duration(values, "max-runtime", "30s")];
  if (longest < shortest) throw new UsageError("--max-runtime is less than --min-runtime");
  return { users, shortest, longest, startDelay: duration(values, "max-start-delay", "5s") };
}

async function work(
  one: Session,
  { shortest, longest, startDelay }: Load,
  tell: (event: Event) => void,
): Promise<boolean> {
  await sleep(Math.random() * startDelay * 1000);
  const end = Date.now() + (shortest + Math.random() * (longest - shortest)) * 1000;
  for (const step of ["login", "start", "open"] as const) {
    if (!(await one.step(step, tell))) return false;
  }
  let fine = true;
  while (fine && Date.now() < end) {
    await sleep(1000);
    fine = await one.step("open", tell);
  }
  return (await one.step("stop", tell)) && fine;
}

export const command: Command = {
  help,
  options: {
    ...environmentOptions,
    url: { type: "string" },
    users: { type: "string" },
    prefix: { type: "string" },
    password: { type: "string" },
    "min-runtime": { type: "string" },
    "max-runtime": { type: "string" },
    "max-start-delay": { type: "string" },
    patience: { type: "string" },
    insecure: { type: "boolean" },
    json: { type: "boolean" },
  },
  async run({ values }) {
    const { name, settings } = openEnvironment(values, "hub");
    const load = loadOf(values);
    const authenticator = settings.kind === "hub" ? settings.guest?.jupyterhub.authenticator : undefined;
    if (authenticator !== "dummy" && authenticator !== "dummypw") {
      throw new Error(
        `${name} has authenticator ${authenticator ?? "unknown"}; hubtraf logs in by dummy or dummypw only`,
      );
    }
    const fixed =
      settings.name.mode === "fixed" ? `https://${settings.name.label}.${settings.domain}/jupyter` : undefined;
    const url = text(values, "url") ?? fixed;
    if (url === undefined) throw new UsageError(`the name of ${name} is drawn; say where it answers by --url`);
    if (!/^https?:\/\/[^/]+\/jupyter\/?$/.test(url))
      throw new UsageError(`--url is "${url}"; give https://HUB/jupyter`);
    const tell = (event: Event): void => {
      const { user, step, ok, seconds, detail } = event;
      const said = `${user} ${step} ${ok ? "ok" : "FAILED"} ${seconds.toFixed(2)} s${detail === undefined ? "" : `: ${detail}`}`;
      console.log(values.json === true ? JSON.stringify(event) : said);
    };
    const patience = duration(values, "patience", "5m");
    const insecure = values.insecure === true;
    const [prefix, password] = [text(values, "prefix") ?? "hubtraf", text(values, "password") ?? ""];
    const users = Array.from({ length: load.users }, (_, index) =>
      session({ url: url.replace(/\/$/, ""), user: `${prefix}-${index + 1}`, password, patience, insecure }),
    );
    const fine = await Promise.all(users.map((one) => work(one, load, tell)));
    return fine.every(Boolean) ? 0 : 1;
  },
};
