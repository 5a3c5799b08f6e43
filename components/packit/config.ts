import { type ConfigOf, defineSystem } from "../../config/define.ts";
import { type ServiceName } from "./names.ts";
import { packitRules } from "./rules.ts";
import { packitSecrets } from "./secrets.ts";
import { settingsOf } from "./settings.ts";

/** Config of one service: `<service>:settings` and its secrets. What only the service itself uses is generated. */
function systemOf(service: ServiceName) {
  return defineSystem({
    namespace: service,
    settings: settingsOf(service),
    secrets: packitSecrets(service),
    references: ({ cluster, validation }) => [
      { path: "cluster", kind: "cluster", name: cluster },
      ...(validation === undefined
        ? []
        : [{ path: "validation.cluster", kind: "cluster" as const, name: validation.cluster }]),
    ],
    rules: (settings) => packitRules(service, settings),
  });
}

export const packitSchema = systemOf("packit");
export const streamSchema = systemOf("stream");

/** The schema of a service; both have the same shape. */
export function schemaOf(service: ServiceName): typeof packitSchema {
  return service === "packit" ? packitSchema : streamSchema;
}

export type { PackitSettings } from "./settings.ts";
export type PackitConfig = ConfigOf<typeof packitSchema>;
export type PackitSecrets = PackitConfig["secrets"];
