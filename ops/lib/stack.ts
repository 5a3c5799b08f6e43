/** A stack's settings, as day-2 commands read and change them: in its file, without a passphrase. */
import { readFileSync } from "node:fs";
import type { z } from "zod";
import type { SystemSchema } from "../../config/define.ts";
import { parseConfig } from "../../config/parse.ts";
import { report } from "../../config/problems.ts";
import { checkDraft, replaceFiles } from "../../config/replaceFile.ts";
import { put } from "../../config/stackEdit.ts";
import { readStackFile, sampleConfig, type StackFile, stackPath } from "../../config/stackFile.ts";
import { schemas } from "../../components/registry.ts";
import type { OptionSpecs, ValuesOf } from "../../cli/options.ts";
import { UsageError } from "../../cli/usage.ts";

/** Options of every command that reads a stack's settings. */
export const stackOptions = {
  stack: { type: "string", short: "s", value: "S", required: true, help: "the stack: reads Pulumi.S.yaml" },
  "config-file": { type: "string", value: "FILE", help: "reads (and changes) that file instead" },
} as const satisfies OptionSpecs;

/** The same for commands that work on groups of stacks. */
export const groupOptions = {
  ...stackOptions,
  stack: { ...stackOptions.stack, help: `${stackOptions.stack.help}; several at once by a pattern, e.g. 'prod*'` },
} as const satisfies OptionSpecs;

/** The same for commands that do not always need a stack. */
export const optionalStackOptions = {
  stack: { type: "string", short: "s", value: "S", help: "the stack: reads Pulumi.S.yaml" },
  "config-file": stackOptions["config-file"],
} as const satisfies OptionSpecs;

/** @throws UsageError if no stack is named */
export function namedStack({ stack, configFile }: ValuesOf<typeof optionalStackOptions>): StackValues {
  if (stack === undefined) throw new UsageError(`--stack S is missing: ${stackOptions.stack.help}`);
  return { stack, configFile };
}

/** Values of {@link stackOptions}. */
export type StackValues = Pick<ValuesOf<typeof stackOptions>, "stack"> & Partial<ValuesOf<typeof stackOptions>>;

/** A stack's file and what it says about one system. */
export interface SystemStack<Settings> {
  readonly name: string;
  /** Path of its file. */
  readonly file: string;
  readonly settings: Settings;
}

/** Settings of a system in the stack that the options name. @throws if the stack lacks it or its settings are wrong */
export function openStack<S extends z.ZodType>(schema: SystemSchema<S>, values: StackValues): SystemStack<z.infer<S>> {
  const { name, file } = stackOf(values);
  return { name, file, settings: settingsOf(schema, name, readStackFile(file)) };
}

/** The stack that the options name, and its file. @throws UsageError if they name none */
export function stackOf({ stack: name, configFile }: StackValues): Pick<SystemStack<unknown>, "name" | "file"> {
  return { name, file: configFile ?? stackPath(name) };
}

function settingsOf<S extends z.ZodType>(schema: SystemSchema<S>, name: string, file: StackFile): z.infer<S> {
  if (!file.entries.has(`${schema.namespace}:settings`)) {
    throw new Error(`Pulumi.${name}.yaml has no ${schema.namespace}:settings: the system is not in this stack`);
  }
  const known = Object.values(schemas);
  const { systems, problems } = parseConfig(sampleConfig(file, known), known);
  // Missing secrets are reported when the stack is deployed.
  const own = problems.filter(
    ({ path: at, text: said }) => at.startsWith(`${schema.namespace}:`) && !said.startsWith("the secret is missing"),
  );
  if (own.length > 0) throw new Error(report(name, own));
  return systems.get(schema.namespace)?.settings as z.infer<S>;
}

/** A setting to change: its path inside the settings, and what it is to be. */
export interface Change {
  readonly at: readonly (string | number)[];
  readonly value: unknown;
}

/** A stack's file before and after a change. */
export interface FileChange {
  readonly before: string;
  readonly text: string;
}

/**
 * The stack's file with other settings; every other byte stays as it is. Nothing is written.
 * @throws if the settings would be wrong then
 */
export function changedSettings<S extends z.ZodType>(
  schema: SystemSchema<S>,
  stack: Pick<SystemStack<unknown>, "name" | "file">,
  changes: readonly Change[],
): FileChange {
  const { namespace } = schema;
  return changedFile(
    stack,
    changes.map((one) => ({ ...one, namespace })),
    (file) => void settingsOf(schema, stack.name, file),
  );
}

/**
 * Changes settings in the stack's file; every other byte of the file stays as it was.
 * @throws before anything is written, if the settings would be wrong then
 */
export function changeSettings<S extends z.ZodType>(
  schema: SystemSchema<S>,
  stack: Pick<SystemStack<unknown>, "name" | "file">,
  changes: readonly Change[],
  dryRun: boolean,
): void {
  const change = changedSettings(schema, stack, changes);
  if (!dryRun) replaceFiles([{ file: stack.file, ...change }]);
}

/**
 * The stack's file with other settings of several systems. Nothing is written.
 * @throws if the file would have problems then
 */
export function changedAll(
  stack: Pick<SystemStack<unknown>, "name" | "file">,
  changes: readonly (Change & { readonly namespace: string })[],
): FileChange {
  const known = Object.values(schemas);
  return changedFile(stack, changes, (file) => {
    const { problems } = parseConfig(sampleConfig(file, known), known);
    if (problems.length > 0) throw new Error(report(stack.name, problems));
  });
}

/** Changes settings of several systems. @throws before anything is written, if the file would have problems then */
export function changeAll(
  stack: Pick<SystemStack<unknown>, "name" | "file">,
  changes: readonly (Change & { readonly namespace: string })[],
  dryRun: boolean,
): void {
  const change = changedAll(stack, changes);
  if (!dryRun && changes.length > 0) replaceFiles([{ file: stack.file, ...change }]);
}

function changedFile(
  { file }: Pick<SystemStack<unknown>, "file">,
  changes: readonly (Change & { readonly namespace: string })[],
  check: (draft: StackFile) => void,
): FileChange {
  const before = readFileSync(file, "utf8");
  const text = changes.reduce(
    (content, { namespace, at, value }) => put(content, ["config", `${namespace}:settings`, ...at], value),
    before,
  );
  checkDraft(file, text, (draft) => {
    check(readStackFile(draft));
  });
  return { before, text };
}
