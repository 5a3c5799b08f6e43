/** Every config namespace that a stack file may have. */
import { callystoSchema } from "./callysto/config.ts";
import { dialsSchema } from "./dials/config.ts";
import { prowSchema } from "./prow/config.ts";
import { packitSchema, streamSchema } from "./packit/config.ts";
import { thothSchema } from "./thoth/config.ts";
import { orrerySchema } from "../config/removed.ts";
import { cloudsSchema, clustersSchema } from "../config/targets.ts";

export const schemas = {
  orrery: orrerySchema,
  clusters: clustersSchema,
  clouds: cloudsSchema,
  callysto: callystoSchema,
  dials: dialsSchema,
  prow: prowSchema,
  packit: packitSchema,
  stream: streamSchema,
  thoth: thothSchema,
} as const;

/** Types of the components below a system that a stack file names one by one; one that it lacks is deleted. */
export const environments: readonly string[] = [
  ...["Hub", "Clavius"].map((kind) => `orrery:callysto:${kind}`),
  ...["Bots", "Dgraph", "Nodepool", "Station", "StationNamespaces", "Ultrahook"].map((kind) => `orrery:thoth:${kind}`),
];
