/** The passphrase from the environment, as Pulumi's CLI reads it. */
import { readFileSync } from "node:fs";

/**
 * Text of a variable, else of the file that its twin `<variable>_FILE` names; undefined when neither is set.
 * @throws if the file cannot be read
 */
export function givenPassphrase(
  variable = "PULUMI_CONFIG_PASSPHRASE",
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const [text, file] = [env[variable], env[`${variable}_FILE`]];
  if (text !== undefined || file === undefined || file === "") return text;
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    throw new Error(`${variable}_FILE names ${file}, which cannot be read`);
  }
}
