/** Deploys Thoth's bots of stack `test` with their tunnels, and a node pool, to the demonstrations' cluster, next to those that use them. */
import { execFileSync } from "node:child_process";
import { createPublicKey } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { openSalt } from "../../../config/passphrase.ts";
import { samplePassphrase } from "../../../config/samples.ts";
import { keepSystems, put, setSecret, withoutPaths } from "../../../config/stackEdit.ts";
import { readStackFile, stackPath } from "../../../config/stackFile.ts";
import { startCounterparts } from "../../counterparts/counterparts.ts";
import type { App } from "../../counterparts/github/state.ts";
import { kafka } from "../../images/kafka.ts";
import { botRecipes } from "../../images/thothBots.ts";
import { zuulImages, zuulRecipes } from "../../images/zuul.ts";
import { kubeApi } from "../../kubernetes/api.ts";
import { authorityFile } from "../../kubernetes/router/certificates.ts";
import { labTarget, type Run } from "../../pulumi.ts";
import { retarget } from "../../retarget.ts";
import { webhook } from "../github.ts";
import { Person } from "../outside.ts";
import { rsaKey } from "../rsaKey.ts";
import { offerRecipes } from "../server.ts";
import { demoStackFile, stackOutput, upDemo } from "../stack.ts";
import { until } from "../until.ts";
import { kafkaServers, startKafka } from "./kafka.ts";
import { startNodepool } from "./nodepool.ts";

const source = "test";
const name = "demo-thoth";
/** Of thoth:settings, what the demonstration does not show. */
const others = ["dgraph", "station"];
export const organisation = "thoth-station";
/** As whom the bots work at GitHub. */
const robot = "sesheta";

/** Namespace of the job nodes, by default of the settings. */
export const jobNodes = "thoth-zuul";
/** Stack `test` has no node pool: this one has two kinds of node of stack `prod`, which would be built or pulled from the world. */
const nodepool = {
  cluster: "lab",
  server: "https://kubernetes.default.svc:443",
  streams: {
    "thoth-pytest": { ubi8: zuulImages.node },
    "s2i-thoth-ubi8-py36": { "v0.9.4": zuulImages.node },
  },
  labels: {
    "thoth-pytest": { image: "thoth-pytest:ubi8" },
    "thoth-python36": { image: "s2i-thoth-ubi8-py36:v0.9.4", minReady: 1 },
  },
};

/** Subdomains of the stack's tunnels to the bots, with the account's name at ultrahook.com and what is sent there. */
export const tunnels = {
  webhook2kafka: "cyborg-regidores.aicoe",
  reviewManager: "review-manager.aicoe",
  sesheta: "webhooks.thoth",
} as const;
/** A tunnel of the stack that leads to Zuul, which is not there. */
const zuulTunnel = "zuul-thoth-test-core.aicoe";
const publicAddress = (tunnel: string): string => `http://${tunnel}.ultrahook.com`;

/** Thoth's bots at work: who can act at GitHub, and where the bots are. */
export interface ThothAtWork {
  readonly namespace: string;
  /** Namespace of the tunnels' clients. */
  readonly tunnels: string;
  /** Public addresses of the tunnels. */
  readonly senders: Readonly<Record<keyof typeof tunnels, string>>;
  /** What GitHub signs the organisation's webhooks with. */
  readonly secret: string;
  /** Number of the organisation's webhook to webhook2kafka. */
  readonly hook: number;
  /** Space of the bots' chat. */
  readonly chat: string;
  /** A maintainer. */
  readonly alice: Person;
  /** A member who maintains nothing. */
  readonly bob: Person;
}

/** Differences that a test asks for. */
interface Variant {
  /** Bots that do not run: paths below `bots`, such as `kebechet.enabled`. @default all run */
  readonly off?: readonly string[];
  /** Deploys Dgraph and the station, too, whose operators are restarted after so many seconds. @default neither */
  readonly operatorRestart?: number;
}

/** Deploys what is missing or changed. @throws with Pulumi's output if it cannot */
export async function deployThoth(run: Run, variant: Variant = {}): Promise<ThothAtWork> {
  const { lab, log } = run;
  const stack = readStackFile(stackPath(source));
  const crypter = openSalt(stack.encryptionSalt ?? "", samplePassphrase(source));
  const secret = (key: string): string => crypter.decrypt(stack.entries.get(key)?.value ?? "");
  log("counterparts of GitHub, Google and ultrahook.com: starting");
  const keys = { app: rsaKey(lab.dir, "thoth-app"), google: rsaKey(lab.dir, "thoth-google") };
  const senders = {
    webhook2kafka: publicAddress(tunnels.webhook2kafka),
    reviewManager: publicAddress(tunnels.reviewManager),
    sesheta: publicAddress(tunnels.sesheta),
  };
  const app: App = {
    ...{ id: settingsOf(stack).bots.reviewManager.appId, slug: "sefkhet-abwy", organisations: [organisation] },
    publicKey: createPublicKey(keys.app).export({ type: "spki", format: "pem" }).toString(),
    webhook: { url: senders.reviewManager, secret: secret("thoth:reviewManagerWebhookSecret") },
  };
  const tokens = await startCounterparts(
    kubeApi(lab),
    {
      organisations: { [organisation]: ["alice", "bob", robot] },
      programs: { [robot]: secret("thoth:githubOauthToken") },
      keys: [publicLine(lab.dir, secret("thoth:kebechetSshKey"))],
      apps: [app],
    },
    {
      accounts: Object.fromEntries(
        ["aicoe", "thoth"].map((account) => [secret(`thoth:ultrahookKey-ultrahook-${account}`), account]),
      ),
      hosts: [...Object.values(tunnels), zuulTunnel].map((tunnel) => new URL(publicAddress(tunnel)).hostname),
    },
  );
  await offerRecipes(run, [...botRecipes, kafka, ...zuulRecipes]);
  await startKafka(run);
  const file = demoStackFile(run, name);
  const before = `${file}.source`;
  const account = JSON.parse(secret("thoth:googleServiceAccount")) as object;
  const secrets = {
    // The samples' keys are none of RSA, which both sides sign with.
    reviewManagerAppKey: keys.app,
    googleServiceAccount: JSON.stringify({ ...account, private_key: keys.google }),
    kafkaBootstrapServers: kafkaServers,
    kafkaDatahubCa: readFileSync(authorityFile(lab), "utf8"),
  };
  let text = changedText(stack.text, variant);
  for (const [key, value] of Object.entries(secrets)) text = setSecret(text, `thoth:${key}`, crypter.encrypt(value));
  writeFileSync(before, text, { mode: 0o600 });
  retarget(before, file, labTarget(lab), samplePassphrase(source), true);
  rmSync(before);
  await upDemo(run, { name, source, system: "Thoth" });
  const outputs = await stackOutput<{ nodepoolConfig: string; nodepoolKubeconfig: string }>(
    run,
    { name, source },
    "thoth",
  );
  await startNodepool(run, { nodepoolConfig: outputs.nodepoolConfig, kubeconfig: outputs.nodepoolKubeconfig });
  const { bots, ultrahook } = settingsOf(stack);
  const person = (login: string): Person => new Person(lab, tokens.get(login) ?? "");
  const alice = person("alice");
  // A counterpart that ran before learns of new people and keys within a minute or two.
  await until("GitHub's organisation", 180, () => alice.get(`/orgs/${organisation}`).catch(() => undefined));
  const hmac = secret("thoth:githubWebhookSecret");
  await webhook(alice, organisation, `${senders.sesheta}/github`, hmac);
  const hook = await webhook(alice, organisation, `${senders.webhook2kafka}/github`, hmac);
  const places = { namespace: bots.namespace, tunnels: ultrahook.namespace, senders };
  return { ...places, secret: hmac, hook, chat: secret("thoth:googleChatSpace"), alice, bob: person("bob") };
}

/** The stack's file with what the demonstration shows. */
function changedText(stack: string, { off = [], operatorRestart }: Variant): string {
  const settings = ["config", "thoth:settings"];
  const absent = operatorRestart === undefined ? others : [];
  const paths = absent.map((setting) => [...settings, setting]);
  const kept = withoutPaths(keepSystems(stack, ["clusters", "thoth"]), paths);
  let text = put(kept, [...settings, "nodepool"], nodepool);
  text = put(text, [...settings, "ultrahook", "paused"], false);
  for (const bot of off) text = put(text, [...settings, "bots", ...bot.split(".")], false);
  if (operatorRestart === undefined) return text;
  return put(text, [...settings, "station", "operatorRestart"], { seconds: operatorRestart });
}

/** What is read here of the stack's settings. */
interface Settings {
  readonly bots: { readonly namespace: string; readonly reviewManager: { readonly appId: number } };
  readonly ultrahook: { readonly namespace: string };
}

const settingsOf = ({ entries }: ReturnType<typeof readStackFile>): Settings =>
  JSON.parse(entries.get("thoth:settings")?.value ?? "{}") as Settings;

/** The public half of an OpenSSH key, as its owner registers it at GitHub. */
function publicLine(folder: string, key: string): string {
  const file = path.join(folder, "thoth-key");
  writeFileSync(file, `${key.trimEnd()}\n`, { mode: 0o600 });
  try {
    return execFileSync("ssh-keygen", ["-y", "-f", file], { encoding: "utf8" }).trim();
  } finally {
    rmSync(file);
  }
}
