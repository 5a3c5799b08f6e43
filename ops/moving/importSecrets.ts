/** Takes secrets from where they lay before into a stack's file, encrypted. */
import { readFileSync } from "node:fs";
import { type Command, text, texts, UsageError, type Values } from "../command.ts";
import { kubectlHelp, kubectlOptions } from "../kubectl.ts";
import { secretProblems, writeSecrets } from "../lib/secrets.ts";
import { stackHelp, stackOptions } from "../lib/stack.ts";
import { clusterStore } from "./clusterStore.ts";
import { type HeldStack, openHeld } from "./held.ts";
import { type Plan, planImport, planLines } from "./plan.ts";
import { folderStore, gopassStore, type Store, storeFolder, vaultStore } from "./stores.ts";
import { warnOfPublished } from "./warning.ts";

const help = `Usage: npm run ops -- secrets import gopass [DIR] --stack S [--dry-run]
       npm run ops -- secrets import vault FILE... --stack S [--vault-password-file F] [--dry-run]
       npm run ops -- secrets import folder DIR --stack S --system NAME [--dry-run]
       npm run ops -- secrets import cluster --stack S [--cluster NAME] [--kubeconfig FILE] [--dry-run]

Takes secrets from a store of gopass or pass (by gpg), from ansible-vault files, from a folder as a secrets repository has it, or from a
live cluster's Secrets into Pulumi.S.yaml, encrypted under the stack's passphrase. Which secret lies where the systems' schemas
declare (docs/configuration.md); a cluster's Secrets have the names that the program gives them, and a text is read out of a URL, JSON,
a dockerconfig, YAML or INI where the program puts it into one. Told are names, never a text: what is set, what is missing (needed, not
found, and the stack has only a sample) with the --map of a place that may have it, what is left over. If a text is malformed nothing is
written.

${stackHelp}
  --system NAME      only this system's secrets: packit, thoth, ...
  --map KEY=PLACE    a secret lies elsewhere, e.g. thoth:githubOauthToken=aicoe/thoth/sesheta#token; may be repeated
  --mount PATH       where gopass mounts the store DIR, e.g. aicoe; of the root store nothing
  --vault-password-file F  (default: ANSIBLE_VAULT_PASSWORD_FILE)
  --cluster NAME     only what the stack has in this one of its clusters
${kubectlHelp.replace("KUBECONFIG, then ~/.kube/config", "the stack's own")}
  --dry-run          write nothing, say what would be written
  --json             say it as JSON`;

/** The password, read only when something asks for it. */
function vaultPassword(values: Values): () => string {
  return () => {
    const file = text(values, "vault-password-file") ?? process.env.ANSIBLE_VAULT_PASSWORD_FILE;
    if (file === undefined) {
      throw new UsageError("which password? name its file: --vault-password-file F, or ANSIBLE_VAULT_PASSWORD_FILE");
    }
    return readFileSync(file, "utf8").trim();
  };
}

/** How the store is opened that the words name. @throws UsageError before the stack is looked at */
function storeOf(
  kind: string | undefined,
  places: readonly string[],
  values: Values,
): (held: HeldStack) => Store | Promise<Store> {
  const [first] = places;
  if (kind === "cluster") return (held) => clusterStore(held, values);
  if (kind === "gopass") {
    const store = gopassStore(storeFolder(first), text(values, "mount"));
    return () => store;
  }
  if (kind === "vault") {
    if (first === undefined) throw new UsageError("which files? e.g. secrets import vault group_vars/all/vault.yml");
    const store = vaultStore(places, vaultPassword(values));
    return () => store;
  }
  if (kind !== "folder") throw new UsageError("import from where? gopass [DIR], vault FILE..., folder DIR or cluster");
  if (first === undefined) throw new UsageError("which folder? e.g. secrets import folder secrets/packit/stg");
  if (text(values, "system") === undefined) {
    throw new UsageError("whose folder is it? name the system by --system, e.g. packit");
  }
  const store = folderStore(first, vaultPassword(values));
  return () => store;
}

/** `--map KEY=PLACE`s. */
function mapped(held: HeldStack, values: Values): ReadonlyMap<string, string> {
  return new Map(
    texts(values, "map").map((one) => {
      const [, key, place] = /^([^=]+)=(.+)$/.exec(one) ?? [];
      if (key === undefined || place === undefined) throw new UsageError(`--map ${one}: give KEY=PLACE`);
      if (!held.secrets.some((secret) => secret.key === key)) {
        throw new UsageError(
          `--map ${one}: stack ${held.name} has no secret ${key}; npm run ops -- secrets list names all`,
        );
      }
      return [key, place];
    }),
  );
}

/** Writes what differs. @throws if a text is not as it must be; then nothing is written */
export function writePlan({ systems }: Pick<HeldStack, "systems">, { sets }: Plan, dryRun: boolean): void {
  const changes = systems.map(({ stack, schema }) => {
    const own = sets.filter(({ secret, same }) => secret.schema === schema && !same);
    return {
      stack,
      schema,
      texts: Object.fromEntries(own.map(({ secret, text: one }) => [shortKey(secret.key), one])),
    };
  });
  if (dryRun) {
    const problems = changes.flatMap(secretProblems);
    if (problems.length > 0) throw new Error(`nothing would be written:\n  ${problems.join("\n  ")}`);
  } else {
    writeSecrets(
      changes.filter(({ texts: own }) => Object.keys(own).length > 0),
      false,
    );
  }
}

const shortKey = (key: string): string => key.slice(key.indexOf(":") + 1);

export const command: Command = {
  help,
  options: {
    ...stackOptions,
    ...kubectlOptions,
    system: { type: "string" },
    map: { type: "string", multiple: true },
    mount: { type: "string" },
    "vault-password-file": { type: "string" },
    cluster: { type: "string" },
    "dry-run": { type: "boolean" },
    json: { type: "boolean" },
  },
  async run({ values, words: [kind, ...places] }) {
    const open = storeOf(kind, places, values);
    const held = openHeld(values);
    const store = await open(held);
    const plan = await planImport(held.secrets, store, mapped(held, values));
    const dryRun = values["dry-run"] === true;
    writePlan(held, plan, dryRun);
    if (values.json === true) {
      const { sets, missing, unmanaged } = plan;
      const changed = sets.map(({ secret, place, same }) => ({ key: secret.key, place, same }));
      const lacking = missing.map(({ secret, ...row }) => ({ key: secret.key, state: secret.state, ...row }));
      console.log(JSON.stringify({ written: !dryRun, sets: changed, missing: lacking, unmanaged }, undefined, 2));
    } else {
      console.log(planLines(plan, dryRun ? "would set" : "set").join("\n"));
    }
    warnOfPublished(values, held.crypter);
    if (!dryRun && plan.sets.some(({ same }) => !same)) console.error(`next: npx pulumi preview --stack ${held.name}`);
    return 0;
  },
};
