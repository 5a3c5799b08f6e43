/** The report of an adoption plan. */
import { diffLines, changeTitle, titleOf } from "../../../review/report/format.ts";
import { pathText } from "../../../review/diff/fields.ts";
import type { Registration } from "../../../review/evaluate/record.ts";
import type { Change } from "../../../review/diff/compare.ts";
import type { Plan } from "./plan.ts";

/** Everything that a person should know, without a secret's text. */
export function planLines(plan: Plan, known: ReadonlySet<string>, whole: boolean): readonly string[] {
  const { adopted, recording, changes, notes, left, created } = plan;
  const own = recording.resources.filter(({ urn }) => adopted.has(urn));
  const replaced = changes.filter(({ operation }) => operation === "replace");
  const inState = recording.resources.filter(({ urn, type }) => known.has(urn) && !/^(orrery|pulumi):/.test(type));
  const instead = left.flatMap(({ object, instead: by }) =>
    by === undefined
      ? []
      : [`${object} runs next to the declared ${by}: scale it to 0 before the first up, delete it after`],
  );
  const rest = left.filter((one) => one.instead === undefined).map(({ object }) => object);
  return [
    ...section(`taken over: ${own.length}`, own.map(titleOfRegistration)),
    ...(inState.length === 0 ? [] : [`in the state already: ${inState.length}`]),
    ...section(`created by the first up: ${created.length}`, counted(created)),
    ...section(`replaced by the first up, as they cannot be changed (none holds data): ${replaced.length}`, [
      ...replaced.map((change) => {
        const why = change.fields.filter(({ forces }) => forces).map(({ path }) => pathText(path));
        return `${changeTitle(change)}: ${why.join(", ")}`;
      }),
    ]),
    ...section(
      `changed by the first up: ${changes.length - replaced.length}`,
      changes
        .filter(({ operation }) => operation !== "replace")
        .flatMap((change) => [changeTitle(change), ...(whole ? wholeDiff(change) : shortDiff(change))]),
    ),
    ...section("in the way", instead),
    ...section("only the old way had; copy what you need before the first up", notes),
    ...section(`not the stack's, left alone: ${rest.length}`, rest),
  ];
}

function wholeDiff(change: Change): readonly string[] {
  return diffLines(change).map((line) => `  ${line}`);
}

/** What has another value, whole; what is only added, by its name. */
function shortDiff({ fields }: Change): readonly string[] {
  const added = fields.filter(({ before }) => before === undefined).map(({ path }) => pathText(path));
  const other = fields.filter(({ before }) => before !== undefined);
  return [
    ...other.flatMap((field) => shortened(diffLines({ fields: [field], options: [] }))).map((line) => `  ${line}`),
    ...(added.length === 0 ? [] : [`    added: ${added.join(", ")}`]),
  ];
}

/** Lines of one field that are shown. */
const most = 12;

function shortened(lines: readonly string[]): readonly string[] {
  return lines.length <= most ? lines : [...lines.slice(0, most), `  ... and ${lines.length - most} lines: --diff`];
}

function titleOfRegistration({ type, name, inputs }: Registration): string {
  return titleOf({ type, name, inputs });
}

/** `3 Deployment`, a line a kind. */
function counted(resources: readonly Registration[]): readonly string[] {
  const kinds = Map.groupBy(resources, ({ type }) => type.split(":").at(-1) ?? type);
  return [...kinds].map(([kind, all]) => `${all.length} ${kind}`).sort();
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];
}

/** The same for a script. */
export function planJson({ adopted, recording, changes, problems, notes, left, created }: Plan): object {
  const own = recording.resources.filter(({ urn }) => adopted.has(urn));
  return {
    adopted: own.map(({ urn, type }) => ({ urn, type, id: adopted.get(urn)?.id })),
    changes: changes.map(({ urn, operation, fields }) => ({
      ...{ urn, operation },
      fields: fields.map(({ path, forces }) => ({ path: pathText(path), forces })),
    })),
    created: created.map(({ urn }) => urn),
    ...{ problems, notes, left },
  };
}
