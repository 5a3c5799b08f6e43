/** The day-2 commands of Thoth. */
import type { Entry } from "../command.ts";

export const commands: Readonly<Record<string, Entry>> = {
  verify: {
    summary: "ask the cluster whether everything is there and has its rights",
    load: () => import("./verify.ts"),
  },
  pause: { summary: "run no CronJob and no tunnel", load: () => import("./pause.ts") },
  resume: { summary: "run them again", load: async () => ({ command: (await import("./pause.ts")).resume }) },
  "nodepool-config": { summary: "print nodepool/thoth.yaml for Zuul", load: () => import("./nodepoolConfig.ts") },
  "rotate-dgraph-certificates": { summary: "make Dgraph's certificates anew", load: () => import("./rotate.ts") },
  registration: {
    summary: "where each key is registered, and how it is changed",
    load: () => import("./registration.ts"),
  },
};
