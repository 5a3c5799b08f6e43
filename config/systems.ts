/** Every config namespace that a stack file may have. */
import { callystoSchema } from "../components/callysto/config.ts";
import { dialsSchema } from "../components/dials/config.ts";
import { prowSchema } from "../components/prow/config.ts";
import { packitSchema, streamSchema } from "../components/packit/config.ts";
import { thothSchema } from "../components/thoth/config.ts";
import { cloudsSchema, clustersSchema } from "./targetSchemas.ts";

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
