/** `orrery prow destroy`. */
import { defineCommand } from "../../../cli/command.ts";
import { removeCluster } from "../../lib/prow/lifecycle.ts";

export const command = defineCommand({
  about:
    "Removes the test cluster that prepare created. It is stopped and everything of it is deleted; other clusters are never removed.",
  options: {},
  async run() {
    await removeCluster();
    return 0;
  },
});
