/** From raw config to typed settings and secrets' texts, or to every problem at once. Knows nothing of Pulumi. */
import { z } from "zod";
import type { AnySystem, Reference } from "./define.ts";
import * as messages from "./problems.ts";
import type { Problem } from "./problems.ts";
import {
  type ParsedSystem,
  parseSecrets,
  type RawConfig,
  type RawEntry,
  secretsInClear,
  wantedSecrets,
} from "./secrets.ts";

/** What a stack's config holds. Systems that it does not name are absent. */
export interface Parsed {
  readonly systems: ReadonlyMap<string, ParsedSystem>;
  readonly problems: readonly Problem[];
}

/** Parses the whole config of a stack. */
export function parseConfig(raw: RawConfig, schemas: readonly AnySystem[]): Parsed {
  const known = schemas.map(({ namespace }) => namespace);
  const problems: Problem[] = [];
  const systems = new Map<string, ParsedSystem>();
  for (const key of raw.keys()) {
    const [namespace = "", name] = key.split(":");
    if (name === undefined) {
      const text = `has no system; expected a key such as ${namespace}:settings${messages.suggest(namespace, known)}`;
      problems.push({ path: key, text, fix: messages.removeCommand(key) });
      continue;
    }
    if (known.includes(namespace) || namespace === "pulumi") continue;
    problems.push({
      path: key,
      text: `no system has the namespace "${namespace}"${messages.suggest(namespace, known)}`,
      fix: messages.removeCommand(key),
    });
  }
  const references: { readonly key: string; readonly reference: Reference }[] = [];
  const missing: Problem[] = [];
  for (const system of schemas) {
    const key = `${system.namespace}:settings`;
    const own = [...raw.keys()].filter((name) => name.startsWith(`${system.namespace}:`));
    if (own.length === 0) continue;
    const settings = parseSettings(key, raw.get(key), system.settings);
    problems.push(...settings.problems);
    if (settings.problems.length > 0) {
      problems.push(...secretsInClear(own, raw));
      continue;
    }
    for (const { path, problem } of system.rules?.(settings.value) ?? []) {
      const full = `${key}.${path}`;
      problems.push({ path: full, text: problem, fix: messages.setCommand(full) });
    }
    references.push(...(system.references?.(settings.value) ?? []).map((reference) => ({ key, reference })));
    const secrets = parseSecrets(system, wantedSecrets(system, settings.value), raw, own);
    problems.push(...secrets.problems);
    missing.push(...secrets.missing);
    systems.set(system.namespace, { settings: settings.value, ...secrets });
  }
  if (schemas.length > 0 && raw.size === 0) {
    const fix =
      "npm run config -- new --stack NAME --like {stack} writes a file like another one; git log -p shows what this one contained";
    problems.push({ path: "config", text: "is empty: deploying it would remove everything that the stack has", fix });
  }
  problems.push(...references.flatMap(({ key, reference }) => dangling(key, reference, systems, raw)), ...missing);
  return { systems, problems };
}

/** Settings of one system, or what is wrong with them. */
function parseSettings(
  key: string,
  entry: RawEntry | undefined,
  schema: z.ZodType,
): { readonly value: unknown; readonly problems: readonly Problem[] } {
  const fail = (text: string, fix: string): { value: undefined; problems: Problem[] } => ({
    value: undefined,
    problems: [{ path: key, text, fix }],
  });
  const edit = `edit Pulumi.{stack}.yaml: ${key} is a map, see docs/configuration.md`;
  if (entry === undefined) return fail("got nothing, though secrets of the system are set; expected a map", edit);
  if (entry.secret) {
    return fail("holds an encrypted value; settings are plain, a secret has a config key of its own", edit);
  }
  const raw = parseJson(entry.value);
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
    return fail(`got ${messages.formatValue(raw)}; expected a map`, edit);
  }
  const parsed = schema.safeParse(raw, { reportInput: true, error: messages.issueMessage });
  if (parsed.success) return { value: parsed.data, problems: [] };
  return { value: undefined, problems: parsed.error.issues.flatMap((issue) => issueProblems(key, issue, schema)) };
}

/** JSON, or the text itself if it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** A problem for each of zod's issues; of a union, the issues of the closest variant. */
function issueProblems(key: string, issue: z.core.$ZodIssue, schema: z.ZodType): readonly Problem[] {
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const closest = [...issue.errors].sort((a, b) => a.length - b.length)[0] ?? [];
    return closest.flatMap((inner) => issueProblems(key, { ...inner, path: [...issue.path, ...inner.path] }, schema));
  }
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((name) => {
      const path = messages.propertyPath(key, [...issue.path, name]);
      const text = `there is no such setting${messages.suggest(name, knownKeys(schema, issue.path))}`;
      return { path, text, fix: messages.removeCommand(path) };
    });
  }
  const path = messages.propertyPath(key, issue.path);
  if (issue.code === "invalid_key") {
    const text = `got the name ${messages.formatValue(issue.input)}; ${issue.issues.map(({ message }) => message).join("; ")}`;
    return [{ path, text, fix: `edit Pulumi.{stack}.yaml: rename it under ${key}` }];
  }
  if (issue.code === "invalid_union") {
    const discriminator = Object.entries(issue.input ?? {}).find(([name]) => name === issue.discriminator);
    const options = ("options" in issue ? issue.options : undefined) ?? [];
    const expected = options.map((option) => JSON.stringify(option)).join(" or ");
    return [
      {
        path,
        text: `got ${messages.formatValue(discriminator?.[1])}; expected ${expected}`,
        fix: messages.setCommand(path),
      },
    ];
  }
  const structured = issue.code === "invalid_type" && ["object", "array", "record"].includes(issue.expected);
  const fix = structured ? `edit Pulumi.{stack}.yaml: set it under ${key}` : messages.setCommand(path);
  return [{ path, text: `got ${messages.formatValue(issue.input)}; ${issue.message}`, fix }];
}

type Node = z.core.JSONSchema.JSONSchema;

/** Names that an object at a path of the settings may have; those of every variant where there are several. */
function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  const whole = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Node;
  const nodes = path.reduce((level, step) => level.flatMap((node) => below(node, String(step))), variants(whole));
  return nodes.flatMap(({ properties }) => Object.keys(properties ?? {}));
}

function below({ properties, items, additionalProperties }: Node, step: string): readonly Node[] {
  const next = properties?.[step] ?? items ?? additionalProperties;
  return typeof next === "object" && !Array.isArray(next) ? variants(next) : [];
}

/** A union's variants; anything else is its own. */
function variants(node: Node): readonly Node[] {
  return node.anyOf ?? node.oneOf ?? [node];
}

/** A reference to a cluster or cloud that the stack does not have; not checked while those are broken themselves. */
function dangling(
  key: string,
  { path, kind, name }: Reference,
  systems: ReadonlyMap<string, ParsedSystem>,
  raw: RawConfig,
): readonly Problem[] {
  const namespace = `${kind}s`;
  const targets = systems.get(namespace)?.settings;
  if (targets === undefined && raw.has(`${namespace}:settings`)) return [];
  const names = Object.keys(targets ?? {});
  if (names.includes(name)) return [];
  const right =
    names.length === 0 ? `${namespace}:settings names none` : `${namespace}:settings has ${names.join(", ")}`;
  const text = `got ${messages.formatValue(name)}; expected the name of a ${kind}: ${right}${messages.suggest(name, names)}`;
  return [{ path: `${key}.${path}`, text, fix: messages.setCommand(`${key}.${path}`) }];
}
