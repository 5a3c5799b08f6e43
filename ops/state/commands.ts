/** What is done to a stack's state. */
import type { Entry } from "../command.ts";

export const commands: Readonly<Record<string, Entry>> = {
  status: {
    summary: "where the state is, who holds it, what is undone, whether it is kept",
    load: () => import("./status.ts"),
  },
  backup: { summary: "keep the present state", load: () => import("./backup.ts") },
  backups: { summary: "the states that were kept", load: () => import("./backups.ts") },
  restore: { summary: "put a kept state in the place of the present one", load: () => import("./restore.ts") },
  recover: {
    summary: "after an update that was killed: nothing lost, nothing twice",
    load: () => import("./recover.ts"),
  },
};
