/** Deploys Packit of stack `test` to the demonstrations' cluster with all of its parts, next to the forge and the message buses that it listens to. */
import { createPublicKey } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { startCounterparts } from "../../counterparts/counterparts.ts";
import { imageFolders } from "../../images/build.ts";
import { readIndex } from "../../images/layout.ts";
import { kubeApi } from "../../kubernetes/api.ts";
import { authorityFile, certificateFor } from "../../kubernetes/router/certificates.ts";
import type { Run } from "../../pulumi.ts";
import { webhook } from "../github.ts";
import { Person } from "../outside.ts";
import { rsaKey } from "../keys.ts";
import { until } from "../until.ts";
import { startBuses } from "./buses.ts";
import { changedService, serverCertificate, type ServiceAtWork, upService } from "./service.ts";

export const organisation = "packit";
/** The dashboard's image answers the second one in a development deployment, and asks the first. */
const hosts = { service: "dev.packit.dev", dashboard: "dashboard.localhost", metrics: "workers.dev.packit.dev" };

/** Packit at work: where it is, and who can act at GitHub. */
export interface PackitAtWork extends ServiceAtWork {
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
  const key = rsaKey(lab.dir, "github-app");
  const changed = changedService("packit", changes());
  const { settings, config } = changed;
  log("counterpart of GitHub: starting");
  const publicKey = createPublicKey(key).export({ type: "spki", format: "pem" }).toString();
  const tokens = await startCounterparts(kubeApi(lab), {
    organisations: { [organisation]: ["alice"] },
    programs: {},
    apps: [{ id: settings.githubAppId ?? 0, slug: "packit-as-a-service", publicKey, organisations: [organisation] }],
  });
  await startBuses(run);
  await upService(run, changed, { githubAppKey: key, ...(await certificates(run)) });
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

/** The servers' certificate, and the listener's on CentOS' bus. */
async function certificates(run: Run): Promise<Readonly<Record<string, string>>> {
  return {
    ...(await serverCertificate(run, [hosts.service, hosts.dashboard, hosts.metrics])),
    centosServerCa: readFileSync(authorityFile(run.lab), "utf8"),
    centosCertificate: readFileSync(await certificateFor(run.lab, "packit.centos.invalid"), "utf8"),
  };
}
