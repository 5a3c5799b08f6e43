/** `orrery secrets import`. */
import { readFileSync } from "node:fs";
import { defineCommand } from "../../../cli/command.ts";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import { UsageError } from "../../../cli/usage.ts";
import { jsonOption, systemOption } from "../../lib/options.ts";
import { kubectlOptions } from "../../lib/kube/kubectl.ts";
import { stackOptions } from "../../lib/stack.ts";
import { clusterSource } from "../../lib/secrets/clusterSource.ts";
import { type StackSecrets, openStackSecrets } from "../../lib/secrets/stackSecrets.ts";
import { planImport, planLines, writePlan } from "../../lib/secrets/importPlan.ts";
import { folderSource, gopassSource, type SecretSource, storeFolder, vaultSource } from "../../lib/secrets/sources.ts";
import { warnOfPublished } from "../../lib/secrets/samplePassphrase.ts";

const importOptions = {
  ...stackOptions,
  ...kubectlOptions,
  kubeconfig: { ...kubectlOptions.kubeconfig, help: "kubeconfig of the cluster (default: the stack's own)" },
  ...systemOption,
  map: {
    type: "string",
    value: "KEY=PLACE",
    multiple: true,
    help: "where a secret is instead, e.g. thoth:githubOauthToken=aicoe/thoth/sesheta#token",
  },
  mount: { type: "string", value: "PATH", help: "where gopass mounts the store, e.g. aicoe (default: the root store)" },
  "vault-password-file": { type: "string", value: "FILE", help: "default: ANSIBLE_VAULT_PASSWORD_FILE" },
  cluster: { type: "string", value: "NAME", help: "only this one of the stack's clusters" },
  "dry-run": { type: "boolean", help: "write nothing, say what would be written" },
  ...jsonOption,
} as const satisfies OptionSpecs;

type ImportValues = ValuesOf<typeof importOptions>;

/** The password, read only when something asks for it. */
function vaultPassword(values: ImportValues): () => string {
  return () => {
    const file = values.vaultPasswordFile ?? process.env.ANSIBLE_VAULT_PASSWORD_FILE;
    if (file === undefined) {
      throw new UsageError("the vault needs its password: --vault-password-file FILE, or ANSIBLE_VAULT_PASSWORD_FILE");
    }
    return readFileSync(file, "utf8").trim();
  };
}

/** How the store is opened that the words name. @throws UsageError before the stack is looked at */
function sourceOf(
  kind: "gopass" | "vault" | "folder" | "cluster",
  places: readonly string[],
  values: ImportValues,
): (stackSecrets: StackSecrets) => SecretSource | Promise<SecretSource> {
  const [first] = places;
  if (kind === "cluster") return (stackSecrets) => clusterSource(stackSecrets, values);
  if (kind === "gopass") {
    const store = gopassSource(storeFolder(first), values.mount);
    return () => store;
  }
  if (kind === "vault") {
    if (first === undefined)
      throw new UsageError("FILE is missing, e.g. secrets import vault group_vars/all/vault.yml");
    const store = vaultSource(places, vaultPassword(values));
    return () => store;
  }
  if (first === undefined) throw new UsageError("FOLDER is missing, e.g. secrets import folder secrets/packit/stg");
  if (values.system === undefined) {
    throw new UsageError("--system is missing: the system whose folder it is, e.g. packit");
  }
  const store = folderSource(first, vaultPassword(values));
  return () => store;
}

/** `--map KEY=PLACE`s. */
function mapped(stackSecrets: StackSecrets, map: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    map.map((one) => {
      const [, key, place] = /^([^=]+)=(.+)$/.exec(one) ?? [];
      if (key === undefined || place === undefined) throw new UsageError(`--map ${one}: give KEY=PLACE`);
      if (!stackSecrets.secrets.some((secret) => secret.key === key)) {
        throw new UsageError(
          `--map ${one}: stack ${stackSecrets.name} has no secret ${key}; npx orrery secrets list lists them`,
        );
      }
      return [key, place];
    }),
  );
}

export const command = defineCommand({
  usage: "gopass|vault|folder|cluster [SOURCE...]",
  about: `Imports secrets into a stack from where they were stored before. The sources: "gopass [FOLDER]", a store of gopass or pass
(by gpg); "vault FILE...", ansible-vault files; "folder FOLDER" with --system, a secrets repository; "cluster", the Secrets of the live
clusters. They are written into Pulumi.S.yaml, encrypted with the stack's passphrase.

The systems' schemas declare where each secret is (docs/configuration.md). In a cluster the Secrets have the names that the program
gives them, and a value is extracted from a URL, JSON, a dockerconfig, YAML or INI where the program embeds it in one. Only names are
printed, never a secret: what is set, what is missing (required, not found, and the stack has only a sample) with the --map of a place that
may have it, and what the source has besides. If a value is malformed nothing is written.`,
  options: importOptions,
  async run(values, [kind, ...places]) {
    const open = sourceOf(kind, places, values);
    const stackSecrets = openStackSecrets(values);
    const map = mapped(stackSecrets, values.map); // before anybody is asked
    const plan = await planImport(stackSecrets, await open(stackSecrets), map);
    const { dryRun } = values;
    writePlan(stackSecrets, plan, dryRun);
    if (values.json) {
      const { sets, missing, unmanaged } = plan;
      const changed = sets.map(({ secret, place, same }) => ({ key: secret.key, place, same }));
      const lacking = missing.map(({ secret, ...row }) => ({ key: secret.key, state: secret.state, ...row }));
      console.log(JSON.stringify({ written: !dryRun, sets: changed, missing: lacking, unmanaged }, undefined, 2));
    } else {
      console.log(planLines(plan, dryRun ? "would set" : "set").join("\n"));
    }
    warnOfPublished(values, stackSecrets.crypter);
    if (!dryRun && plan.sets.some(({ same }) => !same))
      console.error(`next: npx pulumi preview --stack ${stackSecrets.name}`);
    return 0;
  },
});
