import { z } from "zod";

/** Image and spawner that keep notebooks in Swift go together. */
export const swiftImage = "docker.io/callysto/callysto-swift";

const text = z.string().min(1);

const swift = z
  .strictObject({
    authUrl: z.url({ error: "expected Keystone's URL" }),
    userName: text,
    projectName: text,
    projectDomainName: text.default("Default"),
    userDomainName: text.default("Default"),
    region: text,
  })
  .describe("Project that keeps the notebooks; every user's container gets these credentials.");

const google = z
  .strictObject({
    clientId: text,
    callbackUrl: z.url({ error: "expected https://<host>/jupyter/hub/oauth_callback" }),
    hostedDomains: z.array(z.string()).default([]).describe("Google Workspace domains; everybody when empty."),
  })
  .describe("OAuth client at Google.");

const jupyterhub = z.strictObject({
  authenticator: z.enum(["dummy", "dummypw", "pam", "google"]).default("dummy").describe("dummy lets everybody in."),
  allow: z.array(z.string()).default([]).describe("Users who may log in; everybody when empty."),
  google: google.optional(),
  spawner: z.enum(["dockerspawner", "syzygyswiftspawner"]).default("dockerspawner"),
  swift: swift.optional(),
  image: z
    .string()
    .regex(/^[a-z0-9./-]+(:[\w.-]+|@sha256:[0-9a-f]{64})$/, "expected an image with its tag or digest")
    .describe("Notebook image, e.g. docker.io/callysto/pims-r with a tag or digest."),
  memory: z
    .string()
    .regex(/^\d+[MG]$/, "expected e.g. 2G")
    .default("2G")
    .describe("Limit of a user's container."),
  announcement: z.string().default("").describe("Plain text on the hub's and the notebooks' pages; empty for none."),
  notebookTemplates: z
    .record(z.string().regex(/^[a-z_]+\.html$/, "expected a page like tree.html"), z.string())
    .default({})
    .describe("Stock pages of the notebook server that are replaced, by file name."),
  extra: z
    .record(z.string().regex(/^[A-Z]\w+\.\w+$/, "expected Class.trait"), z.json())
    .default({})
    .describe("Further lines of JupyterHub's configuration, e.g. `Spawner.start_timeout: 120`."),
});

const site = z.strictObject({
  longname: text.default("Callysto").describe("Title of the landing page."),
  supportEmail: z.email().default("support@callysto.ca"),
  logoutMessage: z.string().default("You have been logged out."),
  termsUrl: z.url().default("https://www.cybera.ca/terms-of-service/"),
});

const backup = z
  .strictObject({
    remoteUser: text,
    remoteHost: text,
    sourceDirectory: z.string().default("/tank/home/").describe("The final slash counts."),
  })
  .describe("Weekly copy of the homes to another host; secret `callysto:backupKey-<environment>`.");

const common = {
  adminEmail: z.email().default("sysadmin@callysto.ca").describe("Gets root's mail."),
  packages: z.array(text).default([]).describe("Debian packages besides the base list."),
  absentPackages: z.array(text).default([]).describe("Debian packages that must not be there."),
  packageUpdates: z
    .boolean()
    .default(true)
    .describe("Take part in `npm run ops -- callysto update`; security updates are another matter."),
  securityUpdates: z.boolean().default(true).describe("Install Debian's security updates every day."),
};

/** Inside of a hub. */
export const hubGuest = z.strictObject({
  ...common,
  dockerStorage: z.enum(["root", "pool"]).default("root").describe("Where images and containers lie."),
  jupyterhub,
  site: site.prefault({}),
  backup: backup.optional(),
});

/** Inside of the workstation. */
export const claviusGuest = z.strictObject(common);

export type HubGuestSettings = z.infer<typeof hubGuest>;
export type ClaviusGuestSettings = z.infer<typeof claviusGuest>;
export type JupyterhubSettings = z.infer<typeof jupyterhub>;
export type SiteSettings = z.infer<typeof site>;
