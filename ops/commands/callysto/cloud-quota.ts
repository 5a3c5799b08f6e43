/** Compares what a stack's environments need with what the project may have and has. */
import { callystoSchema } from "../../../components/callysto/config.ts";
import { type Quota, type QuotaUsage, shortages } from "../../../blocks/openstack/quota.ts";
import { defineCommand } from "../../../cli/command.ts";
import { jsonOption } from "../../lib/options.ts";
import { openCloud } from "../../lib/cloud/openstack.ts";
import { cloudNeed } from "../../lib/quota/cloudNeed.ts";
import { openStack, stackOptions } from "../../lib/stack.ts";

export const command = defineCommand({
  about: `Compares what the environments require with the project's quota. Prints what all environments of the stack require, the
quota, and how much of it is in use, including by this stack where it is deployed. Exit code 1 if the quota is too small even
for an empty project; a deployment would be refused before its first server. Changes nothing.`,
  options: { ...stackOptions, ...jsonOption },
  async run(values) {
    const stack = openStack(callystoSchema, values);
    const cloud = await openCloud(stack.settings.cloud, values);
    const rows = await cloudNeed(stack.settings, cloud);
    const quota: Quota = Object.fromEntries(rows.map(({ name, quota: limit }) => [name, limit]));
    const short = shortages(Object.fromEntries(rows.map(({ name, need }) => [name, need])) as QuotaUsage, quota);
    if (values.json) {
      console.log(JSON.stringify(rows, undefined, 2));
    } else {
      const cell = (value: number | undefined): string =>
        value === undefined ? "?" : value < 0 ? "no limit" : String(value);
      console.log(`${"".padEnd(20)}${"need".padStart(9)}${"quota".padStart(10)}${"in use".padStart(9)}`);
      for (const { name, need: wanted, quota: limit, used } of rows) {
        console.log(
          `${name.padEnd(20)}${cell(wanted).padStart(9)}${cell(limit).padStart(10)}${cell(used).padStart(9)}`,
        );
      }
      for (const line of short) console.log(`too small: ${line}`);
    }
    return short.length === 0 ? 0 : 1;
  },
});
