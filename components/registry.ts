/** Every config namespace that a stack file may have. */
import { callystoSchema } from "./callysto/config.ts";
import { dialsSchema } from "./dials/config.ts";
import { prowSchema } from "./prow/config.ts";
import { packitSchema, streamSchema } from "./packit/config.ts";
import { thothSchema } from "./thoth/config.ts";
import { cloudsSchema, clustersSchema } from "../config/targets.ts";

export const schemas = {
  clusters: clustersSchema,
  clouds: cloudsSchema,
  callysto: callystoSchema,
  dials: dialsSchema,
  prow: prowSchema,
  packit: packitSchema,
  stream: streamSchema,
  thoth: thothSchema,
} as const;
