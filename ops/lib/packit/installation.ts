/** Puts a certificate into the stacks that use it. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import { UsageError } from "../../../cli/usage.ts";
import { dryRunOption, yesOption } from "../options.ts";
import { changeAndDeploy } from "../decision/deploy.ts";
import { changedSecrets, writeSecrets } from "../secrets.ts";
import { readStackFile, stackPath } from "../../../config/stackFile.ts";
import { checkPair } from "./certificates.ts";
import { openService, type Service, services } from "./service.ts";

/** Options of the commands that install a certificate. */
export const installOptions = {
  stack: {
    type: "string",
    short: "s",
    value: "S",
    multiple: true,
    help: "a stack that gets it: every service in it, Packit and Stream",
  },
  "config-file": { type: "string", value: "FILE", help: "reads and changes that file instead of Pulumi.S.yaml" },
  up: {
    type: "boolean",
    help: "deploy: pulumi up replaces the pods that have the old one (packit-service, packit-dashboard, nginx, workers)",
  },
  ...yesOption,
  ...dryRunOption,
} as const satisfies OptionSpecs;

type InstallValues = ValuesOf<typeof installOptions>;

/** The services that the named stacks have. */
export function chosen({
  stack: names,
  configFile: file,
}: Pick<InstallValues, "stack" | "configFile">): readonly Service[] {
  if (file !== undefined && names.length !== 1) throw new UsageError("--config-file goes with exactly one --stack");
  return names.flatMap((name) => {
    const { entries } = readStackFile(file ?? stackPath(name));
    const there = services.filter((service) => entries.has(`${service}:settings`));
    if (there.length === 0) throw new Error(`Pulumi.${name}.yaml has neither packit:settings nor stream:settings`);
    return there.map((service) => openService({ stack: name, configFile: file, service }));
  });
}

/** Public names that the services' pods answer with this certificate. */
export function hostsOf(found: readonly Service[]): readonly string[] {
  return found.flatMap(({ settings }) => Object.values(settings.hosts).filter((host) => host !== undefined));
}

/**
 * Writes fullchain.pem and privkey.pem of a folder into the stacks' secrets, and deploys if that is asked for.
 * @returns the exit code
 * @throws before anything is written, if they do not match or do not cover a host of the stacks
 */
export async function install(
  folder: string,
  found: readonly Service[],
  { dryRun, up, yes }: InstallValues,
): Promise<number> {
  const [fullchain, privkey] = ["fullchain.pem", "privkey.pem"].map((name) =>
    readFileSync(path.join(folder, name), "utf8"),
  ) as [string, string];
  checkPair(fullchain, privkey, hostsOf(found));
  const secrets = { tlsCertificate: fullchain, tlsKey: privkey };
  const changes = found.map((stack) => ({ stack, schema: stack.schema, texts: secrets }));
  const changed = changedSecrets(changes);
  if (dryRun || !up) writeSecrets(changes, dryRun);
  for (const { service, name } of found) console.log(`${dryRun ? "would write" : "wrote"} ${service}'s of ${name}`);
  if (!up || dryRun) {
    for (const name of new Set(found.map((one) => one.name))) console.log(`next: npx pulumi up --stack ${name}`);
    return 0;
  }
  for (const [file, change] of changed) {
    const name = found.find((one) => one.file === file)?.name ?? "";
    const code = await changeAndDeploy({ name, file }, { command: "packit install-certificate", change, yes });
    if (code !== 0) return code;
  }
  return 0;
}
