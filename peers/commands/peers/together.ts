/** `orrery peers together`. */
import { defineCommand } from "../../../cli/command.ts";
import { UsageError } from "../../../cli/usage.ts";
import { expectedFile, readExpected } from "../../expected.ts";
import { gophercloud } from "../../gophercloud.ts";
import { onOwnLab, ownLab } from "../../lab.ts";
import type { Suite } from "../../suite.ts";
import { tempest } from "../../tempest.ts";
import { terraform } from "../../terraform.ts";
import { faults, limit, reportText, type Seen } from "../../together/report.ts";
import { runTogether } from "../../together/together.ts";
import { selected } from "../peers.ts";

/** Unless some are named; tests of plug-ins get in others' way: while Designate's have a TLD, nobody can create a zone outside it. */
const usual: readonly Suite[] = [gophercloud, tempest, terraform];

export const command = defineCommand({
  usage: "[SUITE...]",
  about: `Runs stacks and foreign test suites side by side on the lab that \`peers\` uses, and says what the lab did meanwhile. Each stack goes up, is changed
and goes down again and again, through Pulumi's engine; the suites, ${usual.map(({ name }) => name).join(", ")} unless some are named, begin again when they
are through. It fails if a stack or an unexpected test fails, if an answer of a service takes longer than ${limit} s, if a service gives up on a deadlock of its database,
or if memory grows by more than a tenth from the second quarter of the time to the last (a run below ten minutes cannot tell). --time 3m --stacks 2 gophercloud is a short run.`,
  options: {
    time: { type: "duration", default: "60m", help: "begin nothing more after this time, and take the stacks down" },
    stacks: { type: "integer", default: 10, min: 1, max: 40, help: "number of stacks" },
    keep: { type: "boolean", help: "leave the lab running" },
    json: { type: "boolean", help: "print all that was seen as JSON" },
  },
  async run({ time, stacks, keep, json }, words) {
    const suites = words.length > 0 ? selected(words) : usual;
    const other = suites.find(({ cloud }) => cloud !== "openstack");
    if (other !== undefined) throw new UsageError(`${other.name} does not run on OpenStack`);
    ownLab();
    for (const { name } of suites) readExpected(expectedFile(name));
    let seen: Seen | undefined;
    const ended = await onOwnLab(suites, { time: undefined, keep }, async (run, control) => {
      seen = await runTogether(run, control, { suites, stacks, time });
    });
    if (seen === undefined) return ended;
    console.log(json ? JSON.stringify({ ...seen, faults: faults(seen) }, undefined, 2) : reportText(seen));
    return ended === 0 && faults(seen).length > 0 ? 1 : ended;
  },
});
