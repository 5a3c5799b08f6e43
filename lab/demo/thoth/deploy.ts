/** Deploys Thoth's bots of stack `test` with their tunnels, and a node pool, to the demonstrations' cluster, next to those that use them. */
import { readFileSync } from "node:fs";
import { openSalt } from "../../../config/passphrase.ts";
import { samplePassphrase } from "../../../config/samples.ts";
import { keepSystems, put, setSecret, withoutPaths } from "../../../config/stackEdit.ts";
import { readStackFile, stackPath } from "../../../config/stackFile.ts";
import { kafka } from "../../images/kafka.ts";
import { botRecipes } from "../../images/thothBots.ts";
import { zuulImages, zuulRecipes } from "../../images/zuul.ts";
import { authorityFile } from "../../kubernetes/router/certificates.ts";
import type { Run } from "../../pulumi.ts";
import { webhook } from "../github.ts";
import { Person } from "../outside.ts";
import { offerRecipes } from "../server.ts";
import { stackOutput, upDemo, writeDemoStack } from "../stack.ts";
import { until } from "../until.ts";
import { kafkaServers, startKafka } from "./kafka.ts";
import { startNodepool } from "./nodepool.ts";
import { organisation, senderAddress, signingKeys, startThothCounterparts } from "./counterparts.ts";

const source = "test";
const name = "demo-thoth";
/** Of thoth:settings, what the demonstration does not show. */
const others = ["dgraph", "station"];

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

/** Thoth's bots at work: who can act at GitHub, and where the bots are. */
export interface ThothAtWork {
  readonly namespace: string;
  /** Namespace of the tunnels' clients. */
  readonly tunnels: string;
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
  const stack = readStackFile(stackPath(source));
  const crypter = openSalt(stack.encryptionSalt ?? "", samplePassphrase(source));
  const secret = (key: string): string => crypter.decrypt(stack.entries.get(key)?.value ?? "");
  const { bots, ultrahook } = settingsOf(stack);
  const tokens = await startThothCounterparts(run, secret, bots.reviewManager.appId);
  await offerRecipes(run, [...botRecipes, kafka, ...zuulRecipes]);
  await startKafka(run);
  let text = changedText(stack.text, variant);
  for (const [key, value] of Object.entries(secretsOf(run, secret))) {
    text = setSecret(text, `thoth:${key}`, crypter.encrypt(value));
  }
  writeDemoStack(run, { name, source }, text);
  await upDemo(run, { name, source, system: "Thoth" });
  const outputs = await stackOutput<{ nodepoolConfig: string; nodepoolKubeconfig: string }>(
    run,
    { name, source },
    "thoth",
  );
  await startNodepool(run, { nodepoolConfig: outputs.nodepoolConfig, kubeconfig: outputs.nodepoolKubeconfig });
  const person = (login: string): Person => new Person(run.lab, tokens.get(login) ?? "");
  const alice = person("alice");
  // A counterpart that ran before learns of new people and keys within a minute or two.
  await until("GitHub's organisation", 180, () => alice.get(`/orgs/${organisation}`).catch(() => undefined));
  const hmac = secret("thoth:githubWebhookSecret");
  await webhook(alice, organisation, `${senderAddress("sesheta")}/github`, hmac);
  const hook = await webhook(alice, organisation, `${senderAddress("webhook2kafka")}/github`, hmac);
  const places = { namespace: bots.namespace, tunnels: ultrahook.namespace, chat: secret("thoth:googleChatSpace") };
  return { ...places, secret: hmac, hook, alice, bob: person("bob") };
}

/** Secrets that the other side knows, in place of the stack's own samples. */
function secretsOf(run: Run, secret: (key: string) => string): Readonly<Record<string, string>> {
  const { app, google } = signingKeys(run);
  const account = JSON.parse(secret("thoth:googleServiceAccount")) as object;
  return {
    reviewManagerAppKey: app,
    googleServiceAccount: JSON.stringify({ ...account, private_key: google }),
    kafkaBootstrapServers: kafkaServers,
    kafkaDatahubCa: readFileSync(authorityFile(run.lab), "utf8"),
  };
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
