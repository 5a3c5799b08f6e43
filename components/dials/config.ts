import { type ConfigOf, defineSystem } from "../../config/define.ts";
import { dialsRules } from "./rules.ts";
import { dialsFamilies, dialsSecrets } from "./secrets.ts";
import { settings } from "./settings.ts";

/** Config of DIALS: `dials:settings` and the secrets of `secretSpecs.ts`. What only DIALS itself uses is generated instead. */
export const dialsSchema = defineSystem({
  namespace: "dials",
  settings,
  secrets: dialsSecrets,
  families: dialsFamilies,
  references: ({ cluster }) => [{ path: "cluster", kind: "cluster", name: cluster }],
  rules: dialsRules,
});

export type { DialsSettings } from "./settings.ts";
export type DialsConfig = ConfigOf<typeof dialsSchema>;
