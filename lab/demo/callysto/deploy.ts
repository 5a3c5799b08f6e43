/** Deploys a hub of stack `test` with single sign-on to the OpenStack of the demonstrations. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { openSalt } from "../../../config/passphrase.ts";
import { samplePassphrase } from "../../../config/samples.ts";
import { keepSystems, put, setSecret } from "../../../config/stackEdit.ts";
import { readStackFile, stackPath } from "../../../config/stackFile.ts";
import { installPackages } from "../../openstack/packages.ts";
import { upOpenstack } from "../../lab.ts";
import type { Log } from "../../component.ts";
import type { Run } from "../../pulumi.ts";
import { labNotebookImage } from "../../retarget.ts";
import type { LabSettings } from "../../settings.ts";
import { ensureToolchain } from "../../toolchain/toolchain.ts";
import { demoStackFile, stackOutput, upDemo, writeDemoStack } from "../stack.ts";

export const source = "test";
export const name = "demo-callysto";
export const environment = "hub-ci";
export const announcement = "The hub is rebuilt on Friday at 16:00.";

/** An emulated machine needs ten times as long. */
const patient = { "Spawner.start_timeout": 600, "Spawner.http_timeout": 600 };
/** What the hub has besides its settings in stack `test`, where it has no inside. */
const inside = {
  flavor: "m1.medium",
  volumes: { mode: "new", size: 1 },
  guest: {
    // Debian's archive cannot be reached from the lab's machines.
    securityUpdates: false,
    jupyterhub: { image: labNotebookImage, authenticator: "shib", announcement, extra: patient },
    // The two test users of SimpleSAMLphp take the place of a school's.
    sso: { develop: true },
  },
};

/** One of the identity provider's two test users. */
export const student = { name: "student", password: "studentpass" } as const;

/** The hub at work: where it is, and as what it shows itself. */
export interface CallystoAtWork {
  readonly hostname: string;
  readonly address: string;
  /** One line of the guest's own public key. */
  readonly hostKey: string;
  /** With which its operators log in. */
  readonly privateKey: string;
  readonly file: string;
}

/** Starts what is missing of OpenStack, without Kubernetes. */
export async function startCloud(lab: LabSettings, log: Log): Promise<Run> {
  await installPackages(["chromium", "openssl"], log);
  const toolchain = await ensureToolchain(log);
  log("OpenStack: starting");
  await upOpenstack(lab, log);
  return { lab, toolchain, log };
}

/** Deploys what is missing or changed. @throws with Pulumi's output if it cannot */
export async function deployCallysto(run: Run): Promise<CallystoAtWork> {
  const { lab } = run;
  const stack = readStackFile(stackPath(source));
  const crypter = openSalt(stack.encryptionSalt ?? "", samplePassphrase(source));
  const file = demoStackFile(run, name);
  let text = keepSystems(stack.text, ["clouds", "callysto"]);
  const at = ["config", "callysto:settings", "environments", environment];
  for (const [key, value] of Object.entries(inside)) text = put(text, [...at, key], value);
  for (const [key, value] of Object.entries(signOnSecrets(lab.dir)))
    text = setSecret(text, `callysto:${key}-${environment}`, crypter.encrypt(value));
  writeDemoStack(run, { name, source }, text);
  await upDemo(run, { name, source, system: "Callysto" });
  const found = await stackOutput<Record<string, Omit<CallystoAtWork, "privateKey" | "file">>>(
    run,
    { name, source },
    "callysto",
  );
  const hub = found[environment];
  if (hub === undefined) throw new Error(`stack ${name} has no output about ${environment}`);
  const privateKey = crypter.decrypt(stack.entries.get("callysto:deployPrivateKey")?.value ?? "");
  return { ...hub, privateKey, file };
}

/** Secrets of the hub's single sign-on. They last as long as the lab's folder: with another salt everybody has a new, empty home. */
function signOnSecrets(folder: string): Readonly<Record<string, string>> {
  const file = path.join(folder, "callysto-sign-on.json");
  if (!existsSync(file)) {
    const [key, certificate] = [path.join(folder, "callysto-key.pem"), path.join(folder, "callysto-certificate.pem")];
    const made = ["-newkey", "rsa:3072", "-nodes", "-subj", "/CN=hub", "-days", "3650", "-keyout", key];
    execFileSync("openssl", ["req", "-x509", ...made, "-out", certificate], { stdio: "ignore" });
    const token = (): string => randomBytes(24).toString("hex");
    const texts = {
      ssoSalt: token(),
      ssoAdminPassword: token(),
      ssoRefreshKey: token(),
      ssoSamlCertificate: readFileSync(certificate, "utf8"),
      ssoSamlKey: readFileSync(key, "utf8"),
    };
    for (const part of [key, certificate]) rmSync(part);
    writeFileSync(file, JSON.stringify(texts), { mode: 0o600 });
  }
  return JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, string>>;
}
