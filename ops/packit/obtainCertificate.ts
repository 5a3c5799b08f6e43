/** Gets the wildcard certificate from Let's Encrypt and gives it to the stacks. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { type Command, duration, text, texts, UsageError, type Values } from "../command.ts";
import { type Challenge, certbotArgs, domains, liveFolder, type Order, resolver, runCertbot } from "./certbot.ts";
import { certificateFacts } from "./certificates.ts";
import { chosen, hostsOf, install, installHelp, installOptions } from "./installation.ts";

/** How the records come about, as the options say. */
function challengeOf(values: Values): Challenge {
  const [plugin, program, credentials] = ["dns", "hook", "credentials"].map((name) => text(values, name));
  if (plugin !== undefined && program !== undefined) throw new UsageError("give --dns or --hook, not both");
  if (plugin === undefined)
    return program === undefined ? { by: "hand" } : { by: "program", program: path.resolve(program) };
  if (credentials === undefined || !existsSync(credentials)) {
    throw new UsageError(
      `--dns ${plugin} needs its login: --credentials FILE, as certbot's documentation of the plugin says`,
    );
  }
  return { by: "plugin", plugin, credentials, wait: duration(values, "wait", "60s") };
}

/** Step 1 of the procedure: every host of the stacks is in DNS. */
async function checkHosts(hosts: readonly string[], nameserver: string | undefined): Promise<void> {
  const dns = resolver(nameserver);
  const found = await Promise.all(
    hosts.map((host) =>
      Promise.any([dns.resolve4(host), dns.resolve6(host)]).then(
        () => true,
        () => false,
      ),
    ),
  );
  const absent = hosts.filter((_, index) => found[index] !== true);
  if (absent.length > 0)
    throw new Error(`DNS does not know ${absent.join(", ")}; set them up first (--no-hosts leaves this out)`);
}

export const command: Command = {
  help: `Usage: npm run ops -- packit obtain-certificate [--stack stage --stack prod [--up]] [--dry-run]
       ... obtain-certificate --dns PLUGIN --credentials FILE
       ... obtain-certificate --hook PROGRAM

Gets the certificate for ${domains.join(", ")}
by certbot and the DNS challenge, and writes it into the stacks' secrets, of Packit and of Stream.
By hand: for each name it says which TXT record to set, and goes on by itself once DNS shows it. Automatic: one of certbot's
DNS plugins (rfc2136, cloudflare, google, ...), or a program that is called as "PROGRAM set|delete NAME VALUE".
A certificate that is good for more than 30 days is kept; so this may run every week.

  --domain D         another name (may be given several times; the first one names certbot's folder)
  --email E          Let's Encrypt writes there before the certificate ends (default user-cont-team@redhat.com)
  --dns PLUGIN       --credentials FILE: the plugin's login; --wait 60s: time until the records are everywhere
  --hook PROGRAM     sets and deletes the records
  --force            a new certificate, though the old one is still good
  --config-dir DIR   certbot's folder (default ~/.certbot)
  --server URL       ACME directory (default Let's Encrypt's)
  --nameserver IP    who is asked for the records (default: the system's)
  --poll 5s          how often DNS is asked; --patience 1h: when a record is given up
  --no-hosts         do not look whether the stacks' hosts are in DNS
${installHelp}
  --dry-run          ask nobody, show certbot's command line`,
  options: {
    ...installOptions,
    domain: { type: "string", multiple: true },
    email: { type: "string" },
    dns: { type: "string" },
    credentials: { type: "string" },
    wait: { type: "string" },
    hook: { type: "string" },
    force: { type: "boolean" },
    "config-dir": { type: "string" },
    server: { type: "string" },
    nameserver: { type: "string" },
    poll: { type: "string" },
    patience: { type: "string" },
    "no-hosts": { type: "boolean" },
  },
  async run({ values }) {
    const found = chosen(values);
    const given = texts(values, "domain");
    const order: Order = {
      domains: given.length === 0 ? domains : given,
      email: text(values, "email") ?? "user-cont-team@redhat.com",
      challenge: challengeOf(values),
      folder: path.resolve(text(values, "config-dir") ?? path.join(homedir(), ".certbot")),
      server: text(values, "server"),
      force: values.force === true,
    };
    if (values["dry-run"] === true) {
      console.log(["certbot", ...certbotArgs(order, "HOOK")].join(" "));
      return 0;
    }
    const nameserver = text(values, "nameserver");
    if (values["no-hosts"] !== true) await checkHosts(hostsOf(found), nameserver);
    await runCertbot(order, {
      nameserver,
      poll: duration(values, "poll", "5s"),
      patience: duration(values, "patience", "1h"),
      tell: console.error,
    });
    const folder = liveFolder(order);
    const { notAfter, names } = certificateFacts(readFileSync(path.join(folder, "fullchain.pem"), "utf8"), new Date());
    console.log(`${folder}: good for ${names.join(", ")} until ${notAfter.toISOString().slice(0, 10)}`);
    return found.length === 0 ? 0 : install(folder, found, values);
  },
};
