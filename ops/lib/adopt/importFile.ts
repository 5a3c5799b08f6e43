/** The file that `pulumi import --file` takes: what exists, with everything above it in the tree of resources. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { projectDir } from "../../../config/stackFile.ts";
import type { Registration } from "../../../review/evaluate/record.ts";
import { type Properties, Secret, wireSecret } from "../../../review/evaluate/secret.ts";

/** How a declared resource is taken over. */
export interface Adopted {
  /** By which its provider finds it. */
  readonly id: string;
  /** Without `outputs`: inputs that no provider can read back. With them: all inputs. */
  readonly inputs?: Properties;
  /** The whole state; then the engine reads nothing. */
  readonly outputs?: Properties;
}

/** One entry; names are URNs, since those are unique and need no table. */
interface ImportEntry {
  readonly type: string;
  readonly name: string;
  readonly logicalName: string;
  readonly id?: string;
  readonly parent?: string;
  readonly provider?: string;
  readonly version?: string;
  readonly component?: true;
  readonly inputs?: unknown;
  readonly outputs?: unknown;
}

/** As the engine's `importFile` has it (pkg/cmd/pulumi/operations/import.go). */
export interface ImportFile {
  /** What the state has already and entries refer to. */
  readonly nameTable: Readonly<Record<string, string>>;
  readonly resources: readonly ImportEntry[];
}

/** What an import file is made of. */
export interface ImportArgs {
  /** Everything that the program declares. */
  readonly resources: readonly Registration[];
  readonly adopted: ReadonlyMap<string, Adopted>;
  /** URNs in the state. */
  readonly known: ReadonlySet<string>;
  /** Secrets are in the file as in the stack's own: encrypted. */
  readonly encrypt: (text: string) => string;
}

/** Makes the file; what the state has already is only referred to. */
export function importFile({ resources, adopted, known, encrypt }: ImportArgs): ImportFile {
  const all = new Map(resources.map((one) => [one.urn, one]));
  const wanted = new Set<string>();
  const want = (urn: string): void => {
    const one = all.get(urn);
    // The stack itself is nobody's entry: the import makes it.
    if (one === undefined || one.type === "pulumi:pulumi:Stack" || wanted.has(urn)) return;
    wanted.add(urn);
    if (known.has(urn)) return;
    want(one.parent);
    want(one.provider);
  };
  for (const urn of adopted.keys()) want(urn);
  const entries = resources
    .filter(({ urn }) => wanted.has(urn) && !known.has(urn))
    .map((one) => entry(one, adopted.get(one.urn), wanted, encrypt));
  const nameTable = Object.fromEntries([...wanted].filter((urn) => known.has(urn)).map((urn) => [urn, urn]));
  return { nameTable, resources: entries };
}

function entry(
  { urn, type, name, parent, provider, inputs }: Registration,
  own: Adopted | undefined,
  wanted: ReadonlySet<string>,
  encrypt: (text: string) => string,
): ImportEntry {
  const isProvider = type.startsWith("pulumi:providers:");
  const [given, outputs] = isProvider ? [inputs, undefined] : [own?.inputs, own?.outputs];
  const custom = isProvider || own !== undefined;
  return {
    ...{ type, name: urn, logicalName: name },
    ...(own === undefined ? {} : { id: own.id }),
    ...(wanted.has(parent) ? { parent } : {}),
    ...(wanted.has(provider) ? { provider } : {}),
    ...(custom ? { version: sdkVersion(type) } : { component: true as const }),
    ...(given === undefined ? {} : { inputs: sealed(given, encrypt) }),
    ...(outputs === undefined ? {} : { outputs: sealed(outputs, encrypt) }),
  };
}

/** The value with its secrets encrypted, as the engine keeps them in a state. */
function sealed(value: unknown, encrypt: (text: string) => string): unknown {
  if (value instanceof Secret) return wireSecret({ ciphertext: encrypt(JSON.stringify(opened(value.value))) });
  if (Array.isArray(value)) return value.map((item) => sealed(item, encrypt));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, sealed(member, encrypt)]));
}

/** The value with its secrets in clear; it must not leave the process. */
export function opened(value: unknown): unknown {
  if (value instanceof Secret) return opened(value.value);
  if (Array.isArray(value)) return value.map(opened);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, opened(member)]));
}

/** Version of the provider that the program brings along: `4.25.0` for a type of Kubernetes. */
function sdkVersion(type: string): string {
  const name = type.startsWith("pulumi:providers:") ? type.split(":")[2] : type.split(":")[0];
  const file = path.join(projectDir, "node_modules", "@pulumi", name ?? "", "package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
