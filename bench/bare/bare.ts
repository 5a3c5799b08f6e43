/** What a bare program registers, taken from a recording of the real one. */
import type { Call } from "../../review/evaluate/outputs.ts";
import type { Recording, Registration } from "../../review/evaluate/record.ts";
import { mapParts, Secret } from "../../review/evaluate/secret.ts";
import { isOpenstack, linked, needed, type References, references } from "../references.ts";

/** A resource; its inputs hold `{$secret}` and references. */
export interface BareResource {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly parent: string;
  readonly provider: string;
  readonly version?: string;
  /** As in the program: the engine makes few things at a time, and pods wait for accounts and claims. */
  readonly dependsOn: readonly string[];
  readonly deletedWith?: string;
  readonly inputs: unknown;
}

/** The file that `replay` reads. */
export interface BareProgram {
  readonly calls: readonly Call[];
  readonly resources: readonly BareResource[];
}

/** What the providers log in with, instead of the samples: by name of their input. */
export type Logins = Readonly<Record<"kubeconfig" | "password", string>>;

/** The bare program of a recording. Keys and certificates are stood in by random ids: theirs come from each other. */
export function bareProgram(
  recording: Pick<Recording, "resources" | "calls">,
  versions: Readonly<Record<string, string>>,
  logins: Logins,
): BareProgram {
  const { resources } = recording;
  const calls = needed(recording);
  const known = references({ resources, calls });
  return {
    calls: calls.map((call) => ({ ...call, inputs: linked(call, known) as Call["inputs"] })),
    resources: resources.map((one) => {
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
        dependsOn: one.options.dependsOn ?? [],
        ...(one.options.deletedWith === undefined ? {} : { deletedWith: one.options.deletedWith }),
        inputs: standIn ? { byteLength: 8 } : plain(inputsOf(one, known, logins)),
      };
    }),
  };
}

const isProvider = ({ type }: Registration): boolean => type.startsWith("pulumi:providers:");

/** What a provider logs in with is the lab's, not the sample. */
function inputsOf(one: Registration, known: References, logins: Logins): unknown {
  if (isOpenstack(one)) return linked(one, known);
  if (!isProvider(one)) return one.inputs;
  const own = Object.entries(logins).filter(([name]) => name in one.inputs);
  return { ...one.inputs, ...Object.fromEntries(own.map(([name, value]) => [name, new Secret(value)])) };
}

/** A value for JSON. */
function plain(value: unknown): unknown {
  return mapParts(value, (part) => (part instanceof Secret ? { $secret: part.value } : part));
}
