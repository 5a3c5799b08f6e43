/** Certbot with the DNS challenge: by hand, by one of its DNS plugins, or by a program that sets the record. */
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Resolver } from "node:dns/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { childEnvironment } from "../../../config/childEnvironment.ts";

/** The names of the one certificate, of which the first names its folder. Source: the seed's certbot command. */
export const domains = ["*.packit.dev", "*.stream.packit.dev", "*.stg.packit.dev", "*.stg.stream.packit.dev"] as const;

/** How the TXT records come about. */
export type Challenge =
  | { readonly by: "hand" }
  | { readonly by: "plugin"; readonly plugin: string; readonly credentials: string; readonly wait: number }
  | { readonly by: "program"; readonly program: string };

/** What certbot is to do. */
export interface Order {
  readonly domains: readonly string[];
  readonly email: string;
  readonly challenge: Challenge;
  /** Folder of account, certificates and logs. */
  readonly folder: string;
  /** ACME directory. @default Let's Encrypt's */
  readonly server: string | undefined;
  /** Ask for a new certificate though the old one is good for more than 30 days. */
  readonly force: boolean;
}

/** Name of certbot's folder for the certificate: the first domain without its wildcard. */
function certificateName([first = ""]: readonly string[]): string {
  return first.replace(/^\*\./, "");
}

/** Folder with fullchain.pem and privkey.pem. */
export function liveFolder({ folder, domains: names }: Pick<Order, "folder" | "domains">): string {
  return path.join(folder, "live", certificateName(names));
}

/** Certbot's arguments; `hook` is the program that answers where no plugin does. */
export function certbotArgs(order: Order, hook: string): readonly string[] {
  const { challenge, folder } = order;
  const authenticator =
    challenge.by === "plugin"
      ? [
          `--dns-${challenge.plugin}`,
          ...[`--dns-${challenge.plugin}-credentials`, challenge.credentials],
          ...[`--dns-${challenge.plugin}-propagation-seconds`, `${challenge.wait}`],
        ]
      : [
          "--manual",
          "--preferred-challenges",
          "dns",
          "--manual-auth-hook",
          hook,
          "--manual-cleanup-hook",
          `${hook} clean`,
        ];
  return [
    ...["certonly", "--non-interactive", "--agree-tos", "--email", order.email, "--no-eff-email"],
    ...["--config-dir", folder, "--work-dir", folder, "--logs-dir", folder],
    ...["--cert-name", certificateName(order.domains), ...order.domains.flatMap((name) => ["-d", name])],
    ...(order.server === undefined ? [] : ["--server", order.server]),
    ...(order.force ? ["--force-renewal"] : []),
    ...authenticator,
  ];
}

/**
 * Certbot calls it once a name. By hand: it writes down what is asked for and waits until this command has seen the record,
 * or has given up and removed the file;
 * by a program: it calls the program with set or delete, the record's name and its value.
 */
const hookScript = `#!/bin/sh
name="_acme-challenge.$CERTBOT_DOMAIN"
if [ -n "$ORRERY_PROGRAM" ]; then
  [ "$1" = clean ] && verb=delete || verb=set
  exec "$ORRERY_PROGRAM" "$verb" "$name" "$CERTBOT_VALIDATION"
fi
[ "$1" = clean ] && exit 0
echo "$name $CERTBOT_VALIDATION" >>"$ORRERY_WANTED"
while ! grep -qsxF "$name $CERTBOT_VALIDATION" "$ORRERY_SEEN"; do
  [ -e "$ORRERY_SEEN" ] || exit 1
  sleep 1
done
`;

/** Where the names are looked up, and how often. */
export interface Watch {
  /** `ip:port`. @default the system's */
  readonly nameserver: string | undefined;
  /** Seconds between two looks. */
  readonly poll: number;
  /** Seconds after which one record is given up. */
  readonly timeout: number;
  /** Tells the person what to do. */
  readonly report: (line: string) => void;
}

/** Runs certbot to its end. @throws with its own last words */
export async function runCertbot(order: Order, watch: Watch): Promise<void> {
  mkdirSync(order.folder, { recursive: true, mode: 0o700 });
  const [hook, wanted, seen] = ["orrery-hook", "orrery-wanted", "orrery-seen"].map((name) =>
    path.join(order.folder, name),
  ) as [string, string, string];
  writeFileSync(hook, hookScript);
  chmodSync(hook, 0o700);
  for (const file of [wanted, seen]) writeFileSync(file, "");
  const program = order.challenge.by === "program" ? order.challenge.program : "";
  const child = spawn("certbot", certbotArgs(order, hook), {
    env: childEnvironment("certbot", { ORRERY_WANTED: wanted, ORRERY_SEEN: seen, ORRERY_PROGRAM: program }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const state = { ended: false };
  const ended = new Promise<number>((resolve, reject) => {
    child.on("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "ENOENT" ? new Error("certbot is not installed (Debian, Fedora: package certbot)") : error);
    });
    child.on("close", (code) => {
      resolve(code ?? 1);
    });
  }).finally(() => {
    state.ended = true;
  });
  const watching = order.challenge.by === "hand" ? watchRecords(wanted, seen, watch, state) : Promise.resolve();
  const given = watching.catch((error: unknown) => {
    rmSync(seen, { force: true }); // ends the hook, which outlives certbot
    child.kill();
    throw error;
  });
  const [code] = await Promise.all([ended, given]);
  if (code !== 0 || !existsSync(path.join(liveFolder(order), "fullchain.pem"))) throw new Error(complaint(said, code));
}

/** Certbot's reason, without the lines that every failure has. */
function complaint(said: string, code: number): string {
  const lines = said.split("\n").map((line) => line.trim());
  const reasons = lines.filter(
    (line) =>
      line !== "" &&
      !/^(Saving debug log|Ask for help|Some challenges|See the logfile|Hint:|Requesting|Account)/.test(line),
  );
  return `certbot got no certificate (exit code ${code}): ${reasons.slice(-6).join(" ")}`;
}

/** Reports each record that certbot asks for, waits until DNS has it, and lets certbot go on. */
async function watchRecords(wanted: string, seen: string, watch: Watch, state: { ended: boolean }): Promise<void> {
  const done = new Set<string>();
  while (!state.ended) {
    const next = readFileSync(wanted, "utf8")
      .split("\n")
      .find((line) => line !== "" && !done.has(line));
    if (next === undefined) {
      await sleep(200);
      continue;
    }
    const [name = "", value = ""] = next.split(" ");
    watch.report(`set this TXT record, over the old one if there is one:\n  ${name}  ${value}`);
    await visible(name, value, watch, state);
    watch.report(`${name}: seen`);
    done.add(next);
    writeFileSync(seen, `${[...done].join("\n")}\n`);
  }
}

/** Waits until a name server has the record. */
async function visible(name: string, value: string, watch: Watch, state: { ended: boolean }): Promise<void> {
  const deadline = Date.now() + watch.timeout * 1000;
  while (!state.ended) {
    const found = await resolver(watch.nameserver)
      .resolveTxt(name)
      .catch(() => []);
    if (found.some((parts) => parts.join("") === value)) return;
    if (Date.now() > deadline) {
      const instead = found.length === 0 ? "none" : found.map((parts) => parts.join("")).join(", ");
      throw new Error(
        `DNS does not show the TXT record ${name} = ${value} (it has ${instead}); no certificate was got`,
      );
    }
    await sleep(watch.poll * 1000);
  }
}

/** A resolver that asks one name server, or the system's. */
export function resolver(nameserver: string | undefined): Resolver {
  const made = new Resolver();
  if (nameserver !== undefined) made.setServers([nameserver]);
  return made;
}
