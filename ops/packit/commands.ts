/** The day-2 commands of Packit and the Stream service. */
import type { Entry } from "../command.ts";

export const commands: Readonly<Record<string, Entry>> = {
  check: { summary: "does everything run that the settings ask for?", load: () => import("./check.ts") },
  deploy: { summary: "deploy some parts only; --list lists them", load: () => import("./deploy.ts") },
  "import-images": { summary: "import newer images now", load: () => import("./importImages.ts") },
  revisions: { summary: "what was imported and what ran", load: () => import("./revisions.ts") },
  undo: { summary: "take a Deployment back", load: () => import("./undo.ts") },
  pin: { summary: "hold an image at a digest: how workers go back", load: () => import("./pin.ts") },
  unpin: {
    summary: "let an image follow its tag again",
    load: async () => ({ command: (await import("./pin.ts")).unpin }),
  },
  "move-stable": { summary: "move stable to newer commits", load: () => import("./moveStable.ts") },
  "fill-cache": { summary: "put git repositories into the repository cache", load: () => import("./fillCache.ts") },
  "load-secrets": { summary: "take a folder of secret files into a stack", load: () => import("./loadSecrets.ts") },
  "generate-secrets": { summary: "make secrets for development", load: () => import("./generateSecrets.ts") },
  "zuul-secrets": { summary: "encrypt secrets for Zuul CI", load: () => import("./zuulSecrets.ts") },
  "obtain-certificate": { summary: "get the wildcard certificate", load: () => import("./obtainCertificate.ts") },
  "install-certificate": { summary: "give stacks a certificate", load: () => import("./installCertificate.ts") },
  "inspect-certificate": { summary: "serial number, issuer, validity", load: () => import("./inspectCertificate.ts") },
  "dump-database": { summary: "write the database into a file", load: () => import("./dumpDatabase.ts") },
  "restore-database": { summary: "put a dump in the database's place", load: () => import("./restoreDatabase.ts") },
  "upgrade-database": { summary: "another major version of PostgreSQL", load: () => import("./upgradeDatabase.ts") },
  cleanup: { summary: "remove a service with its data; never production", load: () => import("./cleanup.ts") },
};
