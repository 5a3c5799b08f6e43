/** A stack's file: settings, secrets, what encrypts them, and which of them end soon. */
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { guardedTargets, samplesAtRisk } from "../../../config/preflight/samplePassphrase.ts";
import type { Crypter } from "../../../config/passphrase.ts";
import { parseConfig } from "../../../config/parse.ts";
import { withKubeconfig } from "../../../config/clusterApi.ts";
import type { ParsedSystem } from "../../../config/secrets.ts";
import { clearConfig, readStackFile, stackNames, stackPath } from "../../../config/stackFile.ts";
import { schemas } from "../../../components/registry.ts";
import type { StackSecrets } from "../secrets/stackSecrets.ts";
import { publishedProblem } from "../secrets/samplePassphrase.ts";
import { jwtLife } from "../kube/token.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import { run } from "../process.ts";

/** Days before its end at which a certificate or token is worth a warning. */
const warnDays = 30;

const all = Object.values(schemas);

/** Everything that the file says. */
export async function config(stackSecrets: StackSecrets, now: Date): Promise<readonly Finding[]> {
  const { name, file, crypter } = stackSecrets;
  const unreadable = stackSecrets.secrets.filter(({ state }) => state === "unreadable").map(({ key }) => key);
  if (unreadable.length > 0) {
    const fix = `npm run ops -- secrets rotate ${unreadable[0] ?? ""} --stack ${name}`;
    return [problem("secrets", `encrypted under another passphrase: ${unreadable.join(", ")}`, fix)];
  }
  const stack = readStackFile(file);
  const { entries, encryptionSalt } = stack;
  const { systems, problems } = parseConfig(clearConfig(stack, crypter), all);
  const settings = problems.map(({ path, text, fix }) => problem("config", `${path}: ${text}`, fix));
  return [
    ...(settings.length === 0 ? [ok("config", `Pulumi.${name}.yaml is as its schema wants it`)] : settings),
    ...guarded(stackSecrets, systems),
    ...salts(name, encryptionSalt),
    ...(await ends(stackSecrets, entries, crypter, now)),
  ];
}

function guarded(stackSecrets: StackSecrets, systems: ReadonlyMap<string, ParsedSystem>): readonly Finding[] {
  const { name } = stackSecrets;
  const risks = samplesAtRisk(all, systems).map(({ path, text, fix }) =>
    problem("secrets", `${path} ${text}; preview and up refuse it`, fix.replaceAll("{stack}", name)),
  );
  const published = publishedProblem(stackSecrets, guardedTargets(systems).size > 0);
  if (published !== undefined) {
    return [...risks, problem("secrets", published, `npm run ops -- secrets passphrase --stack ${name}`)];
  }
  if (risks.length > 0) return risks;
  const samples = stackSecrets.secrets
    .filter(({ state, required }) => state === "sample" && required)
    .map(({ key }) => key);
  if (samples.length === 0) return [ok("secrets", "every needed secret has a text of its own")];
  const some =
    samples.length > 5 ? `${samples.slice(0, 5).join(", ")} and ${samples.length - 5} more` : samples.join(", ");
  const fix = "nothing in the lab; elsewhere: npm run ops -- secrets import, or secrets rotate KEY";
  return [
    warning("secrets", `${samples.length} are published samples, which the stack's settings let in: ${some}`, fix),
  ];
}

/** Two stacks with one salt and passphrase have one key. */
function salts(name: string, salt: string | undefined): readonly Finding[] {
  const same = stackNames().filter(
    (other) => other !== name && readStackFile(stackPath(other)).encryptionSalt === salt,
  );
  if (salt === undefined || same.length === 0) return [];
  const fix = `npm run ops -- secrets passphrase --stack ${name}`;
  return [
    warning("secrets", `the stack has the salt of ${same.join(", ")}; its secrets can be swapped for theirs`, fix),
  ];
}

async function ends(
  { name, secrets }: StackSecrets,
  entries: ReturnType<typeof readStackFile>["entries"],
  crypter: Crypter,
  now: Date,
): Promise<readonly Finding[]> {
  const found = secrets.map(async ({ key, state, spec }) => {
    const entry = entries.get(key);
    if (entry === undefined || state === "sample") return [];
    const until = await endOf(spec.format, crypter.decrypt(entry.value));
    const fix = `get a new one, then npm run ops -- secrets rotate ${key} --stack ${name} --file F`;
    return until === undefined ? [] : [endFinding(key, until, now, fix)];
  });
  return (await Promise.all(found)).flat();
}

/** Until when a secret is good, if it says so itself. */
export async function endOf(format: string | undefined, text: string): Promise<Date | undefined> {
  if (format === "pem-certificate") return new Date(new X509Certificate(text).validTo);
  if (format === "token") return jwtLife(text)?.until;
  if (format !== "kubeconfig") return undefined;
  const { token, tokenFile, "client-certificate-data": certificate } = await userOf(text);
  const bearer =
    token ?? (tokenFile === undefined ? undefined : await readFile(tokenFile, "utf8").catch(() => undefined));
  if (bearer !== undefined) return jwtLife(bearer.trim())?.until;
  return certificate === undefined
    ? undefined
    : new Date(new X509Certificate(Buffer.from(certificate, "base64")).validTo);
}

interface KubeconfigUser {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly "client-certificate-data"?: string;
}

/** How the current context logs in, with the certificates of files; nothing of what does not work, which the clusters' findings name. */
async function userOf(kubeconfig: string): Promise<KubeconfigUser> {
  const view = ["config", "view", "--raw", "--minify", "--flatten", "--output", "json"];
  try {
    const { status, stdout } = await withKubeconfig(kubeconfig, (file) =>
      run("kubectl", [...view, "--kubeconfig", file]),
    );
    if (status !== 0) return {};
    const { users } = JSON.parse(stdout) as { users?: readonly { readonly user?: KubeconfigUser }[] | null };
    return users?.[0]?.user ?? {};
  } catch {
    return {};
  }
}

/** What to say of an end. */
export function endFinding(key: string, until: Date, now: Date, fix: string): Finding {
  const days = Math.floor((until.getTime() - now.getTime()) / 86_400_000);
  const date = until.toISOString().slice(0, 10);
  if (days < 0) return problem("secrets", `${key} ended on ${date}`, fix);
  if (days < warnDays) return warning("secrets", `${key} ends on ${date}, in ${days} days`, fix);
  return ok("secrets", `${key} is good until ${date}`);
}
