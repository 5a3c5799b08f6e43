/** What hubs say about themselves: their units, pool, disks, certificate and JupyterHub. */
import { pool } from "../../../components/callysto/guest/homes.ts";
import { callystoSchema, type CallystoSettings } from "../../../components/callysto/config.ts";
import { openStack } from "../stack.ts";
import type { Collector } from "../status/collector.ts";
import { askHost } from "../status/collectors/hosts.ts";
import type { Found, State } from "../status/row.ts";
import { reach } from "./environment.ts";

/** One line each: a name, a tab, a value. */
const script = `
for unit in apache2 docker jupyterhub configurable-http-proxy nftables ssh; do
  printf 'unit %s\\t%s\\n' "$unit" "$(systemctl is-active "$unit" || true)"
done
printf 'pool\\t%s\\n' "$(zpool list -H -o health ${pool} 2>/dev/null || echo missing)"
printf 'pool used\\t%s\\n' "$(zpool list -H -o capacity ${pool} 2>/dev/null || echo ?)"
printf 'homes\\t%s\\n' "$(zfs list -H -r -d 1 -t filesystem -o name ${pool}/home 2>/dev/null | tail -n +2 | wc -l)"
printf 'servers\\t%s\\n' "$(docker ps -q --filter name=^jupyter- 2>/dev/null | wc -l)"
printf 'root disk used\\t%s\\n' "$(df --output=pcent / | tail -1 | tr -d ' ')"
certificate=/etc/pki/tls/certs/fullchain.pem
printf 'certificate until\\t%s\\n' "$(date -u -d "$(openssl x509 -in $certificate -noout -enddate 2>/dev/null | cut -d= -f2)" +%FT%TZ 2>/dev/null || echo none)"
printf 'jupyterhub\\t%s\\n' "$(curl -fsS -m 5 http://127.0.0.1:8000/jupyter/hub/api/ 2>/dev/null | jq -r .version 2>/dev/null || echo 'does not answer')"
printf 'reboot due\\t%s\\n' "$([ -e /run/reboot-required ] && echo yes || echo no)"
printf 'failed units\\t%s\\n' "$(systemctl list-units --failed --plain --no-legend 2>/dev/null | cut -d' ' -f1 | paste -sd, -)"
`;

/** Days before its end at which a certificate should have been renewed. */
const certificateDays = 14;

/** Percentages from which on a disk is worth a warning, and is as good as full: ZFS slows down above 80. */
const [fairlyFull, full] = [80, 90];

/** Rows of a hub. */
export function hubRows(host: string, facts: Readonly<Record<string, string>>, now: Date): readonly Found[] {
  const row = (state: State, text: string): Found => ({ system: "callysto", part: host, state, text });
  const units = Object.entries(facts).filter(([name]) => name.startsWith("unit "));
  const stopped = units.filter(([, value]) => value !== "active").map(([name, value]) => `${name} is ${value}`);
  const others = (facts["failed units"] ?? "").split(",").filter((one) => one !== "");
  const disk = (name: string, key: string): Found => {
    const used = Number.parseInt(facts[key] ?? "", 10);
    const state = Number.isNaN(used) ? "unknown" : used >= full ? "bad" : used >= fairlyFull ? "warn" : "ok";
    return row(state, Number.isNaN(used) ? `${name}: its use is unknown` : `${name} is ${used}% full`);
  };
  return [
    stopped.length === 0 ? row("ok", `all ${units.length} units are active`) : row("bad", stopped.join("; ")),
    ...(others.length === 0 ? [] : [row("warn", `failed units: ${others.join(", ")}`)]),
    row(
      facts.pool === "ONLINE" ? "ok" : "bad",
      `pool ${pool} is ${facts.pool ?? "unknown"}, with ${facts.homes ?? "?"} homes`,
    ),
    disk(`pool ${pool}`, "pool used"),
    disk("the root disk", "root disk used"),
    certificateRow(row, facts["certificate until"] ?? "", now),
    facts.jupyterhub === "does not answer"
      ? row("bad", "JupyterHub does not answer")
      : row("ok", `JupyterHub ${facts.jupyterhub ?? "?"} answers, ${facts.servers ?? "?"} servers run`),
    ...(facts["reboot due"] === "yes" ? [row("warn", "a reboot is due")] : []),
  ];
}

function certificateRow(row: (state: State, text: string) => Found, until: string, now: Date): Found {
  const end = Date.parse(until);
  if (Number.isNaN(end)) return row("bad", "there is no certificate");
  const days = Math.floor((end - now.getTime()) / 86_400_000);
  if (days < 0) return row("bad", `the certificate ended on ${until.slice(0, 10)}`);
  const text = `the certificate is valid for ${days} days`;
  return days < certificateDays ? row("bad", `${text}: it should have been renewed`) : row("ok", text);
}

/** Hosts of the hubs whose names the settings choose, as browsers reach them; the guest's web server is the stack's. */
export function hubUrls({ environments }: Pick<CallystoSettings, "environments">): readonly string[] {
  return Object.values(environments).flatMap(({ kind, guest, name, domain }) =>
    kind === "hub" && guest !== undefined && name.mode === "fixed" ? [`https://${name.label}.${domain}/`] : [],
  );
}

/** The hubs of a stack, from outside. */
export const hubHosts: Collector = {
  name: "hosts",
  asks: "whether hubs answer",
  questions: (situation) => {
    if (!situation.systems.includes("callysto")) return [];
    return hubUrls(openStack(callystoSchema, situation.values).settings).map((url) => ({
      target: `hub ${new URL(url).host}`,
      systems: ["callysto"],
      ask: async () => [await askHost("callysto", url, situation)],
    }));
  },
};

/** The hubs of a stack, over SSH. */
export const hubs: Collector = {
  name: "hubs",
  asks: "units, pool, disks, certificate and JupyterHub inside each hub, over SSH",
  questions: (situation) => {
    if (!situation.systems.includes("callysto")) return [];
    const stack = openStack(callystoSchema, situation.values);
    return Object.entries(stack.settings.environments)
      .filter(([, { kind, guest }]) => kind === "hub" && guest !== undefined)
      .map(([name, settings]) => ({
        target: `hub ${name}`,
        systems: ["callysto"],
        ask: async () => {
          const { signal, secret } = situation;
          const hub = await reach({ stack, name, settings }, { signal, secret });
          const lines = (await hub.run(script)).split("\n").filter((line) => line.includes("\t"));
          const facts = Object.fromEntries(lines.map((line) => line.split("\t") as [string, string]));
          return hubRows(hub.hostname, facts, situation.now);
        },
      }));
  },
};
