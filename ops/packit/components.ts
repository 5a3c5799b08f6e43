/** The parts that can be deployed one by one, as the seed's tags. */
import type { PackitSettings } from "../../components/packit/config.ts";
import type { ServiceName } from "../../components/packit/names.ts";

/** A part: what it is called, and the components of the program that it is. */
export interface Part {
  readonly name: string;
  /** Type of its component, `Web` for `orrery:packit:Web`. */
  readonly component: string;
  /** Whether the settings have it. */
  readonly on: boolean;
}

/** All parts, in the order in which a whole deployment makes them. */
export function partsOf(settings: PackitSettings): readonly Part[] {
  const { parts, sandbox, keyValue, validation } = settings;
  const part = (name: string, component: string, on = true): Part => ({ name, component, on });
  return [
    part("secrets", "CommonSecrets"),
    part("imports", "Imports"),
    part("sandbox", "Sandbox", sandbox.enabled),
    part("postgres", "Postgres"),
    part(keyValue.kind, "KeyValue"),
    part("tokman", "Tokman", parts.tokman),
    part("packit-service", "Web"),
    part("packit-worker", "Worker"),
    part("packit-service-beat", "Beat", parts.beat),
    part("fedmsg", "Fedmsg", parts.fedmsg),
    part("centosmsg", "Centosmsg", parts.centosmsg),
    part("dashboard", "Dashboard", parts.dashboard),
    part("pushgateway", "Monitoring", parts.pushgateway),
    part("flower", "Flower", parts.flower),
    part("redis-commander", "RedisCommander", parts.redisCommander),
    part("validation", "Validation", validation !== undefined),
  ];
}

/** URNs of all that a part is made of, in the engine's wildcards. */
export function urnsOf(service: ServiceName, { component }: Part): string {
  return `**$orrery:packit:${component}**::${service}-**`;
}
