/** Deploys Prow of stack `test` to the demonstrations' cluster, with jobs of its own, next to the counterparts that it calls. */
import { samplePassphrase } from "../../../config/samples.ts";
import { openSalt } from "../../../config/passphrase.ts";
import { keepSystems, put, setSecret, withoutPaths } from "../../../config/stackEdit.ts";
import { readStackFile, stackPath } from "../../../config/stackFile.ts";
import { startCounterparts } from "../../counterparts/counterparts.ts";
import { kubeApi } from "../../kubernetes/api.ts";
import type { Run } from "../../pulumi.ts";
import { webhook } from "../github.ts";
import { Person } from "../outside.ts";
import { rsaKey } from "../keys.ts";
import { upDemo, writeDemoStack } from "../stack.ts";

/** The stack whose Prow it is. */
const source = "test";
/** The stack that is made of it. */
const name = "demo-prow";
/** The robot as which Prow works at GitHub. */
export const robot = "kubevirt-bot";
export const organisation = "kubevirt";
/** The others whose branches Prow's configuration protects. */
const protectedOrganisations = ["k8snetworkplumbingwg", "nmstate"];

/** Prow at work: who can act at GitHub, and where Prow is. */
export interface ProwAtWork {
  /** Members of the organisation: she writes, he reviews. */
  readonly alice: Person;
  readonly bob: Person;
  /** Somebody who is no member. */
  readonly mallory: Person;
  readonly robot: Person;
  readonly hosts: Readonly<Record<"deck" | "hook" | "gcsweb", string>>;
  readonly namespaces: Readonly<Record<"prow" | "jobs", string>>;
  readonly bucket: string;
  /** What GitHub signs webhooks with. */
  readonly secret: string;
  /** Number of the organisation's webhook at GitHub. */
  readonly hook: number;
}

/** Deploys what is missing or changed. @throws with Pulumi's output if it cannot */
export async function deployProw(run: Run): Promise<ProwAtWork> {
  const { lab, log } = run;
  const stack = readStackFile(stackPath(source));
  const crypter = openSalt(stack.encryptionSalt ?? "", samplePassphrase(source));
  const secret = (key: string): string => crypter.decrypt(stack.entries.get(key)?.value ?? "");
  log("counterparts of GitHub and Google Cloud Storage: starting");
  const tokens = await startCounterparts(kubeApi(lab), {
    organisations: {
      ...Object.fromEntries(protectedOrganisations.map((one) => [one, ["alice", robot]])),
      [organisation]: ["alice", "bob", robot],
      outsiders: ["mallory"],
    },
    programs: { [robot]: secret("prow:githubToken") },
  });
  writeDemoStack(run, { name, source }, changedText(run));
  await upDemo(run, { name, source, system: "Prow" });
  const settings = JSON.parse(stack.entries.get("prow:settings")?.value ?? "{}") as Pick<
    ProwAtWork,
    "hosts" | "namespaces" | "bucket"
  >;
  const person = (login: string): Person => new Person(lab, tokens.get(login) ?? "");
  const people = { alice: person("alice"), bob: person("bob"), mallory: person("mallory"), robot: person(robot) };
  const hmac = secret("prow:hmac");
  const url = `https://${settings.hosts.hook}/hook`;
  return { ...people, ...settings, secret: hmac, hook: await webhook(people.alice, organisation, url, hmac) };
}

/**
 * Differences from the stack's own settings. The lab's router takes the place of the stack's ingress controller, and its storage that of
 * folders which somebody makes on a node.
 */
const changes: Readonly<Record<string, unknown>> = {
  configuration: { jobs: { from: "folder", path: "lab/demo/prow/jobs" }, updaterOwns: ["job-config"] },
  ingress: { class: "nginx" },
  ghproxy: { size: "1Gi" },
  greenhouse: { size: "1Gi" },
  mirrorProxy: { size: "1Gi" },
};

/** The stack's file with Prow alone, as it is here. */
function changedText({ lab }: Run): string {
  const stack = readStackFile(stackPath(source));
  const crypter = openSalt(stack.encryptionSalt ?? "", samplePassphrase(source));
  let text = keepSystems(stack.text, ["clusters", "prow"]);
  for (const [setting, value] of Object.entries(changes)) text = put(text, ["config", "prow:settings", setting], value);
  text = withoutPaths(text, [["config", "prow:settings", "localVolumes"]]);
  // The sample's key is none of RSA, and Google's client refuses it before it asks anybody.
  const key = "prow:gcsServiceAccount";
  const account = JSON.parse(crypter.decrypt(stack.entries.get(key)?.value ?? "")) as object;
  const changed = JSON.stringify({ ...account, private_key: rsaKey(lab.dir, "google-key") });
  return setSecret(text, key, crypter.encrypt(changed));
}
