/** The day-2 commands of Callysto. */
import type { Entry } from "../command.ts";

export const commands: Readonly<Record<string, Entry>> = {
  new: {
    summary: "a stack file with one more environment, from a template",
    load: () => import("./newEnvironment.ts"),
  },
  "cloud-quota": {
    summary: "what the environments need beside what the project may have",
    load: () => import("./cloudQuota.ts"),
  },
  status: { summary: "what runs in a hub and what is odd", load: () => import("./status.ts") },
  quota: { summary: "room of the users' homes: get and set", load: () => import("./quota.ts") },
  ban: { summary: "close a user's home and stop the server", load: () => import("./ban.ts") },
  unban: { summary: "open it again", load: async () => ({ command: (await import("./ban.ts")).unban }) },
  "rename-homes": {
    summary: "homes follow their people to the names that sso.names gives them",
    load: () => import("./renameHomes.ts"),
  },
  announcement: { summary: "tell every user something", load: () => import("./announcement.ts") },
  update: { summary: "update Debian's packages on all servers", load: () => import("./update.ts") },
  rebuild: { summary: "a new server, with or without new volumes", load: () => import("./rebuild.ts") },
  "push-certificate": { summary: "put a certificate into a hub", load: () => import("./pushCertificate.ts") },
  luks: { summary: "the workstation's encrypted volume: format, open, close", load: () => import("./luks.ts") },
  "replace-volume": { summary: "another volume under one half of the homes", load: () => import("./replaceVolume.ts") },
  "notebook-images": {
    summary: "build, test and push the chain of notebook images",
    load: () => import("./notebookImages.ts"),
  },
  hubtraf: { summary: "load test with users that log in and start servers", load: () => import("./hubtraf.ts") },
};
