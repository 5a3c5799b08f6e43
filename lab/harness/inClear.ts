/** Whether a secret of a stack's config can be read where nobody should: in its state, or in what the engine told. */
import { samplePassphrase } from "../../config/samples.ts";
import { openSalt } from "../../config/passphrase.ts";
import { readStackFile, secretsOf } from "../../config/stackFile.ts";
import { schemas } from "../../components/registry.ts";
import { pulumi, type Target } from "./engine.ts";

/** Secrets of which a word, or their base64, stands in the state or in `told`; each with where. */
export async function inClear({ stack, file, env }: Target, told: string): Promise<readonly string[]> {
  const held = readStackFile(file);
  const { entries, encryptionSalt } = held;
  // Words that another sample has, too, are the format's: keys of a YAML file, paths.
  const wanted = secretsOf(held, Object.values(schemas));
  const passphrase = env?.PULUMI_CONFIG_PASSPHRASE ?? samplePassphrase(stack);
  const crypter = openSalt(encryptionSalt ?? "", passphrase);
  const settings = [...entries.values()].flatMap(({ value, secret }) => (secret ? [] : [value])).join("\n");
  const { stdout: state } = await pulumi(["stack", "export"], { stack, file, ...(env === undefined ? {} : { env }) });
  const places = { state, "what the engine told": told };
  return [...entries].flatMap(([key, { value, secret }]) => {
    const common = `${settings}\n${wanted.get(key)?.sample("another") ?? ""}`;
    const traces = secret ? tracesOf(crypter.decrypt(value)).filter((trace) => !common.includes(trace)) : [];
    return Object.entries(places).flatMap(([place, text]) =>
      traces.some((trace) => text.includes(trace)) ? [`${key} in ${place}`] : [],
    );
  });
}

/** Words long enough to be nobody else's, and the whole in base64 as Kubernetes has it; PEM's own lines are everybody's. */
function tracesOf(secret: string): readonly string[] {
  const words = secret.split(/[^A-Za-z0-9+/=_-]+/).filter((word) => word.length >= 16 && !word.includes("-----"));
  return [...words, Buffer.from(secret).toString("base64").replace(/=+$/, "").slice(0, -2)];
}
