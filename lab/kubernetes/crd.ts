/** Helpers for custom resource definitions and their schemas. */
import { type KubeObject, plural as pluralOf } from "./api.ts";

/** A part of an OpenAPI v3 schema. */
export type Schema = Readonly<Record<string, unknown>>;

/** An object without a schema; all fields are kept. */
export const anything: Schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
export const text: Schema = { type: "string" };
export const flag: Schema = { type: "boolean" };
export const int32: Schema = { type: "integer", format: "int32" };
export const int64: Schema = { type: "integer", format: "int64" };
export const stringMap: Schema = { type: "object", additionalProperties: text };

export const oneOf = (...values: string[]): Schema => ({ type: "string", enum: values });
export const list = (items: Schema): Schema => ({ type: "array", items });
/** A CEL expression that must hold, and the API's message if it does not. */
export const rule = (message: string, expression: string): Schema => ({ rule: expression, message });
/** CEL: the field is absent or empty. */
export const unset = (field: string): string => `(!has(self.${field}) || self.${field} == '')`;

/** An object with these properties; the API prunes or rejects others. */
export const object = (properties: Record<string, Schema>, required: string[] = [], rules: Schema[] = []): Schema => ({
  type: "object",
  properties,
  ...(required.length === 0 ? {} : { required }),
  ...(rules.length === 0 ? {} : { "x-kubernetes-validations": rules }),
});

/** One namespaced kind. */
export interface Kind {
  readonly group: string;
  /** @default v1 */
  readonly version?: string;
  readonly kind: string;
  /** @default the regular plural of the kind */
  readonly plural?: string;
  /** Abbreviation for kubectl. */
  readonly short?: string;
  /** Properties besides apiVersion, kind and metadata; `status` becomes a subresource, unless the object is made with its status. */
  readonly properties: Record<string, Schema>;
  readonly required?: string[];
  /** Whether an object is made with its status. @default false */
  readonly answered?: boolean;
  /** Whether `kubectl scale` works on spec.replicas. @default false */
  readonly scale?: boolean;
  /** Columns of `kubectl get`: title to JSON path. */
  readonly columns?: Readonly<Record<string, string>>;
}

/** The CustomResourceDefinition of a kind. */
export function customResource(kind: Kind): KubeObject {
  const plural = kind.plural ?? pluralOf(kind.kind);
  const properties = { apiVersion: text, kind: text, metadata: { type: "object" }, ...kind.properties };
  const scale = { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${kind.group}` },
    spec: {
      group: kind.group,
      scope: "Namespaced",
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural,
        singular: kind.kind.toLowerCase(),
        ...(kind.short === undefined ? {} : { shortNames: [kind.short] }),
      },
      versions: [
        {
          name: kind.version ?? "v1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: object(properties, kind.required) },
          subresources: {
            ...("status" in kind.properties && kind.answered !== true ? { status: {} } : {}),
            ...(kind.scale === true ? { scale } : {}),
          },
          additionalPrinterColumns: Object.entries(kind.columns ?? {}).map(([name, jsonPath]) => ({
            name,
            jsonPath,
            type: "string",
          })),
        },
      ],
    },
  };
}
