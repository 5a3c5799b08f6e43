/** A container together with the contract of its image: the input of every check. */
import { parse as parseYaml } from "yaml";
import { asObject } from "../../policy/manifest.ts";
import type { Condition, Contract } from "./format.ts";
import type { Container, Pod, World } from "./workloads.ts";

type Programs = NonNullable<Contract["programs"]>;
/** The parts of a contract that apply to one program of an image. */
export type Reading = Omit<Programs[string], "when">;

/** A container, its pod, and the contract of its program. */
export interface Situation {
  readonly world: World;
  readonly pod: Pod;
  readonly container: Container;
  readonly contract: Contract;
  readonly reading: Reading;
}

/** The command line that the container starts with. */
export function commandLine(container: Container, contract: Contract): readonly string[] {
  const args = container.args ?? [];
  return container.command === undefined ? [...contract.entry.command, ...args] : [...container.command, ...args];
}

/** Programs of the contract that the container runs; `[""]` if the image has only one. */
export function programsOf(container: Container, contract: Contract): readonly string[] {
  if (contract.programs === undefined) return [""];
  const line = commandLine(container, contract).join(" ");
  return Object.entries(contract.programs)
    .filter(([, { when }]) => {
      const variables = Object.entries(when.variables ?? {});
      return (
        (when.command === undefined || new RegExp(when.command).test(line)) &&
        (when.container === undefined || new RegExp(when.container).test(container.name)) &&
        variables.every(([name, form]) => new RegExp(form).test(container.variables.get(name)?.text ?? ""))
      );
    })
    .map(([name]) => name);
}

/** The contract of one program, common parts included. */
export function readingOf(contract: Contract, program: string): Reading {
  const own = contract.programs?.[program];
  const lists = <T>(common: readonly T[] | undefined, more: readonly T[] | undefined): T[] => [
    ...(common ?? []),
    ...(more ?? []),
  ];
  const [memory, user] = [own?.memory ?? contract.memory, own?.user ?? contract.user];
  const [words, token] = [own?.words ?? contract.words, own?.token ?? contract.token];
  const ends = own?.ends ?? contract.ends;
  return {
    variables: { ...contract.variables, ...own?.variables },
    files: { ...contract.files, ...own?.files },
    flags: { ...contract.flags, ...own?.flags },
    ports: { ...contract.ports, ...own?.ports },
    commands: { ...contract.commands, ...own?.commands },
    writes: lists(contract.writes, own?.writes),
    reads: lists(contract.reads, own?.reads),
    capabilities: lists(contract.capabilities, own?.capabilities),
    peers: lists(contract.peers, own?.peers),
    permissions: lists(contract.permissions, own?.permissions),
    ...(words === undefined ? {} : { words }),
    ...(token === undefined ? {} : { token }),
    ...(ends === undefined ? {} : { ends }),
    ...(memory === undefined ? {} : { memory }),
    ...(user === undefined ? {} : { user }),
  };
}

/** A flag's values on the command line: after `=`, or the next word. */
export function flagValues(
  { container, contract }: Pick<Situation, "container" | "contract">,
  flag: string,
): readonly string[] {
  const line = commandLine(container, contract);
  return line.flatMap((word, index) => {
    if (word.startsWith(`${flag}=`)) return [word.slice(flag.length + 1)];
    if (word !== flag) return [];
    const next = line[index + 1];
    return [next === undefined || next.startsWith("-") ? "true" : next];
  });
}

/** Whether a condition holds; true without a condition. */
export function holds(condition: Condition | undefined, situation: Situation): boolean {
  if (condition === undefined) return true;
  const values: (string | undefined)[] = [];
  if (condition.variable !== undefined) {
    const given = situation.container.variables.get(condition.variable);
    values.push(given === undefined ? undefined : (given.text ?? ""));
  }
  if (condition.flag !== undefined) values.push(flagValues(situation, condition.flag)[0]);
  if (condition.file !== undefined) {
    const text = situation.container.files.get(condition.file)?.text;
    values.push(text === undefined || condition.key === undefined ? text : keyOf(parsed(text), condition.key));
  }
  const form = condition.form === undefined ? undefined : new RegExp(condition.form);
  return values.every((value) => value !== undefined && (form === undefined ? value !== "" : form.test(value)));
}

/** A file's content as YAML or JSON; undefined if it is neither. */
export function parsed(text: string): unknown {
  try {
    return parseYaml(text, { uniqueKeys: false, maxAliasCount: -1, logLevel: "silent" }) as unknown;
  } catch {
    return undefined;
  }
}

/** The text at a dotted path, or undefined. */
export function keyOf(content: unknown, path: string): string | undefined {
  const found = path
    .split(".")
    .reduce<unknown>(
      (value, key) => (Array.isArray(value) ? value[Number(key)] : asObject(value)[key]) as unknown,
      content,
    );
  return found === undefined ? undefined : typeof found === "string" ? found : JSON.stringify(found);
}

/** A text with `${VARIABLE}`, `${--flag}` and `${FILE KEY}` replaced; undefined if one of them has no value. */
export function filled(text: string, situation: Situation): string | undefined {
  const absent: string[] = [];
  const result = text.replace(/\$\{([^}]+)\}/g, (_, name: string) => {
    const value = name.startsWith("/")
      ? fileKey(name, situation)
      : name.startsWith("-")
        ? flagValues(situation, name)[0]
        : situation.container.variables.get(name)?.text;
    if (value === undefined) absent.push(name);
    return value ?? "";
  });
  return absent.length === 0 ? result : undefined;
}

/** The value of a key in a mounted file, `FILE KEY`. */
function fileKey(reference: string, { container }: Situation): string | undefined {
  const [file = "", key = ""] = reference.split(" ");
  const held = container.files.get(file)?.text;
  return held === undefined ? undefined : keyOf(parsed(held), key);
}
