/** JSON schemas of a cluster's kinds, for kubeconform, made of what its API says about itself (`/openapi/v2`, CRDs included). */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Json, asList, asObject, asText } from "../../../policy/manifest.ts";

/** The parts of `/openapi/v2` that are read. */
export interface OpenApi {
  readonly definitions: Readonly<Record<string, Json>>;
}

/** Where kubeconform finds the schema of a kind in the folder that {@link writeSchemas} fills. */
export const schemaFile = "{{.Group}}_{{.ResourceAPIVersion}}_{{.ResourceKind}}.json";

const shared = "definitions.json";

/** Fills a folder with one schema a kind. */
export function writeSchemas(folder: string, { definitions }: OpenApi): void {
  mkdirSync(folder, { recursive: true });
  const strict = Object.fromEntries(
    Object.entries(definitions).map(([name, schema]) => [name, toSchema(schema, name)]),
  );
  writeFileSync(path.join(folder, shared), JSON.stringify({ definitions: strict }));
  for (const [name, schema] of Object.entries(definitions)) {
    for (const { group, version, kind } of asList(schema["x-kubernetes-group-version-kind"])) {
      // Kubeconform takes an object of the core, which has no group, for one of the group "v1".
      const place = [
        asText(group) === "" ? asText(version) : asText(group),
        asText(version),
        asText(kind).toLowerCase(),
      ];
      const schemaOfKind = { $ref: `${shared}#/definitions/${name}` };
      writeFileSync(path.join(folder, `${place.join("_")}.json`), JSON.stringify(schemaOfKind));
    }
  }
}

/** Kubernetes' OpenAPI as a JSON schema that also refuses fields that nobody declared, as the API's strict validation does. */
function toSchema(schema: Json, name = ""): Json {
  if (typeof schema.$ref === "string") return { $ref: schema.$ref };
  if (schema.format === "int-or-string" || schema["x-kubernetes-int-or-string"] === true) {
    return { type: ["integer", "string"] };
  }
  if (name === "io.k8s.apimachinery.pkg.api.resource.Quantity") return { type: ["number", "string"] };
  const { type, required, pattern, minimum, maximum, properties, items, additionalProperties } = schema;
  const fields = properties === undefined ? undefined : asObject(properties);
  const open =
    schema["x-kubernetes-preserve-unknown-fields"] === true || schema["x-kubernetes-embedded-resource"] === true;
  const rest =
    typeof additionalProperties === "object" ? toSchema(asObject(additionalProperties)) : fields === undefined || open;
  return defined({
    ...{ type, required, pattern, minimum, maximum, enum: schema.enum },
    properties:
      fields && Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, toSchema(asObject(value))])),
    items: items === undefined ? undefined : toSchema(asObject(items)),
    additionalProperties: type === "object" || fields !== undefined ? rest : undefined,
  });
}

const defined = (fields: Json): Json =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
