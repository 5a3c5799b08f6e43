/** `orrery packit obtain-certificate`. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { defineCommand } from "../../../cli/command.ts";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import { UsageError } from "../../../cli/usage.ts";
import {
  type Challenge,
  certbotArgs,
  domains,
  liveFolder,
  type Order,
  resolver,
  runCertbot,
} from "../../lib/packit/certbot.ts";
import { certificateFacts } from "../../lib/packit/certificates.ts";
import { chosen, hostsOf, install, installOptions } from "../../lib/packit/installation.ts";

const obtainOptions = {
  ...installOptions,
  "dry-run": { type: "boolean", help: "contact no server, show certbot's command line" },
  domain: {
    type: "string",
    value: "NAME",
    multiple: true,
    help: `a name of the certificate; the first one names certbot's folder (default: ${domains.join(", ")})`,
  },
  email: {
    type: "string",
    value: "ADDRESS",
    default: "user-cont-team@redhat.com",
    help: "Let's Encrypt writes there before the certificate expires",
  },
  dns: { type: "string", value: "PLUGIN", help: "one of certbot's DNS plugins (rfc2136, cloudflare, google, ...)" },
  credentials: { type: "string", value: "FILE", help: "the plugin's login" },
  wait: { type: "duration", default: "60s", help: "time until the plugin's records are visible everywhere" },
  hook: { type: "string", value: "PROGRAM", help: 'sets and deletes the records: "PROGRAM set|delete NAME VALUE"' },
  force: { type: "boolean", help: "a new certificate, even if the old one is still valid" },
  "config-dir": {
    type: "string",
    value: "FOLDER",
    default: path.join(homedir(), ".certbot"),
    help: "certbot's folder",
  },
  server: { type: "string", value: "URL", help: "ACME directory (default: Let's Encrypt's)" },
  nameserver: { type: "string", value: "IP", help: "DNS server that is asked for the records (default: the system's)" },
  poll: { type: "duration", default: "5s", help: "interval between two DNS queries" },
  patience: { type: "duration", default: "1h", help: "how long to wait for a record" },
  "no-hosts": { type: "boolean", help: "do not check whether the stacks' hosts are in DNS" },
} as const satisfies OptionSpecs;

/** How the DNS records are set. @throws UsageError */
function challengeOf({
  dns: plugin,
  hook: program,
  credentials,
  wait,
}: Pick<ValuesOf<typeof obtainOptions>, "dns" | "hook" | "credentials" | "wait">): Challenge {
  if (plugin !== undefined && program !== undefined) throw new UsageError("give --dns or --hook, not both");
  if (plugin === undefined)
    return program === undefined ? { by: "hand" } : { by: "program", program: path.resolve(program) };
  if (credentials === undefined || !existsSync(credentials)) {
    throw new UsageError(
      `--dns ${plugin} requires its login: --credentials FILE, as certbot's documentation of the plugin says`,
    );
  }
  return { by: "plugin", plugin, credentials, wait };
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
    throw new Error(`DNS does not know ${absent.join(", ")}; create them first (--no-hosts skips this check)`);
}

export const command = defineCommand({
  about: `Obtains the wildcard certificate from Let's Encrypt and installs it in stacks. Runs certbot with the DNS challenge and writes the
certificate into the stacks' secrets, of Packit and of Stream. By hand: for each name it says which TXT record to set, and continues once
DNS shows it. Automatic: one of certbot's DNS plugins by --dns and --credentials, or a program by --hook. A certificate that is valid for
more than 30 days is kept, so this can run every week.`,
  options: obtainOptions,
  async run(values) {
    const found = chosen(values);
    const given = values.domain;
    const order: Order = {
      domains: given.length === 0 ? domains : given,
      email: values.email,
      challenge: challengeOf(values),
      folder: path.resolve(values.configDir),
      server: values.server,
      force: values.force,
    };
    if (values.dryRun) {
      console.log(["certbot", ...certbotArgs(order, "HOOK")].join(" "));
      return 0;
    }
    const { nameserver } = values;
    if (!values.noHosts) await checkHosts(hostsOf(found), nameserver);
    await runCertbot(order, {
      nameserver,
      poll: values.poll,
      timeout: values.patience,
      report: console.error,
    });
    const folder = liveFolder(order);
    const { notAfter, names } = certificateFacts(readFileSync(path.join(folder, "fullchain.pem"), "utf8"), new Date());
    console.log(`${folder}: valid for ${names.join(", ")} until ${notAfter.toISOString().slice(0, 10)}`);
    return found.length === 0 ? 0 : install(folder, found, values);
  },
});
