/** Deploys Thoth's bots of stack `test`, and a node pool, to the demonstrations' cluster, next to the GitHub and the Zuul that use them. */
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { openSalt } from "../../../config/passphrase.ts";
import { samplePassphrase } from "../../../config/samples.ts";
import { keepSystems, put, withoutPaths } from "../../../config/stackEdit.ts";
import { readStackFile, stackPath } from "../../../config/stackFile.ts";
import { startCounterparts } from "../../counterparts/counterparts.ts";
import { zuulImages } from "../../images/zuul.ts";
import { kubeApi } from "../../kubernetes/api.ts";
import { labTarget, type Run } from "../../pulumi.ts";
import { retarget } from "../../retarget.ts";
import { Person } from "../outside.ts";
import { demoStackFile, stackOutput, upDemo } from "../stack.ts";
import { until } from "../until.ts";
import { offerZuulImages, startNodepool } from "./nodepool.ts";

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

/** Thoth's bots at work: who can act at GitHub, and where the bots are. */
export interface ThothAtWork {
  readonly namespace: string;
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
  log("counterpart of GitHub: starting");
  const tokens = await startCounterparts(kubeApi(lab), {
    organisations: { [organisation]: ["alice", "bob", robot] },
    programs: { [robot]: secret("thoth:githubOauthToken") },
    keys: [publicLine(lab.dir, secret("thoth:kebechetSshKey"))],
  });
  const file = demoStackFile(run, name);
  const before = `${file}.source`;
  writeFileSync(before, changedText(stack.text, variant), { mode: 0o600 });
  retarget(before, file, labTarget(lab), samplePassphrase(source), true);
  rmSync(before);
  await offerZuulImages(run);
  await upDemo(run, { name, source, system: "Thoth" });
  const outputs = await stackOutput<{ nodepoolConfig: string; nodepoolKubeconfig: string }>(
    run,
    { name, source },
    "thoth",
  );
  await startNodepool(run, { nodepoolConfig: outputs.nodepoolConfig, kubeconfig: outputs.nodepoolKubeconfig });
  const { bots } = JSON.parse(stack.entries.get("thoth:settings")?.value ?? "{}") as {
    readonly bots: { readonly namespace: string };
  };
  const person = (login: string): Person => new Person(lab, tokens.get(login) ?? "");
  const alice = person("alice");
  // A counterpart that ran before learns of new people and keys within a minute or two.
  await until("GitHub's organisation", 180, () => alice.get(`/orgs/${organisation}`).catch(() => undefined));
  return { namespace: bots.namespace, alice, bob: person("bob") };
}

/** The stack's file with what the demonstration shows. */
function changedText(stack: string, { off = [], operatorRestart }: Variant): string {
  const settings = ["config", "thoth:settings"];
  const absent = operatorRestart === undefined ? others : [];
  const paths = absent.map((setting) => [...settings, setting]);
  const kept = withoutPaths(keepSystems(stack, ["clusters", "thoth"]), paths);
  let text = put(kept, [...settings, "nodepool"], nodepool);
  for (const bot of off) text = put(text, [...settings, "bots", ...bot.split(".")], false);
  if (operatorRestart === undefined) return text;
  return put(text, [...settings, "station", "operatorRestart"], { seconds: operatorRestart });
}

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
