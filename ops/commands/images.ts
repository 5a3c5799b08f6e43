/** `orrery images`. */
import { defineCommand } from "../../cli/command.ts";
import { stackPath } from "../../config/stackFile.ts";
import { stubSdk } from "../../config/stubSdk.ts";
import { askAll, type Asked, leftReason, pinnedText } from "../lib/images/list.ts";
import { imagesOfStack } from "../lib/images/ofStack.ts";
import { readLogins } from "../lib/images/logins.ts";
import { Registries } from "../lib/images/registry.ts";
import { dryRunOption, jsonOption } from "../lib/options.ts";
import { changeAll, stackOf, stackOptions } from "../lib/stack.ts";

export const command = defineCommand({
  about: `Lists every image of a stack with its tag, digest, age and source, and pins them. The source is the setting or the program's table
that names the image. Asks the registries, with the logins of docker login or podman login where they want one. --update writes the digest
that each tag has now into the stack's file, next to the tag; again, it follows tags that have moved. What stays without a digest is listed
with the reason. Exit code 1 if a registry could not be asked.`,
  options: {
    ...stackOptions,
    update: { type: "boolean", help: "write digests into the stack's file" },
    ...dryRunOption,
    ...jsonOption,
  },
  async run({ update, dryRun, json, ...values }) {
    const stack = stackOf(values);
    if (values.configFile === undefined) stackPath(stack.name); // before the SDKs are loaded
    stubSdk();
    const asked = await askAll(await imagesOfStack(stack), new Registries(readLogins()));
    const now = Date.now();
    if (json) console.log(JSON.stringify(asked.map(shown), undefined, 2));
    else for (const line of table(asked, now)) console.log(line);
    const failed = asked.some(({ problem }) => problem !== undefined) ? 1 : 0;
    if (!update) return failed;
    const say = json ? console.error : console.log;
    const changes = asked.flatMap((one) => {
      const text = pinnedText(one);
      return text === undefined || one.configured === undefined ? [] : [{ ...one.configured, value: text }];
    });
    changeAll(stack, changes, dryRun);
    for (const { namespace, at, value } of changes) say(`${namespace}:settings.${at.join(".")}: ${value}`);
    say(
      changes.length === 0
        ? "every image that can have a digest has the one of its tag"
        : dryRun
          ? `${changes.length} digests would be written; nothing was changed`
          : `${changes.length} digests are written; next: npx pulumi preview --stack ${stack.name}`,
    );
    for (const [reason, left] of Map.groupBy(asked, leftReason))
      if (reason !== undefined) say(`${left.length} without a digest: ${reason}`);
    return failed;
  },
});

/** An image as JSON. */
function shown({ repository, tag, digest, now, built, problem, setting, own, pin }: Asked): object {
  return { repository, tag, digest, digestOfTag: now, built: built?.toISOString(), setting, own, pin, problem };
}

function table(asked: readonly Asked[], now: number): readonly string[] {
  const rows = asked.map((one) => [
    one.repository,
    one.tag ?? "-",
    digestColumn(one),
    one.built === undefined ? "-" : `${Math.floor((now - one.built.getTime()) / 86_400_000)} d`,
    sourceColumn(one),
  ]);
  const all = [["IMAGE", "TAG", "DIGEST", "AGE", "SOURCE"], ...rows];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const problems = [...Map.groupBy(asked, ({ problem }) => problem)].flatMap(([problem, same]) =>
    problem === undefined ? [] : [`${same.length} could not be asked for: ${problem}`],
  );
  return [
    ...all.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    ),
    ...problems,
  ];
}

/** The digest's first digits; in brackets if only the registry has it. */
function digestColumn({ digest, now }: Asked): string {
  const short = (one: string): string => one.slice("sha256:".length, "sha256:".length + 12);
  if (digest === undefined) return now === undefined ? "-" : `(${short(now)})`;
  return now === undefined || now === digest ? short(digest) : `${short(digest)}, moved`;
}

function sourceColumn({ setting, own, pin }: Asked): string {
  if (setting !== undefined) return own ? setting : `program; ${setting}`;
  return pin === "cluster" ? "cluster" : pin === "parameter" ? "parameter" : "program";
}
