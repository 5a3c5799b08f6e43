import { type ConfigOf, defineSystem } from "../../config/define.ts";
import { callystoRules } from "./rules.ts";
import { callystoKeyedSecrets, callystoSecrets } from "./secrets.ts";
import { settings } from "./settings.ts";

/** Config of Callysto: `callysto:settings` and its secrets. */
export const callystoSchema = defineSystem({
  namespace: "callysto",
  settings,
  secrets: callystoSecrets,
  keyedSecrets: callystoKeyedSecrets,
  references: ({ cloud, monitoring }) => [
    { path: "cloud", kind: "cloud", name: cloud },
    ...(monitoring === undefined
      ? []
      : [{ path: "monitoring.cluster", kind: "cluster" as const, name: monitoring.cluster }]),
  ],
  rules: callystoRules,
});

export type { CallystoSettings, HostSettings } from "./settings.ts";
export type CallystoConfig = ConfigOf<typeof callystoSchema>;
