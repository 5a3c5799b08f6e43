/** `orrery status`. */
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { defineCommand } from "../../cli/command.ts";
import { isGroup, stacksLike } from "../../cli/group.ts";
import { UsageError } from "../../cli/usage.ts";
import { readStackFile, stackPath } from "../../config/stackFile.ts";
import { schemas } from "../../components/registry.ts";

import { drift } from "../lib/doctor/drift.ts";
import { gate } from "../lib/gate.ts";
import { stackKubectlOptions } from "../lib/kube/kubectl.ts";
import { jsonOption } from "../lib/options.ts";
import { groupOptions } from "../lib/stack.ts";
import { collectors, sourceNames } from "../lib/status/collectors.ts";
import { lookupBy } from "../lib/status/hostsFile.ts";
import { rememberDrift } from "../lib/status/collectors/drift.ts";
import { DriftWatch } from "../lib/status/driftWatch.ts";
import { statusPage } from "../lib/status/render/page.ts";
import { type TerminalOptions, terminalText } from "../lib/status/render/terminal.ts";
import { isWell, type Report } from "../lib/status/row.ts";
import { serve } from "../lib/status/serve.ts";
import { systemsOf } from "../lib/status/situation.ts";
import { Watched } from "../lib/status/watched.ts";

const systems = Object.keys(schemas).filter((name) => !["orrery", "clusters", "clouds"].includes(name));

export const command = defineCommand({
  about: `Shows everything that runs: one look at a stack's systems, clusters and clouds. It asks the clouds themselves, all at the same
time: ${collectors
    .filter((one, at) => collectors.findIndex(({ name }) => name === one.name) === at)
    .map(({ name, asks }) => `${name} (${asks})`)
    .join(
      "; ",
    )}. What does not answer in time is said, and holds up nothing else. Changes nothing in the clouds. Exit code 1 if anything
is bad or a source does not answer.

--json prints {"stack", "at", "seconds", "systems", "rows", "sources"}; a row is {"source", "system", "part", "state", "text", "since"}, its
state ok, warn, bad or unknown.`,
  groups: { without: ["config-file"], itself: ["page", "serve", "watch"] },
  options: {
    ...groupOptions,
    ...stackKubectlOptions,
    system: {
      type: "choice",
      choices: systems,
      value: "NAME",
      multiple: true,
      help: "only this system",
    },
    only: {
      type: "choice",
      choices: sourceNames,
      value: "SOURCE",
      multiple: true,
      help: "only this source",
    },
    skip: {
      type: "choice",
      choices: sourceNames,
      value: "SOURCE",
      multiple: true,
      help: "without this source",
    },
    "hosts-file": {
      type: "string",
      value: "FILE",
      help: "addresses of hosts, in the form of /etc/hosts: for a cluster that the world's DNS does not lead to yet",
    },
    all: { type: "boolean", help: "print also what is as it should be" },
    ...jsonOption,
    page: {
      type: "string",
      value: "FILE",
      help: "write one self-contained HTML file: the orrery for a wall screen, of all stacks of a pattern",
    },
    serve: {
      type: "integer",
      value: "PORT",
      min: 0,
      max: 65_535,
      help: "serve that page live on 127.0.0.1; 0 takes a free port",
    },
    watch: { type: "boolean", help: "look again and again, until Ctrl-C" },
    every: { type: "duration", default: "30s", help: "interval between two looks of --watch and --serve" },
    wait: { type: "duration", default: "0", help: "repeat for this long until everything is well" },
    drift: { type: "boolean", help: "compare every resource with the clouds first, which takes as long as a refresh" },
    "drift-every": {
      type: "duration",
      help: "with --serve and --watch: compare this often, while all else is looked at; with --drift alone 6h",
    },
    limit: { type: "duration", default: "7s", help: "time that each source may take" },
  },
  async run({
    system,
    only,
    skip,
    hostsFile,
    all,
    json,
    page,
    serve: port,
    watch,
    every,
    wait,
    limit,
    stack,
    ...values
  }) {
    // Each cluster's login removes its file when the process exits.
    process.setMaxListeners(0);
    const lasting = port !== undefined || watch;
    if (values.driftEvery !== undefined && !lasting)
      throw new UsageError("--drift-every is for --serve and --watch; --drift compares once");
    const chosen = collectors.filter(({ name }) => (only.length === 0 || only.includes(name)) && !skip.includes(name));
    const group = isGroup(stack);
    const renders = gate(1);
    const asked = {
      ...{ collectors: chosen, systems: system, limit },
      ...(hostsFile === undefined ? {} : { lookup: lookupBy(hostsFile) }),
    };
    const stacks = (group ? withSystems(stacksLike(stack), system) : [stack]).map(
      (name) => new Watched({ ...values, stack: name }, asked, renders),
    );
    const drifts = driftWatches(stacks, lasting, values);
    if (values.drift && !lasting)
      for (const { name, file } of stacks) rememberDrift(file, await drift(name, file), new Date());
    const few = gate(availableParallelism());
    const lookAll = (again: boolean): Promise<readonly Report[]> =>
      Promise.all(stacks.map((one) => few(() => (again || group ? one.lookAnyway() : one.look()))));
    const colour = process.stdout.isTTY && process.env.NO_COLOR === undefined;
    const show = { json, all, colour, group };
    let reports = await lookAll(false);
    const until = Date.now() + wait * 1000;
    while (!reports.every(isWell) && Date.now() < until) {
      await sleep(Math.min(5000, Math.max(0, until - Date.now())));
      reports = await lookAll(true);
    }
    if (page !== undefined) writeFileSync(page, statusPage({ title: stack, reports }));
    if (!lasting) console.log(textOf(reports, show));
    else {
      const ending = new AbortController();
      const stop = (): void => {
        ending.abort();
      };
      process.once("SIGINT", stop).once("SIGTERM", stop);
      const ended = (): boolean => ending.signal.aborted;
      const served = port === undefined ? undefined : await serve(port, every, () => ({ title: stack, reports }));
      if (served !== undefined) console.error(`the page is at ${served.url}; Ctrl-C ends it`);
      while (!ended()) {
        if (watch) console.log(`${colour ? "\u001b[H\u001b[2J" : ""}${textOf(reports, show)}`);
        for (const one of drifts) one.begin();
        await sleep(every * 1000, undefined, { signal: ending.signal }).catch(() => undefined);
        if (!ended()) reports = await lookAll(true);
      }
      await Promise.all([served?.close(), ...drifts.map((one) => one.end())]);
    }
    return reports.every(isWell) ? 0 : 1;
  },
});

/** Those of a group that have the systems. @throws UsageError if none has */
function withSystems(names: readonly string[], systems: readonly string[]): readonly string[] {
  const found = names.filter((name) => {
    const known = systemsOf(readStackFile(stackPath(name)));
    return systems.every((one) => known.includes(one));
  });
  if (found.length === 0) throw new UsageError(`none of ${names.join(", ")} has ${systems.join(" and ")}`);
  return found;
}

/** Seconds between two comparisons where the command line does not say. */
const driftSeconds = 6 * 3600;

/** What looks for drift while the command goes on; --drift asks for the first comparison at once. */
function driftWatches(
  stacks: readonly Watched[],
  lasting: boolean,
  { drift: asked, driftEvery }: { readonly drift: boolean; readonly driftEvery: number | undefined },
): readonly DriftWatch[] {
  const every = driftEvery ?? (asked ? driftSeconds : undefined);
  if (!lasting || every === undefined) return [];
  // One refresh at a time is enough for a machine and its clouds.
  const one = gate(1);
  return stacks.map(
    ({ name, file }) => new DriftWatch(name, file, every, asked, (...args) => one(() => drift(...args))),
  );
}

function textOf(
  reports: readonly Report[],
  { json, group, ...options }: TerminalOptions & { readonly json: boolean; readonly group: boolean },
): string {
  const answers = reports.map((answer) => ({ stack: answer.stack, code: isWell(answer) ? 0 : 1, answer }));
  if (json) return JSON.stringify(group ? answers : reports[0], undefined, 2);
  return reports.map((one) => `${group ? `== ${one.stack}\n` : ""}${terminalText(one, options)}`).join("\n");
}
