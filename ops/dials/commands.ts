/** The day-2 commands of DIALS. */
import type { Entry } from "../command.ts";

export const commands: Readonly<Record<string, Entry>> = {
  list: { summary: "what runs, beside what the settings ask for", load: () => import("./list.ts") },
  rollout: { summary: "replace workers without losing a task", load: () => import("./rollout.ts") },
  restart: { summary: "restart whatever takes no tasks", load: () => import("./restart.ts") },
  pause: { summary: "run no ETL pod", load: () => import("./pause.ts") },
  resume: { summary: "run the ETL again", load: async () => ({ command: (await import("./pause.ts")).resume }) },
  forward: { summary: "reach Flower or a Redis from this machine", load: () => import("./forward.ts") },
  etl: { summary: "the ETL's own command line", load: () => import("./etl.ts") },
  "add-workspace": { summary: "add a detector group", load: () => import("./addWorkspace.ts") },
  images: { summary: "which images run, ran and could run", load: () => import("./images.ts") },
  release: { summary: "build and push the images of a version", load: () => import("./release.ts") },
  rotate: { summary: "new passwords for Redis, Flower and Django", load: () => import("./rotate.ts") },
  sso: { summary: "the checklist of SSO applications", load: () => import("./sso.ts") },
  certificate: { summary: "how long the grid certificate is good", load: () => import("./certificate.ts") },
  token: { summary: "how long the login to the cluster is good", load: () => import("./token.ts") },
};
