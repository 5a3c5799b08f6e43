/** Finds secrets of a stack's config in clear text: in its state, or in the engine's output. */
import { samplePassphrase } from "../../config/samples.ts";
import { openSalt } from "../../config/passphrase.ts";
import { readStackFile, secretsOf } from "../../config/stackFile.ts";
import { schemas } from "../../components/registry.ts";
import { pulumi, type Target } from "./engine.ts";

/** Secrets with a word or their base64 in the state or in `output`: `KEY in PLACE`. */
export async function leakedSecrets({ stack, file, env }: Target, output: string): Promise<readonly string[]> {
  const stackFile = readStackFile(file);
  const { entries, encryptionSalt } = stackFile;
  // Words that another sample shares belong to the format: keys of a YAML file, paths.
  const wanted = secretsOf(stackFile, Object.values(schemas));
  const passphrase = env?.PULUMI_CONFIG_PASSPHRASE ?? samplePassphrase(stack);
  const crypter = openSalt(encryptionSalt ?? "", passphrase);
  const settings = [...entries.values()].flatMap(({ value, secret }) => (secret ? [] : [value])).join("\n");
  const { stdout: state } = await pulumi(["stack", "export"], { stack, file, ...(env === undefined ? {} : { env }) });
  const places = { state, "the engine's output": output };
  return [...entries].flatMap(([key, { value, secret }]) => {
    const common = `${settings}\n${wanted.get(key)?.sample("another") ?? ""}`;
    const traces = secret ? tracesOf(crypter.decrypt(value)).filter((trace) => !common.includes(trace)) : [];
    return Object.entries(places).flatMap(([place, text]) =>
      traces.some((trace) => text.includes(trace)) ? [`${key} in ${place}`] : [],
    );
  });
}

/** Words that are long enough to be unique, and the base64 of the whole as in Kubernetes; without the lines of PEM's frame. */
function tracesOf(secret: string): readonly string[] {
  const words = secret.split(/[^A-Za-z0-9+/=_-]+/).filter((word) => word.length >= 16 && !word.includes("-----"));
  return [...words, Buffer.from(secret).toString("base64").replace(/=+$/, "").slice(0, -2)];
}
