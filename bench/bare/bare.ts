/** What a bare program registers, taken from a recording of the real one. */
import type { Recording, Registration } from "../../review/record.ts";
import { Secret } from "../../review/secret.ts";

/** A resource; secrets among its inputs are `{$secret}`. */
export interface BareResource {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly parent: string;
  readonly provider: string;
  readonly version?: string;
  /** Only what the cluster demands: namespaces before what is in them. */
  readonly dependsOn: readonly string[];
  readonly inputs: unknown;
}

/** The bare program of a recording. Keys and certificates are stood in by random ids: theirs come from each other. */
export function bareProgram(
  { resources }: Pick<Recording, "resources">,
  versions: Readonly<Record<string, string>>,
  kubeconfig: string,
): readonly BareResource[] {
  const namespaces = new Set(
    resources.filter(({ type }) => type === "kubernetes:core/v1:Namespace").map(({ urn }) => urn),
  );
  return resources.map((one) => {
    const standIn = one.type.startsWith("tls:");
    const type = standIn ? "random:index/randomId:RandomId" : one.type;
    const version = versions[type.split(":")[isProvider(one) ? 2 : 0] ?? ""];
    return {
      urn: one.urn,
      type,
      name: standIn ? `${one.name}-${one.type.split(":")[2] ?? ""}` : one.name,
      parent: one.parent,
      provider: standIn ? "" : one.provider,
      ...(version === undefined ? {} : { version }),
      dependsOn: (one.options.dependsOn ?? []).filter((urn) => namespaces.has(urn)),
      inputs: plain(standIn ? { byteLength: 8 } : inputsOf(one, kubeconfig)),
    };
  });
}

const isProvider = ({ type }: Registration): boolean => type.startsWith("pulumi:providers:");

/** What a provider logs in with is the lab's, not the sample. */
function inputsOf(one: Registration, kubeconfig: string): unknown {
  return isProvider(one) ? { ...one.inputs, kubeconfig: new Secret(kubeconfig) } : one.inputs;
}

/** A value for JSON. */
function plain(value: unknown): unknown {
  if (value instanceof Secret) return { $secret: plain(value.value) };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}
