/** Whether hubs run: their units, pool, certificate and JupyterHub. */
import { pool } from "../../../components/callysto/guest/homes.ts";
import { callystoSchema } from "../../../components/callysto/config.ts";
import { openStack } from "../stack.ts";
import type { Finding } from "../kube/checks.ts";
import type { StatusHook } from "../status.ts";
import { type Environment, reach } from "./environment.ts";

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
printf 'certificate of\\t%s\\n' "$(openssl x509 -in $certificate -noout -issuer 2>/dev/null | sed 's/^issuer=//' || true)"
printf 'certificate until\\t%s\\n' "$(date -u -d "$(openssl x509 -in $certificate -noout -enddate 2>/dev/null | cut -d= -f2)" +%FT%TZ 2>/dev/null || echo none)"
printf 'jupyterhub\\t%s\\n' "$(curl -fsS -m 20 http://127.0.0.1:8000/jupyter/hub/api/ 2>/dev/null | jq -r .version 2>/dev/null || echo 'does not answer')"
printf 'reboot due\\t%s\\n' "$([ -e /run/reboot-required ] && echo yes || echo no)"
`;

/** Days before its end at which a certificate should have been renewed. */
const certificateDays = 14;

/** What is wrong with a hub. */
export function oddities(facts: Readonly<Record<string, string>>, now: number): readonly string[] {
  const units = Object.entries(facts).filter(([name, value]) => name.startsWith("unit ") && value !== "active");
  const full = (name: string): boolean => Number.parseInt(facts[name] ?? "0", 10) >= 90;
  const end = Date.parse(facts["certificate until"] ?? "");
  const days = Math.floor((end - now) / 86_400_000);
  return [
    ...units.map(([name, value]) => `${name} is ${value}`),
    ...(facts.pool === "ONLINE" ? [] : [`pool ${pool} is ${facts.pool ?? "unknown"}`]),
    ...(full("pool used") ? [`pool ${pool} is ${facts["pool used"] ?? ""} full`] : []),
    ...(full("root disk used") ? [`the root disk is ${facts["root disk used"] ?? ""} full`] : []),
    ...(Number.isNaN(end)
      ? ["there is no certificate"]
      : days < certificateDays
        ? [`the certificate ends in ${days} days`]
        : []),
    ...(facts.jupyterhub === "does not answer" ? ["JupyterHub does not answer"] : []),
  ];
}

/** What a hub reports about itself, and what of it is wrong. */
interface HubStatus {
  readonly host: string;
  readonly facts: Readonly<Record<string, string>>;
  readonly odd: readonly string[];
}

/** Asks a hub. @throws if it cannot be reached */
export async function hubStatus(environment: Environment): Promise<HubStatus> {
  const hub = await reach(environment);
  const lines = (await hub.run(script)).split("\n").filter((line) => line.includes("\t"));
  const facts = Object.fromEntries(lines.map((line) => line.split("\t") as [string, string]));
  return { host: hub.hostname, facts, odd: oddities(facts, Date.now()) };
}

/** A finding per hub that this stack configures. */
export const status: StatusHook = (values) => {
  const stack = openStack(callystoSchema, values);
  const hubs = Object.entries(stack.settings.environments).filter(
    ([, { kind, guest }]) => kind === "hub" && guest !== undefined,
  );
  return Promise.all(
    hubs.map(async ([name, settings]): Promise<Finding> => {
      const { host, odd } = await hubStatus({ stack, name, settings });
      const object = `hub ${host}`;
      return odd.length === 0
        ? { check: "state", object, ok: true }
        : { check: "state", object, ok: false, detail: odd.join("; ") };
    }),
  );
};
