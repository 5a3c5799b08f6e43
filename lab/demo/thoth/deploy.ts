/** Deploys the bots of Thoth of stack `test` to the demonstrations' cluster, next to the GitHub that they work at. */
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { openSalt } from "../../../config/passphrase.ts";
import { samplePassphrase } from "../../../config/samples.ts";
import { keepSystems, withoutPaths } from "../../../config/stackEdit.ts";
import { readStackFile, stackPath } from "../../../config/stackFile.ts";
import { startCounterparts } from "../../counterparts/counterparts.ts";
import { kubeApi } from "../../kubernetes/api.ts";
import { labTarget, type Run } from "../../pulumi.ts";
import { retarget } from "../../retarget.ts";
import { Person } from "../outside.ts";
import { demoStackFile, upDemo } from "../stack.ts";
import { until } from "../until.ts";

/** What is deployed. */
export const thothStack = { name: "demo-thoth", source: "test", system: "Thoth" } as const;
const { name, source } = thothStack;
/** Of thoth:settings, what other demonstrations would show. */
const others = ["dgraph", "station"];
export const organisation = "thoth-station";
/** As whom the bots work at GitHub. */
const robot = "sesheta";

/** Thoth's bots at work: who can act at GitHub, and where the bots are. */
export interface ThothAtWork {
  readonly namespace: string;
  /** A maintainer. */
  readonly alice: Person;
  /** A member who maintains nothing. */
  readonly bob: Person;
}

/** Deploys what is missing or changed. @throws with Pulumi's output if it cannot */
export async function deployThoth(run: Run): Promise<ThothAtWork> {
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
  const paths = others.map((setting) => ["config", "thoth:settings", setting]);
  const text = withoutPaths(keepSystems(stack.text, ["clusters", "thoth"]), paths);
  writeFileSync(before, text, { mode: 0o600 });
  retarget(before, file, labTarget(lab), samplePassphrase(source), true);
  rmSync(before);
  await upDemo(run, thothStack);
  const { bots } = JSON.parse(stack.entries.get("thoth:settings")?.value ?? "{}") as {
    readonly bots: { readonly namespace: string };
  };
  const person = (login: string): Person => new Person(lab, tokens.get(login) ?? "");
  const alice = person("alice");
  // A counterpart that ran before learns of new people and keys within a minute or two.
  await until("GitHub's organisation", 180, () => alice.get(`/orgs/${organisation}`).catch(() => undefined));
  return { namespace: bots.namespace, alice, bob: person("bob") };
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
