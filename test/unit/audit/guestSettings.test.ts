/** Finding 22: a setting that reaches a guest stays a word there, whatever it contains; no shell runs a piece of it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { z } from "zod";
import { callystoSchema, type CallystoSettings } from "../../../components/callysto/config.ts";
import { publicKeyLine } from "../../../config/samples.ts";
import { Secret } from "../../../review/evaluate/secret.ts";
import { deployCallysto, type KeyedSecrets } from "../callysto/fixture.ts";

/** `canary` stands for a command that nobody wants to run. */
const hostile = [
  "$(canary)",
  "`canary`",
  "; canary ;",
  "' ; canary ; '",
  '" ; canary ; "',
  "\ncanary\n",
  "| canary #",
  "\nEND_OF_FILE\ncanary\nEND_OF_SCRIPT\ncanary\n",
  "-oDPkg::Pre-Invoke::=canary",
] as const;

/** A stack with every setting that holds text; the first test fails if one is missing. */
const complete = {
  cloud: "lab",
  deployKey: publicKeyLine("deploy"),
  nextDeployKey: publicKeyLine("next"),
  formerDeployKeys: [publicKeyLine("former")],
  monitoring: { cluster: "lab", namespace: "hubs", from: ["192.0.2.0/24"] },
  zones: { "callysto.farm": { mode: "create", email: "sysadmin@callysto.ca" } },
  sshKeys: { andrew: { user: "andrew", state: "present", publicKey: publicKeyLine("andrew") } },
  environments: {
    "hub-dev": {
      kind: "hub",
      domain: "callysto.farm",
      name: { mode: "fixed", label: "hub-dev" },
      flavor: "m1.large",
      image: "callysto-hub",
      rebuildToken: "1",
      keypair: { mode: "shared", with: "clavius" },
      floatingIp: { mode: "existing", ip: "192.0.2.9" },
      sshKeys: { james: { user: "james", publicKey: publicKeyLine("james") } },
      volumes: { mode: "new", size: 50, type: "fast" },
      guest: {
        adminEmail: "admin@callysto.ca",
        mailRelay: "mail.callysto.ca",
        packages: ["htop"],
        absentPackages: ["nano"],
        jupyterhub: {
          authenticator: "google",
          allow: ["alice"],
          google: {
            clientId: "client",
            callbackUrl: "https://hub/jupyter/hub/oauth_callback",
            hostedDomains: ["a.org"],
          },
          spawner: "syzygyswiftspawner",
          swift: {
            authUrl: "https://keystone/v3",
            userName: "u",
            projectName: "p",
            projectDomainName: "d",
            userDomainName: "d",
            region: "Calgary",
          },
          image: "docker.io/callysto/callysto-swift:1",
          memory: "2G",
          announcement: "down",
          notebookTemplates: { "tree.html": "page" },
          extra: { "Spawner.args": "x" },
        },
        site: { longname: "Callysto", supportEmail: "help@callysto.ca", logoutMessage: "bye", termsUrl: "https://t/" },
        certificateKey: publicKeyLine("certificate"),
        backups: { repository: "s3:https://s3.sample.invalid/backups/hub", schedule: "37 1 * * *" },
        backup: {
          remoteUser: "callysto",
          remoteHost: "backup.callysto.ca",
          hostKey: publicKeyLine("backup"),
          sourceDirectory: "/tank/home/",
        },
      },
    },
    "hub-sso": {
      kind: "hub",
      domain: "callysto.farm",
      name: { mode: "pet", prefix: "hub-" },
      flavor: "m1.large",
      image: "callysto-hub",
      keypair: { mode: "existing", name: "mine" },
      volumes: { mode: "existing", volumes: ["one", "two"] },
      guest: {
        jupyterhub: { authenticator: "shib", image: "docker.io/callysto/pims-r:1" },
        sso: {
          sources: {
            school: {
              displayName: "School",
              metadataUrl: "https://s/m.xml",
              entityId: "https://s/idp",
              scopes: ["a.org"],
            },
          },
        },
      },
    },
    clavius: {
      kind: "clavius",
      domain: "callysto.farm",
      name: { mode: "fixed", label: "clavius" },
      flavor: "m1.small",
      image: "debian-12",
      guest: {
        certificates: {
          dev: {
            domain: "callysto.farm",
            challenge: { mode: "designate", authUrl: "https://k/v3", region: "R", applicationCredentialId: "a" },
            contact: "acme@callysto.ca",
            directory: "https://acme.example.org/directory",
            servers: ["hub-dev.callysto.farm", "2001:db8::1"],
            hostKeys: { "2001:db8::1": publicKeyLine("v6") },
          },
          prod: { domain: "callysto.ca", challenge: { mode: "manual", recipient: "sysadmin@callysto.ca" } },
        },
      },
    },
  },
};

const secrets: KeyedSecrets = {
  googleClientSecret: { "hub-dev": "s" },
  swiftPassword: { "hub-dev": "s" },
  backupKey: { "hub-dev": "s" },
  ...{ backupsPassword: { "hub-dev": "s" }, backupsAccessKeyId: { "hub-dev": "s" } },
  backupsSecretAccessKey: { "hub-dev": "s" },
  designateSecret: { dev: "s" },
  certificatePushKey: { clavius: "s" },
  ...{ ssoSalt: { "hub-sso": "s" }, ssoAdminPassword: { "hub-sso": "s" }, ssoRefreshKey: { "hub-sso": "s" } },
  ...{ ssoSamlCertificate: { "hub-sso": "s" }, ssoSamlKey: { "hub-sso": "s" } },
};

type Path = readonly (string | number)[];

/** Where the values that are text are. */
function texts(value: unknown, at: Path = []): [at: Path, text: string][] {
  if (typeof value === "string") return [[at, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    texts(inner, [...at, Array.isArray(value) ? Number(key) : key]),
  );
}

interface JsonSchema {
  readonly type?: string;
  readonly enum?: unknown;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

/** Settings that take any text, as the schema says; `*` is a name or a number that the owner chooses. */
function declared(schema: JsonSchema, at = ""): string[] {
  const inner = schema.additionalProperties;
  return [
    ...(schema.type === "string" && schema.enum === undefined && schema.const === undefined ? [at] : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([key, one]) => declared(one, `${at}.${key}`)),
    ...(typeof inner === "object" ? declared(inner, `${at}.*`) : []),
    ...(schema.items === undefined ? [] : declared(schema.items, `${at}.*`)),
    ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap((one) => declared(one, at)),
  ];
}

/** A copy with another text somewhere. */
function changed(at: Path, text: string, base: unknown = complete): typeof complete {
  const copy = structuredClone(base) as Record<string | number, unknown>;
  let inner = copy;
  for (const key of at.slice(0, -1)) inner = inner[key] as Record<string | number, unknown>;
  inner[at.at(-1) ?? ""] = text;
  return copy as typeof complete;
}

function accepted(settings: object): CallystoSettings | undefined {
  const { data } = callystoSchema.settings.safeParse(settings);
  return data !== undefined && callystoSchema.rules?.(data).length === 0 ? data : undefined;
}

/** Like the value, with the hostile text in it: alone, at its end, or without blanks, as an address has none. */
const variants = (text: string, value: string): string[] => [
  value,
  `${text}${value}`,
  `${text}/${value.replaceAll(" ", "${IFS}")}`,
  `${value.replaceAll(" ", "")}${text}`,
];

/** The toolkit, as far as it is needed to run a script without a machine: files are written below a folder. */
const stubs = `
set +euo pipefail
canary() { echo ran >>"$CANARY"; }
command_not_found_handle() { :; }
fail() { :; }; exit() { :; }; exec() { "$@"; }; install() { :; }; mount() { :; }; umount() { :; }; hostname() { :; }
disk() { printf -v "$1" %s "$2"; }
change() { shift; "$@"; }
file() { mkdir -p "$ROOT$(dirname "$1")"; cat >"$ROOT$1"; }
packages() { no_options "$@"; }; no_packages() { no_options "$@"; }
no_options() { for word; do case $word in -*|*-) canary ;; esac; done; }
for name in account key directory link venv node_packages filesystem apache_module placeholder_certificate unit answers \\
  secret_file host_key blank content mirror dataset no_file; do eval "$name() { :; }"; done
mkdir() { command -p mkdir "$@"; }; cat() { command -p cat "$@"; }; dirname() { command -p dirname "$@"; }
PATH=/nowhere
`;
const plain = (value: unknown): string => String(value instanceof Secret ? value.value : (value ?? ""));

describe("settings in a guest", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "guestSettings-"));
  const canary = path.join(dir, "canary");
  const root = path.join(dir, "root");
  const leaves = texts(complete);
  let benign: ReadonlySet<string>;
  /** Texts of files that have run. */
  const ran = new Set<string>();

  /** Runs a text in bash. @returns what it says */
  function bash(text: string, ...args: string[]): string {
    const env = { CANARY: canary, ROOT: root };
    const done = spawnSync("/bin/bash", ["-s", "--", ...args], {
      input: `${stubs}\n${text}`,
      env,
      encoding: "utf8",
      timeout: 20_000,
    });
    assert.equal(done.error, undefined, text);
    return done.stdout;
  }

  /** Every script that the program sends to the guests of these settings. */
  async function scripts({ environments, ...more }: typeof complete): Promise<string[]> {
    const seen = await deployCallysto(environments, more, secrets);
    const commands = seen.resources.filter(
      ({ type, name }) => type === "command:remote:Command" && !/-toolkit$/.test(name),
    );
    return commands.flatMap(({ inputs }) => [plain(inputs.stdin), plain(inputs.create), plain(inputs.delete)]);
  }

  /** Runs scripts, and what they write that is a script itself. */
  function runAll(all: readonly string[], known: ReadonlySet<string>): void {
    const without = (text: string): string => text.replaceAll(/^\. \/usr\/local\/lib\/orrery\/converge\.sh$/gm, "");
    for (const text of all) {
      if (!known.has(text) && text !== "") bash(without(text).replaceAll(/^sudo -n (?=bash)/gm, "command -p "));
    }
    if (!existsSync(root)) return;
    for (const name of readdirSync(root, { recursive: true, encoding: "utf8" })) {
      const file = path.join(root, name);
      if (ran.has(safeRead(file))) continue;
      ran.add(safeRead(file));
      if (!/\/(sh|bash)\n/.test(`${safeRead(file).split("\n")[0] ?? ""}\n`) && !name.endsWith("/config")) continue;
      const args = name.endsWith("work-volume") ? ["format", "open", "close", "status"] : ["dev"];
      for (const arg of args) bash(without(safeRead(file)), arg);
    }
  }

  before(async () => {
    assert.ok(accepted(complete), JSON.stringify(callystoSchema.rules?.(callystoSchema.settings.parse(complete))));
    benign = new Set(await scripts(complete));
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  it("every setting that takes text is tried", () => {
    const records = new Set([
      "zones",
      "sshKeys",
      "environments",
      "certificates",
      "sources",
      "notebookTemplates",
      "extra",
      "hostKeys",
    ]);
    const tried = new Set(
      leaves.map(([at]) =>
        at
          .map((key, index) => `.${typeof key === "number" || records.has(String(at[index - 1])) ? "*" : key}`)
          .join(""),
      ),
    );
    const all = declared(
      z.toJSONSchema(callystoSchema.settings, { unrepresentable: "any", io: "input" }) as JsonSchema,
    );
    assert.ok(all.length > 60, String(all.length));
    assert.deepEqual(
      [...new Set(all)].filter((one) => !tried.has(one)),
      [],
    );
  });

  it("the test sees a setting that a shell runs", () => {
    mkdirSync(root, { recursive: true });
    runAll([`file /etc/config <<'END'\nCA="https://acme.example/$(canary)"\nEND\n`], new Set());
    assert.ok(existsSync(canary));
    rmSync(canary);
    rmSync(root, { recursive: true });
  });

  for (const value of hostile) {
    it(`no guest runs a piece of a setting with ${JSON.stringify(value)}`, async () => {
      let settings = complete;
      const taken: string[] = [];
      for (const [at, text] of leaves) {
        const fit = variants(text, value).find((one) => accepted(changed(at, one, settings)) !== undefined);
        if (fit === undefined) continue;
        settings = changed(at, fit, settings);
        taken.push(at.join("."));
      }
      assert.ok(taken.some((name) => name.endsWith("announcement")));
      const all = await scripts(settings);
      assert.ok(all.length >= benign.size, "a script could not be written");
      runAll(all, benign);
      assert.ok(!existsSync(canary), `ran in a guest; one of ${taken.join(", ")}`);
      rmSync(root, { recursive: true, force: true });
    });
  }

  it("dehydrated reads the authority's address as it is in the settings", async () => {
    const directory = "https://acme.example.org/$(canary)';canary;'";
    const at = ["environments", "clavius", "guest", "certificates", "dev", "directory"];
    runAll(await scripts(changed(at, directory)), benign);
    const config = readFileSync(path.join(root, "etc/callysto/letsencrypt/dev/config"), "utf8");
    assert.equal(bash(`${config}\nprintf %s "$CA"`), directory);
    assert.ok(!existsSync(canary));
  });

  it("hosts, accounts, paths and packages that are none are refused", () => {
    const guest = ["environments", "hub-dev", "guest"];
    const wrong: [Path, string][] = [
      [[...guest, "backup", "sourceDirectory"], "/tank/home/ ; touch x; echo"],
      [[...guest, "backup", "remoteUser"], "-oProxyCommand=x"],
      [[...guest, "backup", "remoteHost"], "h;x"],
      [[...guest, "packages", 0], "-oDPkg::Pre-Invoke::=x"],
      [[...guest, "packages", 0], "openssh-server-"],
      [[...guest, "adminEmail"], "-x@callysto.ca"],
      [[...guest, "site", "termsUrl"], "javascript:alert(1)"],
      [["environments", "clavius", "guest", "certificates", "dev", "servers", 0], "-h"],
      [["deployKey"], `${publicKeyLine("x").split(" ").slice(0, 2).join(" ")}|d;1e\ttouch\tx x@y`],
    ];
    for (const [at, text] of wrong) {
      const { error } = callystoSchema.settings.safeParse(changed(at, text));
      assert.deepEqual(error?.issues[0]?.path, at, text);
    }
    for (const name of ["g++", "libstdc++6", "python3.11", "php8.2-fpm"]) {
      assert.ok(accepted(changed([...guest, "packages", 0], name)), name);
    }
  });
});

function safeRead(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
