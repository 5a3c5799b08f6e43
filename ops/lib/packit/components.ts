/** The components that can be deployed one by one, like the tags of the old playbooks. */
import { UsageError } from "../../../cli/usage.ts";
import type { PackitSettings } from "../../../components/packit/config.ts";
import type { ServiceName } from "../../../components/packit/names.ts";

/** What can be deployed on its own. */
export interface Component {
  readonly name: string;
  /** Type of its Pulumi component, `Web` for `orrery:packit:Web`. */
  readonly component: string;
  /** Whether the settings have it. */
  readonly on: boolean;
}

/** All of them, in the order of a complete deployment. */
export function componentsOf(settings: PackitSettings): readonly Component[] {
  const { parts, sandbox, keyValue, validation } = settings;
  const part = (name: string, component: string, on = true): Component => ({ name, component, on });
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

/** URNs of a component's resources, with the engine's wildcards. */
export function urnsOf(service: ServiceName, { component }: Component): string {
  return `**$orrery:packit:${component}**::${service}-**`;
}

/** The components that the words name. @throws UsageError if one does not exist or is off in the settings */
export function chosenComponents(words: readonly string[], all: readonly Component[]): readonly Component[] {
  const known = all.filter(({ on }) => on).map(({ name }) => name);
  if (words.length === 0) throw new UsageError(`COMPONENT is missing; there are ${known.join(", ")}`);
  return words.map((word) => {
    const found = all.find(({ name }) => name === word);
    if (found === undefined) throw new UsageError(`there is no component "${word}"; there are ${known.join(", ")}`);
    if (!found.on) throw new UsageError(`${word} is switched off in the settings; there are ${known.join(", ")}`);
    return found;
  });
}
