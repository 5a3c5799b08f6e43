/** `npm run config -- ...`: work on stack files that Pulumi's own `config` commands do not do. */
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { deployProblems } from "../../config/deployable.ts";
import { givenPassphrase } from "../../config/givenPassphrase.ts";
import { realSecrets } from "../../config/preflight/samplePassphrase.ts";
import { parseConfig } from "../../config/parse.ts";
import { newSalt, openSalt } from "../../config/passphrase.ts";
import { report } from "../../config/problems.ts";
import { isPublished } from "../../config/published.ts";
import { describeSchedule, schedulesOf } from "../../config/schedules.ts";
import { samplePassphrase } from "../../config/samples.ts";
import type { RawConfig } from "../../config/secrets.ts";
import { setSalt, setSecret } from "../../config/stackEdit.ts";
import * as files from "../../config/stackFile.ts";
import { schemas } from "../../components/registry.ts";
import { exitOnBrokenPipe } from "../../config/brokenPipe.ts";

exitOnBrokenPipe();

const usage = `Usage: npm run config -- COMMAND

  check [--stack S]      says what is wrong with the settings of a stack file (of all); needs no passphrase
  check --for-deploy --stack S  the same with its own secrets, and which of them are samples that up would refuse
  sample --stack S       adds an encrypted sample for every secret that the stack file lacks; changes nothing else
  new --stack S --like T makes Pulumi.S.yaml with T's settings and secrets under a passphrase of its own; only where
                         all of them are samples the passphrase may be the published one
  docs [--check]         writes docs/reference/ and config/schema.json (--check: fails if they are out of date)

The passphrase is PULUMI_CONFIG_PASSPHRASE, or in the file that PULUMI_CONFIG_PASSPHRASE_FILE names, else the published one of
a sample stack. For \`new\` the passphrase of T comes from ORRERY_LIKE_PASSPHRASE (or ORRERY_LIKE_PASSPHRASE_FILE). Single values
are set with npx pulumi config set.`;

const all = Object.values(schemas);

/** Adds what is missing; a file without a salt gets one. */
function addSamples(name: string): void {
  const file = files.stackPath(name);
  const stack = files.readStackFile(file);
  const missing = [...files.secretsOf(stack, all)].filter(([key, { required }]) => required && !stack.entries.has(key));
  if (missing.length === 0) {
    console.log(`Pulumi.${name}.yaml lacks no secret`);
    return;
  }
  const passphrase = givenPassphrase() ?? samplePassphrase(name);
  const salt = stack.encryptionSalt ?? newSalt(passphrase);
  const crypter = openSalt(salt, passphrase);
  const salted = setSalt(stack.text, salt);
  const text = missing.reduce((before, [key, wanted]) => {
    return setSecret(before, key, crypter.encrypt(wanted.sample()));
  }, salted);
  writeFileSync(file, text);
  console.log(`Pulumi.${name}.yaml: added a sample for ${missing.map(([key]) => key).join(", ")}`);
}

/** A new stack file from another one. */
function addStack(name: string, like: string): void {
  const file = path.join(files.projectDir, `Pulumi.${name}.yaml`);
  if (!/^[a-z][a-z0-9-]*$/.test(name)) throw new Error(`"${name}" is no stack name: use a-z, 0-9 and dashes`);
  if (existsSync(file)) throw new Error(`Pulumi.${name}.yaml exists already; remove it or choose another name`);
  const stack = files.readStackFile(files.stackPath(like));
  const old = openSalt(stack.encryptionSalt ?? "", givenPassphrase("ORRERY_LIKE_PASSPHRASE") ?? samplePassphrase(like));
  const clear = files.clearConfig(stack, old);
  const passphrase = givenPassphrase() ?? samplePassphrase(name);
  if (passphrase === "" || isPublished(passphrase)) assertSamplesOnly(like, clear);
  const salt = newSalt(passphrase);
  const crypter = openSalt(salt, passphrase);
  const secrets = [...clear].filter(([, { secret }]) => secret);
  const text = secrets.reduce(
    (before, [key, { value }]) => setSecret(before, key, crypter.encrypt(value)),
    setSalt(stack.text, salt),
  );
  writeFileSync(file, text);
  console.log(`Pulumi.${name}.yaml is made; its ${secrets.length} secrets are ${like}'s. Next: edit its settings`);
}

/** @throws if one of a stack's secrets is its own, for which everybody's passphrase will not do */
function assertSamplesOnly(stack: string, clear: RawConfig): void {
  const { systems, problems } = parseConfig(clear, all);
  // What cannot be parsed cannot be told from samples.
  const real =
    problems.length > 0 ? [...clear.keys()].filter((key) => clear.get(key)?.secret) : realSecrets(all, systems);
  if (real.length === 0) return;
  const some = real.length > 5 ? [...real.slice(0, 5), `${real.length - 5} more`] : real;
  throw new Error(
    `${stack} has secrets of its own (${some.join(", ")}), and the new file would have a published passphrase: ` +
      "put one of its own into PULUMI_CONFIG_PASSPHRASE; nothing was written",
  );
}

/** Problems of a stack file with its own secrets, samples among them. */
function checkForDeploy(name: string): void {
  const problems = deployProblems(name, files.readStackFile(files.stackPath(name)), all);
  if (problems !== undefined) throw new Error(problems);
  console.log(`${name}: nothing speaks against a deployment`);
}

/** Problems of stack files that show without a passphrase; without any, the next runs of their schedules. */
function check(names: readonly string[]): void {
  const stacks = names.map((name) => {
    const stack = files.readStackFile(files.stackPath(name));
    return { name, ...parseConfig(files.sampleConfig(stack, all), all) };
  });
  const broken = stacks.filter(({ problems }) => problems.length > 0);
  if (broken.length > 0) throw new Error(broken.map(({ name, problems }) => report(name, problems)).join("\n"));
  console.log(`${names.join(", ")}: no problems`);
  for (const { name, systems } of stacks) {
    const schedules = all.flatMap((schema) => schedulesOf(schema, systems.get(schema.namespace)?.settings ?? {}));
    for (const one of schedules) console.log(`  ${name} ${one.path}: ${describeSchedule(one, new Date())}`);
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      stack: { type: "string", short: "s" },
      like: { type: "string" },
      check: { type: "boolean" },
      "for-deploy": { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  const [command] = positionals;
  const { stack, like } = values;
  if (values.help === true || command === undefined) {
    console.log(usage);
  } else if (command === "check" && values["for-deploy"] === true && stack !== undefined) {
    checkForDeploy(stack);
  } else if (command === "check" && values["for-deploy"] !== true) {
    check(stack === undefined ? files.stackNames() : [stack]);
  } else if (command === "docs") {
    // Loaded here because only this command needs the formatter.
    const { writeDocs } = await import("./docs.ts");
    await writeDocs(values.check === true);
  } else if (command === "sample" && stack !== undefined) {
    addSamples(stack);
  } else if (command === "new" && stack !== undefined && like !== undefined) {
    addStack(stack, like);
  } else {
    throw new Error(`cannot do "${process.argv.slice(2).join(" ")}"\n\n${usage}`);
  }
}

main().catch((error: unknown) => {
  console.error(`config: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
