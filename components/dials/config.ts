import { type ConfigOf, defineSystem } from "../../config/define.ts";
import { dialsRules } from "./rules.ts";
import { dialsKeyedSecrets, dialsSecrets } from "./secrets.ts";
import { settings } from "./settings.ts";

/** Config of DIALS: `dials:settings` and the secrets of `secretSpecs.ts`. What only DIALS itself uses is generated instead. */
export const dialsSchema = defineSystem({
  namespace: "dials",
  settings,
  secrets: dialsSecrets,
  keyedSecrets: dialsKeyedSecrets,
  references: ({ cluster }) => [{ path: "cluster", kind: "cluster", name: cluster }],
  rules: dialsRules,
});

export { environmentModule } from "./frontendBuild.ts";
export type { DialsSettings } from "./settings.ts";
export type DialsConfig = ConfigOf<typeof dialsSchema>;
