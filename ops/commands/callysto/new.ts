/** A stack file of its own for one more environment: what was a copied folder and a copied example of variables. */
import { checkDraft, replaceFiles } from "../../../config/replaceFile.ts";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import { stringify } from "yaml";
import { callystoSchema } from "../../../components/callysto/config.ts";
import { parseConfig } from "../../../config/parse.ts";
import { givenPassphrase } from "../../../config/givenPassphrase.ts";
import { isFromLab } from "../../../config/preflight/samplePassphrase.ts";
import { newSalt, openSalt } from "../../../config/passphrase.ts";
import { report } from "../../../config/problems.ts";
import { isPublished, publishedSamples } from "../../../config/published.ts";
import { sample, samplePassphrase } from "../../../config/samples.ts";
import { projectDir, readStackFile, sampleConfig, secretsOf } from "../../../config/stackFile.ts";
import { schemas } from "../../../components/registry.ts";
import { defineCommand } from "../../../cli/command.ts";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import { UsageError } from "../../../cli/usage.ts";
import { secretOf } from "../../lib/secrets.ts";
import { openStack, stackOptions } from "../../lib/stack.ts";

/** Settings that an operator edits next, above all the image's tag. One password for everybody: without one the world may log in. */
const guest = {
  jupyterhub: { authenticator: "dummypw", image: "docker.io/callysto/pims-r:sample", announcement: "" },
  site: { longname: "Callysto Dev" },
};

type NewValues = ValuesOf<typeof newOptions>;

/** The environment of a template. @throws UsageError if the options do not fit it */
export function fromTemplate(
  values: Pick<NewValues, "template" | "volume" | "floatingIp" | "domain" | "label">,
  domains: readonly string[],
): object {
  const { template, volume: volumes, floatingIp: ip, label } = values;
  if (volumes.length !== 0 && volumes.length !== 2)
    throw new UsageError("--volume is given twice: the homes' pool is a mirror of two");
  if (template === "prod" && (volumes.length !== 2 || ip === undefined || ip === "new")) {
    throw new UsageError("a production hub is made around what exists: give --volume twice and --floating-ip ADDRESS");
  }
  const domain = values.domain ?? domains[0];
  if (domain === undefined || !domains.includes(domain)) {
    throw new UsageError(`"${domain ?? ""}" is not a domain of the stack; there are: ${domains.join(", ")}`);
  }
  return {
    kind: "hub",
    domain,
    name: label === undefined ? { mode: "pet" } : { mode: "fixed", label },
    flavor: template === "prod" ? "m1.40g100g8c32g" : "m1.40g100g4c8g",
    image: "callysto-hub",
    volumes: volumes.length === 2 ? { mode: "existing", volumes } : { mode: "new", size: 25 },
    floatingIp: ip === undefined ? { mode: "none" } : ip === "new" ? { mode: "new" } : { mode: "existing", ip },
    guest,
  };
}

/** The new file's text. */
function fileText(name: string, values: NewValues): string {
  const stack = openStack(callystoSchema, values);
  const { cloud, deployKey, zones, sshKeys } = stack.settings;
  // The other stack keeps its zones; this one only makes records in them.
  const kept = Object.entries(zones).map(([domain, { mode }]) => [
    domain,
    { mode: mode === "outside" ? mode : "existing" },
  ]);
  const ownDomains = kept
    .filter(([, zone]) => (zone as { mode: string }).mode === "existing")
    .map(([domain]) => domain as string);
  const domains = [...ownDomains, ...Object.keys(zones).filter((domain) => !ownDomains.includes(domain))];
  const from = { name: stack.name, file: stack.file };
  const copied = new Map(
    [`clouds:${cloud}`, "callysto:deployPrivateKey"].map((key) => [key, secretOf(from, key, "ORRERY_LIKE_PASSPHRASE")]),
  );
  const passphrase = givenPassphrase() ?? samplePassphrase(name);
  const known = passphrase === "" || isPublished(passphrase);
  if (known) assertSamplesOnly(stack, copied);
  const salt = newSalt(passphrase);
  const crypter = openSalt(salt, passphrase);
  const secure = (value: string): object => ({ secure: crypter.encrypt(value) });
  const like = (key: string): object => secure(copied.get(key) ?? "");
  const password = `callysto:dummyPassword-hub-${name}`;
  // Everybody opens a file with a published passphrase, so a drawn password would be a sample that does not look like one.
  const drawn = known ? sample("text", password) : randomBytes(12).toString("base64url");
  const clouds = JSON.parse(readStackFile(stack.file).entries.get("clouds:settings")?.value ?? "{}") as Record<
    string,
    object
  >;
  const settings = {
    cloud,
    deployKey,
    zones: Object.fromEntries(kept) as object,
    sshKeys,
    environments: { [`hub-${name}`]: fromTemplate(values, domains) },
  };
  const config = {
    "clouds:settings": { [cloud]: clouds[cloud] ?? {} },
    [`clouds:${cloud}`]: like(`clouds:${cloud}`),
    "callysto:settings": settings,
    [password]: secure(drawn),
    "callysto:deployPrivateKey": like("callysto:deployPrivateKey"),
  };
  return `encryptionsalt: ${salt}\n${stringify({ config }, { lineWidth: 0 })}`;
}

/** @throws if what is copied is no sample, for which everybody's passphrase will not do */
function assertSamplesOnly({ name, file }: { name: string; file: string }, copied: ReadonlyMap<string, string>): void {
  const samples = publishedSamples(secretsOf(readStackFile(file), Object.values(schemas)).values());
  const real = [...copied].filter(([, text]) => !isFromLab(text) && !samples.is(text)).map(([key]) => key);
  if (real.length === 0) return;
  throw new UsageError(
    `${name} has secrets of its own (${real.join(", ")}), and the new file would have a published passphrase: ` +
      "put one of its own into PULUMI_CONFIG_PASSPHRASE; nothing was written",
  );
}

const newOptions = {
  ...stackOptions,
  stack: { ...stackOptions.stack, help: "the stack whose cloud, zones and keys are used: reads Pulumi.S.yaml" },
  template: {
    type: "choice",
    choices: ["dev", "prod"],
    default: "dev",
    help: "how production-like the environment is",
  },
  domain: { type: "string", value: "D", help: "one of the stack's domains (default: its first one with records)" },
  label: { type: "string", value: "L", help: "first label of the host name (default: a random adjective and animal)" },
  volume: { type: "string", value: "V", multiple: true, help: "existing volume, by id or name; give it twice" },
  "floating-ip": { type: "string", value: "A", help: "new, or an address that exists (default: none, IPv6 only)" },
  into: { type: "string", value: "FOLDER", help: "write the file there (default: this project)" },
  "dry-run": { type: "boolean", help: "print the environment, write nothing" },
} as const satisfies OptionSpecs;

export const command = defineCommand({
  usage: "NAME",
  about: `Writes a stack file with one more environment, from a template. Pulumi.NAME.yaml has one environment, hub-NAME, in the cloud
and with the keys of stack S. dev: a random name, two new volumes of 25 GB, IPv6 only. prod: --volume twice and --floating-ip,
which exist already and are only used. Its users share one generated password; print it by: npx pulumi config get
callysto:dummyPassword-hub-NAME --stack NAME.

Edit its guest settings, then run npx pulumi stack init NAME and npx pulumi up --stack NAME. The file's passphrase is
PULUMI_CONFIG_PASSPHRASE, that of S is ORRERY_LIKE_PASSPHRASE (or the files that PULUMI_CONFIG_PASSPHRASE_FILE and
ORRERY_LIKE_PASSPHRASE_FILE name). Without one the new file gets a published passphrase, and the users' password is a sample: for
the lab, where S has only samples.`,
  options: newOptions,
  run(values, [name]) {
    if (!/^[a-z][a-z0-9-]{0,40}$/.test(name)) {
      throw new UsageError("NAME is of a-z, 0-9 and dashes, e.g. new workshop");
    }
    const file = path.join(values.into ?? projectDir, `Pulumi.${name}.yaml`);
    if (existsSync(file)) throw new Error(`Pulumi.${name}.yaml exists already; remove it or choose another name`);
    const made = fileText(name, values);
    const right = (draft: string): void => {
      const all = Object.values(schemas);
      const { problems } = parseConfig(sampleConfig(readStackFile(draft), all), all);
      if (problems.length > 0) throw new Error(report(name, problems));
    };
    if (values.dryRun) checkDraft(file, made, right);
    else replaceFiles([{ file, text: made, before: undefined }], right);
    const shown = made.slice(made.indexOf("    environments:")).split(/\n {2}callysto:dummyPassword/)[0] ?? "";
    console.log(`${values.dryRun ? "would make" : "made"} Pulumi.${name}.yaml:\n${shown}`);
    if (!values.dryRun) console.log(`next: npx pulumi stack init ${name}; npx pulumi up --stack ${name}`);
    return 0;
  },
});
