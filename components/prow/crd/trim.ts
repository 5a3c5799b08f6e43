/** Makes of upstream's ProwJob definition (4 MB: the whole PodSpec, four times Tekton) one that fits into a state. */
import { isMap, parseDocument } from "yaml";

type Node = Readonly<Record<string, unknown>>;

/** Fields of a ProwJob with other projects' types; their readers validate them. */
const foreignTypes = ["pod_spec", "pipeline_run_spec", "tekton_pipeline_run_spec", "resources"];

/** Any object: fields are neither checked nor dropped. */
const anything = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

/** The definition, without what is only documentation. @throws if the text is no definition of ProwJobs */
export function trimDefinition(text: string): { readonly metadata: Node; readonly spec: Node } {
  const document = parseDocument(text);
  const content: unknown = document.errors.length === 0 && isMap(document.contents) ? document.toJS() : {};
  const { kind, metadata, spec } = content as { kind?: string; metadata?: Node; spec?: Node };
  if (kind !== "CustomResourceDefinition" || metadata?.name !== "prowjobs.prow.k8s.io" || spec === undefined)
    throw new Error("the file is no definition of prowjobs.prow.k8s.io");
  const { group, names, scope, versions } = spec;
  return {
    metadata: { name: metadata.name, annotations: metadata.annotations },
    spec: {
      group,
      names,
      scope,
      versions: (versions as readonly Node[]).map((version) => ({
        ...version,
        schema: { openAPIV3Schema: trim((version.schema as { openAPIV3Schema: Node }).openAPIV3Schema) },
      })),
    },
  };
}

/** A schema without descriptions; fields that it does not know stay, since the programs may be newer than it. */
function trim(schema: Node): Node {
  const { properties, items, additionalProperties, ...others } = schema;
  const rest = Object.fromEntries(Object.entries(others).filter(([key]) => key !== "description"));
  return {
    ...rest,
    ...(properties === undefined ? {} : { properties: trimProperties(properties as Readonly<Record<string, Node>>) }),
    ...(rest.type === "object" && properties !== undefined ? { "x-kubernetes-preserve-unknown-fields": true } : {}),
    ...(items === undefined ? {} : { items: trim(items as Node) }),
    ...(typeof additionalProperties === "object"
      ? { additionalProperties: trim(additionalProperties as Node) }
      : additionalProperties === undefined
        ? {}
        : { additionalProperties }),
  };
}

function trimProperties(properties: Readonly<Record<string, Node>>): Readonly<Record<string, Node>> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, foreignTypes.includes(name) ? anything : trim(schema)]),
  );
}
