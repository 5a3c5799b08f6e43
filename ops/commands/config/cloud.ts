/** `orrery config cloud`. */
import { defineCommand } from "../../../cli/command.ts";
import { UsageError } from "../../../cli/usage.ts";
import { replaceFiles } from "../../../config/replaceFile.ts";
import { setSecret } from "../../../config/stackEdit.ts";
import { readStackFile } from "../../../config/stackFile.ts";
import { cloudsSchema } from "../../../config/targets.ts";
import { parseJson } from "../../../config/parse.ts";
import { asObject, type Json } from "../../../policy/manifest.ts";
import { loginFields, loginOf } from "../../lib/cloud/cloudLogin.ts";
import { readCloud } from "../../lib/cloud/cloudsYaml.ts";
import { dryRunOption, jsonOption } from "../../lib/options.ts";
import { crypterOf } from "../../lib/secrets.ts";
import { warnOfPublished } from "../../lib/secrets/samplePassphrase.ts";
import { type Change, changedSettings, stackOf, stackOptions } from "../../lib/stack.ts";

export const command = defineCommand({
  usage: "NAME",
  about: `Takes a cloud's login from clouds.yaml into a stack. It sets clouds:settings.NAME, and the password or the application credential's
secret as the encrypted clouds:NAME. The files are found as openstack finds them: OS_CLIENT_CONFIG_FILE, or clouds.yaml in this folder,
~/.config/openstack or /etc/openstack; secure.yaml (or OS_CLIENT_SECURE_FILE) and clouds-public.yaml of these folders are read, too.

It takes passwords (auth_type password, v3password) and application credentials by id (v3applicationcredential). A cloud that the stack does
not have yet wants its networks. What the stack's cloud has besides stays. No secret is printed.`,
  options: {
    ...stackOptions,
    "os-cloud": { type: "string", value: "CLOUD", help: "its name in clouds.yaml (default: NAME)" },
    "clouds-file": { type: "string", value: "FILE", help: "that clouds.yaml instead" },
    region: { type: "string", value: "REGION", help: "one of its regions (default: its only one)" },
    "external-network": { type: "string", value: "NETWORK", help: "network that floating IPs are drawn from" },
    network: { type: "string", value: "NETWORK", help: "the project's network that servers are attached to" },
    ...dryRunOption,
    ...jsonOption,
  },
  run({ osCloud, cloudsFile, region, externalNetwork, network, dryRun, json, ...values }, [name]) {
    const stack = stackOf(values);
    const crypter = crypterOf(stack);
    const cloud = readCloud(osCloud ?? name, { file: cloudsFile, region });
    const { settings, secret, notes } = loginOf(cloud);
    const before = cloudIn(stack.file, name);
    if (before === undefined && (externalNetwork === undefined || network === undefined))
      throw new UsageError(
        `stack ${stack.name} has no cloud "${name}" yet: name its networks by --external-network and --network`,
      );
    const networks = {
      ...(externalNetwork === undefined ? {} : { externalNetwork }),
      ...(network === undefined ? {} : { network }),
    };
    const changes = changesTo(name, before, { ...settings, ...networks });
    const change = changedSettings(cloudsSchema, stack, changes);
    const key = `clouds:${name}`;
    const isSame = decrypted(stack.file, key, (text) => crypter.decrypt(text)) === secret;
    const text = isSame ? change.text : setSecret(change.text, key, crypter.encrypt(secret));
    if (!dryRun && text !== change.before) replaceFiles([{ file: stack.file, before: change.before, text }]);
    const set = [...changes.map(({ at }) => `clouds:settings.${at.join(".")}`), ...(isSame ? [] : [key])];
    if (json)
      console.log(JSON.stringify({ written: !dryRun && set.length > 0, files: cloud.files, set, notes }, undefined, 2));
    else {
      const did = dryRun ? "would set" : "set";
      console.log(
        `cloud "${cloud.name}" of ${cloud.files.join(" and ")}: ${set.length === 0 ? "nothing changes" : `${did} ${set.join(", ")}`}`,
      );
      for (const note of notes) console.log(`note: ${note}`);
    }
    if (!dryRun) warnOfPublished(values, crypter);
    return 0;
  },
});

/** The stack's cloud as its file has it, which may be what is to be put right. */
function cloudIn(file: string, name: string): Json | undefined {
  const entry = readStackFile(file).entries.get("clouds:settings");
  const cloud = entry === undefined ? undefined : asObject(parseJson(entry.value))[name];
  return cloud === undefined ? undefined : asObject(cloud);
}

/** A new cloud as a whole, and so one that logs in in another way than before; else the fields that differ. */
function changesTo(name: string, was: Json | undefined, wanted: Readonly<Record<string, string>>): readonly Change[] {
  if (was === undefined) return [{ at: [name], value: wanted }];
  const isDomain = (field: string): boolean => field.endsWith("DomainName");
  const gone = loginFields.filter((field) => !(field in wanted) && !isDomain(field) && was[field] !== undefined);
  if (gone.length > 0) {
    const kept = Object.entries(was).filter(([field]) => !(loginFields as readonly string[]).includes(field));
    return [{ at: [name], value: { ...Object.fromEntries(kept), ...wanted } }];
  }
  return Object.entries(wanted).flatMap(([field, value]) =>
    (was[field] ?? (isDomain(field) ? "Default" : undefined)) === value ? [] : [{ at: [name, field], value }],
  );
}

/** The secret that the file has; undefined if it has none, or one of another passphrase. */
function decrypted(file: string, key: string, decrypt: (text: string) => string): string | undefined {
  const entry = readStackFile(file).entries.get(key);
  if (entry === undefined || !entry.secret) return undefined;
  try {
    return decrypt(entry.value);
  } catch {
    return undefined;
  }
}
