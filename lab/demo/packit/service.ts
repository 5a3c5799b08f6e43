/** Packit or the CentOS Stream service of stack `test`, changed for a demonstration and deployed to its cluster. */
import { readFileSync } from "node:fs";
import { parseDocument } from "yaml";
import { type PackitSettings, schemaOf } from "../../../components/packit/config.ts";
import { openSalt } from "../../../config/passphrase.ts";
import { samplePassphrase } from "../../../config/samples.ts";
import { keepSystems, put, setSecret } from "../../../config/stackEdit.ts";
import { readStackFile, stackPath } from "../../../config/stackFile.ts";
import { certificateFor } from "../../kubernetes/router/certificates.ts";
import type { Run } from "../../pulumi.ts";
import { upDemo, writeDemoStack } from "../stack.ts";

const source = "test";
type ServiceName = Parameters<typeof schemaOf>[0];

/** The stack that is made of it. */
export const stackOf = (service: ServiceName): { readonly name: string; readonly source: string } => {
  return { name: `demo-${service}`, source };
};

/** A service at work. */
export interface ServiceAtWork {
  readonly namespace: string;
  readonly hosts: { readonly service: string };
}

/** A service with its changed settings. */
interface Changed {
  readonly service: ServiceName;
  /** The stack's file. */
  readonly text: string;
  readonly settings: PackitSettings;
  /** Its packit-service.yaml, with which webhooks are validated. */
  readonly config: string;
}

/** Changes the service's settings. @param changes - settings that differ from the stack's own */
export function changedService(service: ServiceName, changes: Readonly<Record<string, unknown>>): Changed {
  const stack = readStackFile(stackPath(source));
  let text = keepSystems(stack.text, ["clusters", service]);
  for (const [setting, value] of Object.entries(changes)) {
    text = put(text, ["config", `${service}:settings`, setting], value);
  }
  const { config: all } = parseDocument(text).toJS() as { readonly config: Readonly<Record<string, unknown>> };
  const schema = schemaOf(service);
  const settings = schema.settings.parse(all[`${service}:settings`]);
  const sample = schema.secrets.serviceConfig.sample(`demo-${service}`, settings);
  return { service, text, settings, config: sample.replace("validate_webhooks: false", "validate_webhooks: true") };
}

/** Deploys what is missing or changed. @param secrets - in place of the stack's own @throws with Pulumi's output if it cannot */
export async function upService(
  run: Run,
  { service, text: changed, config }: Changed,
  secrets: Readonly<Record<string, string>>,
): Promise<void> {
  const crypter = openSalt(readStackFile(stackPath(source)).encryptionSalt ?? "", samplePassphrase(source));
  let text = changed;
  for (const [secret, value] of Object.entries({ serviceConfig: config, ...secrets })) {
    text = setSecret(text, `${service}:${secret}`, crypter.encrypt(value));
  }
  const stack = stackOf(service);
  writeDemoStack(run, stack, text);
  await upDemo(run, { ...stack, system: service === "packit" ? "Packit" : "Stream" });
}

/** The servers' certificate with its key, by the authority that the lab's containers trust. */
export async function serverCertificate(
  { lab }: Run,
  [first, ...others]: readonly [string, ...string[]],
): Promise<Readonly<Record<"tlsCertificate" | "tlsKey", string>>> {
  const both = readFileSync(await certificateFor(lab, first, others), "utf8");
  const start = both.indexOf("-----BEGIN PRIVATE KEY");
  return { tlsCertificate: both.slice(0, start), tlsKey: both.slice(start) };
}
