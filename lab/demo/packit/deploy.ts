/** Deploys Packit of stack `test` to the demonstrations' cluster with all of its parts, next to the forge and the message buses that it listens to. */
import { createPublicKey } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { parseDocument } from "yaml";
import { packitSchema } from "../../../components/packit/config.ts";
import { openSalt } from "../../../config/passphrase.ts";
import { samplePassphrase } from "../../../config/samples.ts";
import { keepSystems, put, setSecret } from "../../../config/stackEdit.ts";
import { readStackFile, stackPath } from "../../../config/stackFile.ts";
import { startCounterparts } from "../../counterparts/counterparts.ts";
import { imageFolders } from "../../images/build.ts";
import { readIndex } from "../../images/layout.ts";
import { kubeApi } from "../../kubernetes/api.ts";
import { authorityFile, certificateFor } from "../../kubernetes/router/certificates.ts";
import { labTarget, type Run } from "../../pulumi.ts";
import { retarget } from "../../retarget.ts";
import { webhook } from "../github.ts";
import { Person } from "../outside.ts";
import { rsaKey } from "../keys.ts";
import { demoStackFile, upDemo } from "../stack.ts";
import { until } from "../until.ts";
import { startBuses } from "./buses.ts";

const source = "test";
const name = "demo-packit";
export const organisation = "packit";
/** The dashboard's image answers the second one in a development deployment, and asks the first. */
const hosts = { service: "dev.packit.dev", dashboard: "dashboard.localhost", metrics: "workers.dev.packit.dev" };

/** Packit at work: where it is, and who can act at GitHub. */
export interface PackitAtWork {
  readonly namespace: string;
  readonly sandboxes: string;
  readonly hosts: typeof hosts;
  /** A member of the organisation. */
  readonly alice: Person;
  /** Number of the organisation's webhook at GitHub. */
  readonly hook: number;
}

/** Differences from the stack's own settings. */
function changes(): Readonly<Record<string, unknown>> {
  return {
    hosts,
    // What packit has by default, and the bus that only workers of 2021 understand, as our tasks do.
    parts: { centosmsg: true },
    images: { worker: { digest: workerDigest() } },
    imports: { scheduled: true, schedule: "0 * * * *" },
    generate: { sshKey: true },
    storageClass: "standard",
  };
}

/** Digest of the lab's image of workers. */
function workerDigest(): string {
  const all = imageFolders().filter(existsSync).flatMap(readIndex);
  const found = all.find(({ names }) => names.images?.includes("packit-worker") === true);
  if (found === undefined) throw new Error("the lab has no image of packit-worker; run npm run setup");
  return found.digest;
}

/** Deploys what is missing or changed. @throws with Pulumi's output if it cannot */
export async function deployPackit(run: Run): Promise<PackitAtWork> {
  const { lab, log } = run;
  const stack = readStackFile(stackPath(source));
  const key = rsaKey(lab.dir, "github-app");
  let text = keepSystems(stack.text, ["clusters", "packit"]);
  for (const [setting, value] of Object.entries(changes())) {
    text = put(text, ["config", "packit:settings", setting], value);
  }
  const { config: changed } = parseDocument(text).toJS() as { readonly config: Readonly<Record<string, unknown>> };
  const settings = packitSchema.settings.parse(changed["packit:settings"]);
  log("counterpart of GitHub: starting");
  const publicKey = createPublicKey(key).export({ type: "spki", format: "pem" }).toString();
  const tokens = await startCounterparts(kubeApi(lab), {
    organisations: { [organisation]: ["alice"] },
    programs: {},
    apps: [{ id: settings.githubAppId ?? 0, slug: "packit-as-a-service", publicKey, organisations: [organisation] }],
  });
  await startBuses(run);
  const sample = packitSchema.secrets.serviceConfig.sample(name, settings);
  const config = sample.replace("validate_webhooks: false", "validate_webhooks: true");
  const secrets = { serviceConfig: config, githubAppKey: key, ...(await certificates(run)) };
  const crypter = openSalt(stack.encryptionSalt ?? "", samplePassphrase(source));
  for (const [secret, value] of Object.entries(secrets)) {
    text = setSecret(text, `packit:${secret}`, crypter.encrypt(value));
  }
  const file = demoStackFile(run, name);
  const before = `${file}.source`;
  writeFileSync(before, text, { mode: 0o600 });
  retarget(before, file, labTarget(lab), samplePassphrase(source), true);
  rmSync(before);
  await upDemo(run, { name, source, system: "Packit" });
  const alice = new Person(lab, tokens.get("alice") ?? "");
  const [, secret = ""] = /^webhook_secret: (.*)$/m.exec(config) ?? [];
  const url = `https://${hosts.service}/api/webhooks/github`;
  // A counterpart that ran before learns of new people within a minute or two.
  const hook = await until("GitHub's webhook", 180, () =>
    webhook(alice, organisation, url, secret).catch(() => undefined),
  );
  const places = { namespace: settings.namespace.name, sandboxes: `packit-${settings.deployment}-sandbox` };
  return { ...places, hosts, alice, hook };
}

/** The servers' certificate, and the listener's on CentOS' bus, by the authority that the lab's containers trust. */
async function certificates({ lab }: Run): Promise<Readonly<Record<string, string>>> {
  const both = readFileSync(await certificateFor(lab, hosts.service, Object.values(hosts).slice(1)), "utf8");
  const start = both.indexOf("-----BEGIN PRIVATE KEY");
  return {
    tlsCertificate: both.slice(0, start),
    tlsKey: both.slice(start),
    centosServerCa: readFileSync(authorityFile(lab), "utf8"),
    centosCertificate: readFileSync(await certificateFor(lab, "packit.centos.invalid"), "utf8"),
  };
}
