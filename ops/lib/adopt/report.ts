/** The report of an adoption plan. */
import { diffLines, changeTitle, titleOf } from "../../../review/report/format.ts";
import { pathText } from "../../../review/diff/fields.ts";
import type { Registration } from "../../../review/evaluate/record.ts";
import type { Change } from "../../../review/diff/compare.ts";
import { type Effect, effectName, type Weight } from "./effects.ts";
import type { Plan } from "./plan.ts";

/** Everything that a person should know, without a secret's text. */
export function planLines(plan: Plan, known: ReadonlySet<string>, whole: boolean): readonly string[] {
  const { adopted, recording, changes, effects, undecided, left, created } = plan;
  const own = recording.resources.filter(({ urn }) => adopted.has(urn));
  const replaced = changes.filter(({ operation }) => operation === "replace");
  const inState = recording.resources.filter(({ urn, type }) => known.has(urn) && !/^(orrery|pulumi):/.test(type));
  const instead = left.flatMap(({ object, instead: by }) =>
    by === undefined
      ? []
      : [`${object} runs next to the declared ${by}: scale it to 0 before the first up, delete it after`],
  );
  const rest = left.filter((one) => one.instead === undefined).map(({ object, remove }) => `${object}: ${remove}`);
  const policies = created.filter(({ type }) => type.endsWith(":NetworkPolicy"));
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
      `changed by the first up: ${count(changes.length - replaced.length, "resource")}`,
      clouds(changes, whole),
    ),
    ...weights.flatMap(([weight, title]) => {
      const own = effects.filter((one) => one.weight === weight);
      return section(`${title}: ${count(own.length, "field")}`, effectLines(own, whole));
    }),
    ...section(
      `to be decided: ${count(undecided.length, "field")}; change the settings so that they stay, or --accept 'FIELD' for each`,
      patterns(undecided),
    ),
    ...section(
      `network policies that begin with the first up (or after it, with --policies later): ${policies.length}`,
      policies.map(titleOfRegistration),
    ),
    ...section("in the way", instead),
    ...section(`not the stack's, left alone; what removes them: ${rest.length}`, rest),
  ];
}

const weights: readonly (readonly [Weight, string])[] = [
  ["loss", "the first up takes away data, addresses, permissions or traffic"],
  ["behaviour", "the first up changes how programs run"],
  ["harmless", "the first up changes what nothing depends on"],
];

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;

/** Changes of what no cluster has: its fields are those of the state. */
function clouds(changes: readonly Change[], whole: boolean): readonly string[] {
  return changes
    .filter(({ operation, type }) => operation !== "replace" && !type.startsWith("kubernetes:"))
    .flatMap((change) => [changeTitle(change), ...(whole ? wholeDiff(change) : shortDiff(change))]);
}

function wholeDiff(change: Pick<Change, "fields" | "options">): readonly string[] {
  return diffLines(change).map((line) => `  ${line}`);
}

/** What has another value, whole; what is only added, by its name. */
function shortDiff({ fields }: Pick<Change, "fields">): readonly string[] {
  const added = fields.filter(({ before }) => before === undefined).map(({ path }) => pathText(path));
  const other = fields.filter(({ before }) => before !== undefined);
  return [
    ...other.flatMap((field) => shortened(diffLines({ fields: [field], options: [] }))).map((line) => `  ${line}`),
    ...(added.length === 0 ? [] : [`    added: ${added.join(", ")}`]),
  ];
}

/** Fields by object, with their values. */
function effectLines(effects: readonly Effect[], whole: boolean): readonly string[] {
  const objects = Map.groupBy(effects, ({ object }) => object);
  return [...objects].flatMap(([object, own]) => {
    const fields = own.map((one) => ({ ...one, forces: false, derived: false }));
    return [object, ...(whole ? wholeDiff({ fields, options: [] }) : shortDiff({ fields }))];
  });
}

/** One line for each path; several objects have most of them. */
function patterns(undecided: readonly Effect[]): readonly string[] {
  const paths = Map.groupBy(undecided, ({ path }) => pathText(path));
  return [...paths].map(([path, [one, ...others]]) =>
    one !== undefined && others.length === 0 ? effectName(one) : `${path} (${1 + others.length} objects)`,
  );
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
export function planJson({ adopted, recording, changes, effects, undecided, problems, left, created }: Plan): object {
  const own = recording.resources.filter(({ urn }) => adopted.has(urn));
  return {
    adopted: own.map(({ urn, type }) => ({ urn, type, id: adopted.get(urn)?.id })),
    changes: changes.map(({ urn, operation, fields }) => ({
      ...{ urn, operation },
      fields: fields.map(({ path, forces }) => ({ path: pathText(path), forces })),
    })),
    created: created.map(({ urn }) => urn),
    effects: effects.map(({ object, path, weight }) => ({ object, field: pathText(path), weight })),
    undecided: undecided.map(effectName),
    ...{ problems, left },
  };
}
