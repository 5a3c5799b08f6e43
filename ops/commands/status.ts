/** `orrery status`. */
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { defineCommand } from "../../cli/command.ts";
import { UsageError } from "../../cli/usage.ts";
import { readStackFile } from "../../config/stackFile.ts";
import { schemas } from "../../components/registry.ts";

import { drift } from "../lib/doctor/drift.ts";
import { stackKubectlOptions } from "../lib/kube/kubectl.ts";
import { jsonOption } from "../lib/options.ts";
import { stackOf, groupOptions } from "../lib/stack.ts";
import { collect } from "../lib/status/collect.ts";
import { collectors, sourceNames } from "../lib/status/collectors.ts";
import { rememberDrift } from "../lib/status/collectors/drift.ts";
import { statusPage } from "../lib/status/render/page.ts";
import { terminalText } from "../lib/status/render/terminal.ts";
import { isWell, type Report } from "../lib/status/row.ts";
import { serve } from "../lib/status/serve.ts";
import { type Declaration, declare, systemsOf } from "../lib/status/situation.ts";

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
  groups: { without: ["config-file", "page", "serve", "watch"] },
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
    all: { type: "boolean", help: "print also what is as it should be" },
    ...jsonOption,
    page: { type: "string", value: "FILE", help: "write one self-contained HTML file: the orrery for a wall screen" },
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
    limit: { type: "duration", default: "7s", help: "time that each source may take" },
  },
  async run({
    system,
    only,
    skip,
    all,
    json,
    page,
    serve: port,
    watch,
    every,
    wait,
    drift: compare,
    limit,
    ...values
  }) {
    // Each cluster's login removes its file when the process exits.
    process.setMaxListeners(0);
    const { name, file } = stackOf(values);
    const known = systemsOf(readStackFile(file));
    const strange = system.find((one) => !known.includes(one));
    if (strange !== undefined)
      throw new UsageError(`Pulumi.${name}.yaml has no system ${strange}; it has ${known.join(", ")}`);
    const asked = {
      collectors: collectors.filter(
        (one) => (only.length === 0 || only.includes(one.name)) && !skip.includes(one.name),
      ),
      systems: system.length === 0 ? known : system,
      limit,
    };
    if (compare) rememberDrift(file, await drift(name, file), new Date());
    let declaration: Declaration | undefined;
    const look = async (): Promise<Report> => {
      // A render takes most of a second; the file seldom changes.
      if (declaration?.text !== readStackFile(file).text) declaration = await declare(values);
      return collect(declaration, values, asked);
    };
    const colour = process.stdout.isTTY && process.env.NO_COLOR === undefined;
    const text = (report: Report): string =>
      json ? JSON.stringify(report, undefined, 2) : terminalText(report, { all, colour });
    let report = await look();
    const until = Date.now() + wait * 1000;
    while (!isWell(report) && Date.now() < until) {
      await sleep(Math.min(5000, Math.max(0, until - Date.now())));
      report = await look();
    }
    if (page !== undefined) writeFileSync(page, statusPage(report));
    if (port === undefined && !watch) {
      console.log(text(report));
      return isWell(report) ? 0 : 1;
    }
    const ending = new AbortController();
    const stop = (): void => {
      ending.abort();
    };
    process.once("SIGINT", stop).once("SIGTERM", stop);
    const ended = (): boolean => ending.signal.aborted;
    const served = port === undefined ? undefined : await serve(port, every, () => report);
    if (served !== undefined) console.error(`the page is at ${served.url}; Ctrl-C ends it`);
    while (!ended()) {
      if (watch) console.log(`${colour ? "\u001b[H\u001b[2J" : ""}${text(report)}`);
      await sleep(every * 1000, undefined, { signal: ending.signal }).catch(() => undefined);
      if (!ended()) report = await look();
    }
    await served?.close();
    return isWell(report) ? 0 : 1;
  },
});
