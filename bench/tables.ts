/** The figures as Markdown tables. */
import { median } from "./figures.ts";
import { exponents, goals, own, secondsOf } from "./goals.ts";
import { type Circumstances, type Life, type Results, type Rounds, type Saved, type Step, steps } from "./results.ts";

/** Steps as a reader calls them. */
export const stepNames: Readonly<Record<Step, string>> = {
  up: "from nothing to ready",
  noop: "nothing to change",
  change: "one image changed",
  destroy: "destroy",
};

/** One line about where and with what parts were measured; only those whose name begins so. */
export function circumstancesLine(all: Results["circumstances"], begins = ""): string {
  const chosen = Object.entries(all).filter(([name]) => name.startsWith(begins));
  const dates = chosen.map(([, one]) => one.date).sort();
  const loads = chosen.flatMap(([, { load }]) => [load.before, load.after]);
  const same = (of: (one: Circumstances) => string): string =>
    [...new Set(chosen.map(([, one]) => of(one)))].join("; or ");
  const versions = same((one) =>
    Object.entries(one.versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
  );
  const saved = same(({ checkpoints }) => (checkpoints ? "state saved after each step" : "state saved once an update"));
  const when = [...new Set([dates[0], dates.at(-1)])].join(" to ");
  return `${when} UTC; ${same(({ machine }) => machine)}; load ${Math.min(...loads)} to ${Math.max(...loads)}; ${saved}; ${versions}`;
}

/** All tables, of the parts that were measured. */
export function tables(results: Results): string {
  const found = [
    goalsTable(results),
    livesTable(results),
    versionsTable(results),
    diffsTable(results),
    growthTable(results),
    stacksTable(results),
  ];
  const measured = `Measured: ${circumstancesLine(results.circumstances)}.`;
  return [...found.filter((table) => table !== ""), circumstancesTable(results), measured].join("\n\n");
}

function circumstancesTable({ circumstances }: Results): string {
  return table(
    ["run", "ended (UTC)", "load before", "load at the end"],
    Object.entries(circumstances).map(([name, { date, load }]) => [
      name,
      date,
      String(load.before),
      String(load.after),
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const said = (seconds: number | undefined): string => (seconds === undefined ? "" : `${seconds.toFixed(1)} s`);

function goalsTable(results: Results): string {
  return table(
    ["goal", "at most", "measured", "reached", "from"],
    goals(results).map(({ says, limit, value, how }) => [
      says,
      String(limit),
      value.toFixed(2),
      value <= limit ? "yes" : "**no**",
      how,
    ]),
  );
}

function livesTable({ lives }: Results): string {
  return table(
    ["system of stage", "by", "resources", "rounds", ...steps.map((step) => stepNames[step])],
    lives.map(({ system, contestant, resources, seconds }) => [
      system,
      contestant,
      String(resources),
      String(seconds.up?.length ?? 0),
      ...steps.map((step) => {
        const [time, ours] = [median(seconds[step] ?? []), secondsOf(lives, system, own, step)];
        const ratio = contestant === own || ours === undefined ? "" : ` (orrery ${(ours / time).toFixed(2)}x)`;
        return `${said(time)}${ratio}`;
      }),
    ]),
  );
}

/** An older commit next to this program, a row for each step. */
function versionsTable({ versions }: Pick<Results, "versions">): string {
  const rows = [...Map.groupBy(versions, ({ system }) => system)].flatMap(([system, lives]) => {
    const now = lives.find(({ contestant }) => contestant === own);
    const before = lives.find(({ contestant }) => contestant !== own);
    if (now === undefined || before === undefined) return [];
    return steps.map((step) => {
      const change = (of: (life: Life) => Rounds | undefined, digits: number, unit: string): string => {
        const [then, today] = [of(before)?.[step] ?? [], of(now)?.[step] ?? []];
        if (then.length === 0 || today.length === 0) return "";
        const [old, recent] = [median(then), median(today)];
        return `${old.toFixed(digits)} to ${recent.toFixed(digits)}${unit} (${(recent / old).toFixed(2)}x)`;
      };
      return [
        system,
        `${before.contestant} to ${now.contestant}`,
        `${before.resources} to ${now.resources}`,
        String(now.seconds[step]?.length ?? 0),
        stepNames[step],
        change(({ seconds }) => seconds, 1, " s"),
        change(({ cpu }) => cpu, 1, " s"),
        change(({ saves }) => saves, 0, ""),
      ];
    });
  });
  const head = ["system of stage", "versions", "resources", "rounds", "step", "time", "processor time", "states saved"];
  return table(head, rows);
}

function diffsTable({ diffs }: Results): string {
  return table(
    ["stack", "objects", "render", "offline diff", "`kubectl diff`", "ratio"],
    diffs.map(({ stack, objects, ...taken }) => {
      const [render, offline, kubectl] = [median(taken.render), median(taken.offline), median(taken.kubectl)];
      return [stack, String(objects), ...[render, offline, kubectl].map(said), (offline / kubectl).toFixed(2)];
    }),
  );
}

function growthTable({ growth }: Results): string {
  const rows = growth.map(({ what, resources, seconds, megabytes }) => [
    what,
    String(resources),
    `${median(seconds).toFixed(2)} s`,
    `${median(megabytes).toFixed(0)} MB`,
  ]);
  const fits = [...new Set(growth.map(({ what }) => what))].map((what) => {
    const { time, memory } = exponents(growth, what);
    return [`${what}: fitted exponent`, "", time.toFixed(2), memory.toFixed(2)];
  });
  return table(["growth", "resources", "time", "memory"], [...rows, ...fits]);
}

/** What a shared stack costs each of its teams, as multiples of a stack of one's own. */
function stacksTable({ stacks }: Results): string {
  const alone = stacks.find(({ teams }) => teams === 1);
  const cell = (saved: Saved, own: Saved | undefined): readonly string[] => {
    const [seconds, megabytes] = [median(saved.seconds), median(saved.megabytes)];
    const times = (value: number, of: readonly number[] | undefined): string =>
      of === undefined || own === saved ? "" : ` (${(value / median(of)).toFixed(1)}x)`;
    return [
      `${said(seconds)}${times(seconds, own?.seconds)}`,
      `${megabytes.toFixed(1)} MB in ${median(saved.saves).toFixed(0)}${times(megabytes, own?.megabytes)}`,
    ];
  };
  return table(
    ["teams", "stacks", "resources", "from nothing", "states saved", "one team changes one resource", "states saved"],
    stacks.map(({ teams, stacks: own, resources, up, change }) => [
      String(teams),
      String(own),
      String(resources),
      ...cell(up, alone?.up),
      ...cell(change, alone?.change),
    ]),
  );
}
