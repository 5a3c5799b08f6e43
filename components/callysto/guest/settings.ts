import { z } from "zod";
import { backupSettings } from "../../../config/backups.ts";
import { deployedImage } from "../../../config/image.ts";
import { checkFormat } from "../../../config/formats.ts";

/** Image and spawner that keep notebooks in Swift go together. */
export const swiftImage = "docker.io/callysto/callysto-swift";

const text = z.string().min(1);

/** A web address of the characters that RFC 3986 has. */
const url = (expected = "expected a URL that begins with https:// or http://"): z.ZodURL =>
  z.url({ protocol: /^https?$/, error: expected }).regex(/^[\w.~:/?#[\]@!$&'()*+,;=%-]+$/, expected);

/** A mail address; programs would take one with a hyphen in front for an option. */
const email = z.email().regex(/^[^-]/, "expected a mail address without a hyphen in front");

/** Debian's policy on names; apt takes a hyphen in front for an option, and one behind for a removal. */
const debianPackage = z.string().regex(/^[a-z0-9][a-z0-9+.-]*[a-z0-9+]$/, "expected the name of a Debian package");

const machine = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.:-]*$/, "expected a host's name or address");

/** One line of an authorized_keys file. */
export const publicKey = z
  .string()
  .refine(
    (line) => checkFormat("ssh-public-key", line) === undefined,
    "expected one SSH public key: type, base64 and comment",
  );

const swift = z
  .strictObject({
    authUrl: url("expected Keystone's URL"),
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
    callbackUrl: url("expected https://<host>/jupyter/hub/oauth_callback"),
    hostedDomains: z
      .array(z.string())
      .default([])
      .describe(
        "Google Workspace domains; everybody when empty. With exactly one, a user's name is the address without the domain, else the whole address: from one to several, everybody gets another name.",
      ),
  })
  .describe("OAuth client at Google.");

const jupyterhub = z.strictObject({
  authenticator: z
    .enum(["dummy", "dummypw", "pam", "google", "shib"])
    .default("dummy")
    .describe("dummy lets everybody in, for disposable hubs only; shib is single sign-on, see `sso`."),
  allow: z.array(z.string()).default([]).describe("Users who may log in; everybody when empty."),
  google: google.optional(),
  spawner: z.enum(["dockerspawner", "syzygyswiftspawner"]).default("dockerspawner"),
  swift: swift.optional(),
  image: z
    .string()
    .regex(/^[a-z0-9./-]+(:[\w.-]+|(:[\w.-]+)?@sha256:[0-9a-f]{64})$/, "expected an image with its tag or digest")
    .overwrite(deployedImage)
    .describe("Notebook image, e.g. docker.io/callysto/pims-r with a tag or digest."),
  server: z
    .enum(["image", "classic"])
    .default("image")
    .describe(
      "classic: the classic notebook 6 of the image, the only server that shows the announcement and `notebookTemplates`; image: the image's default server. The Swift image is always started as classic.",
    ),
  memory: z
    .string()
    .regex(/^\d+[MG]$/, "expected e.g. 2G")
    .default("2G")
    .describe("Limit of a user's container."),
  announcement: z.string().default("").describe("Plain text on the hub's and the notebooks' pages; empty for none."),
  notebookTemplates: z
    .record(z.string().regex(/^[a-z_]+\.html$/, "expected a page like tree.html"), z.string())
    .default({})
    .describe("Stock pages of the classic notebook server that are replaced, by file name; see `server`."),
  extra: z
    .record(z.string().regex(/^[A-Z]\w+\.\w+$/, "expected Class.trait"), z.json())
    .default({})
    .describe("Further lines of JupyterHub's configuration, e.g. `Spawner.start_timeout: 120`."),
});

const site = z.strictObject({
  longname: text.default("Callysto").describe("Title of the landing page."),
  supportEmail: email.default("support@callysto.ca"),
  logoutMessage: z.string().default("You have been logged out."),
  termsUrl: url().default("https://www.cybera.ca/terms-of-service/"),
});

const scope = z.string().regex(/^([a-z0-9-]+\.)+[a-z]{2,}$/, "expected a domain like school.example.org");

const sso = z
  .strictObject({
    sources: z
      .record(
        // The others are names of SimpleSAMLphp's own sources.
        z.string().regex(/^(?!(admin|multi|mock)$)[a-z][a-z0-9-]*$/, "expected a name like default-sp"),
        z.strictObject({
          displayName: text.describe("On the page where people choose: Login with … account."),
          metadataUrl: url("expected the URL of the provider's SAML metadata").describe("Read every hour."),
          entityId: text.describe("The provider's name in its metadata; see `names`."),
          scopes: z
            .union([z.enum(["metadata", "any"]), z.array(scope).min(1)], {
              error: "expected metadata, any or a list of domains",
            })
            .optional()
            .describe(
              "Domains that the source may speak for, besides its host's: those of its metadata, or of this list; addresses of others are not believed. any when not given.",
            ),
        }),
      )
      .default({})
      .describe("SAML identity providers; each is given this hub's metadata under its name here."),
    names: z
      .enum(["attribute", "source"])
      .optional()
      .describe(
        "What a user's name is the hash of: attribute is what the source calls the person, alone; source is that and the source's `entityId`. attribute when not given; several sources need source. Another value gives everybody another name: docs/callysto.md, Single sign-on.",
      ),
    keepBothNames: z
      .boolean()
      .default(false)
      .describe(
        "At each login the hub keeps which name the person has by either value of `names`, for `rename-homes`.",
      ),
    develop: z.boolean().default(false).describe("Two test users, student and teacher; not where anybody works."),
    idleTimeout: z.int().min(0).default(0).describe("Seconds without a request that end a session; 0 for none."),
  })
  .describe("Single sign-on; the five secrets `callysto:sso*-<environment>` belong to it.");

const backup = z
  .strictObject({
    remoteUser: z.string().regex(/^[a-z_][a-z0-9_-]*$/, "expected a Linux account"),
    remoteHost: z.hostname("expected a host's name or IPv4 address"),
    sourceDirectory: z
      .string()
      .regex(/^(\/[\w.-]+)+\/?$/, "expected an absolute path of letters, digits, dots, underscores and hyphens")
      .default("/tank/home/")
      .describe("The final slash counts."),
    hostKey: publicKey.describe(
      "Public key of the other host, as `ssh-keyscan -t ed25519` prints it without the name.",
    ),
  })
  .describe("Weekly copy of the homes to another host; secret `callysto:backupKey-<environment>`.");

const common = {
  adminEmail: email
    .default("sysadmin@callysto.ca")
    .describe("Gets root's mail: failed backups and other errors of cron, and what the security updates did."),
  mailRelay: z
    .hostname()
    .optional()
    .describe("Host that takes the server's mail on port 25; without it the server delivers it itself."),
  packages: z.array(debianPackage).default([]).describe("Debian packages besides the base list."),
  absentPackages: z.array(debianPackage).default([]).describe("Debian packages that must not be there."),
  packageUpdates: z
    .boolean()
    .default(true)
    .describe("Include in `npm run ops -- callysto update`; security updates are independent of it."),
  securityUpdates: z.boolean().default(true).describe("Install Debian's security updates every day."),
};

/** Inside of a hub. */
export const hubGuest = z.strictObject({
  ...common,
  dockerStorage: z.enum(["root", "pool"]).default("root").describe("Where images and containers are stored."),
  jupyterhub,
  site: site.prefault({}),
  sso: sso.optional(),
  certificateKey: publicKey
    .optional()
    .describe("The workstation's key: it may push certificates by it, and nothing else."),
  backup: backup.optional(),
  backups: backupSettings
    .refine(({ schedule }) => !/^@every|[?]/.test(schedule), {
      error: "expected five fields without a question mark, or @daily and the like: the guest's cron has no other",
      path: ["schedule"],
    })
    .optional()
    .describe("Encrypted backups of the homes by restic; absent: none. See docs/backups.md."),
});

const certificate = z.strictObject({
  domain: z.hostname().describe("The certificate is for every name one level below it, and not for itself."),
  challenge: z
    .discriminatedUnion("mode", [
      z.strictObject({
        mode: z.literal("designate").describe("The domain is a zone in a cloud: its API is asked."),
        authUrl: url("expected Keystone's URL"),
        region: text,
        applicationCredentialId: text.describe("May change records; secret `callysto:designateSecret-<name>`."),
      }),
      z.strictObject({
        mode: z.literal("manual").describe("Somebody is asked by mail to publish the record."),
        recipient: email,
        hours: z.int().min(1).max(72).default(24).describe("How long the record is waited for."),
      }),
    ])
    .describe("How the DNS-01 challenge is met."),
  contact: email.default("sysadmin@callysto.ca").describe("Mail address of the account at the authority."),
  directory: url()
    .default("https://acme-v02.api.letsencrypt.org/directory")
    .describe("The authority's ACME directory."),
  servers: z
    .array(machine)
    .default([])
    .describe("Hubs that get it, by name or address; their `guest.certificateKey` lets the workstation in."),
  hostKeys: z
    .record(machine, publicKey)
    .default({})
    .describe("Public host keys of those `servers` that are not hubs of this stack, by the same name."),
});

/** Inside of the workstation. */
export const claviusGuest = z.strictObject({
  ...common,
  certificates: z
    .record(z.string().regex(/^[a-z][a-z0-9-]*$/, "expected a name like dev"), certificate)
    .default({})
    .describe("Wildcard certificates that are made and renewed here."),
});

export type HubGuestSettings = z.infer<typeof hubGuest>;
export type CertificateSettings = z.infer<typeof certificate>;
export type ClaviusGuestSettings = z.infer<typeof claviusGuest>;
export type JupyterhubSettings = z.infer<typeof jupyterhub>;
export type SiteSettings = z.infer<typeof site>;
export type SsoSettings = z.infer<typeof sso>;
