/** Whether a stack file could be deployed; works without an engine. */
import type { AnySystem } from "./define.ts";
import { sampleProblems, sampleRisks } from "./preflight/samplePassphrase.ts";
import { parseConfig } from "./parse.ts";
import { openSalt } from "./passphrase.ts";
import { type Problem, report } from "./problems.ts";
import { stackPassphrase } from "./stackPassphrase.ts";
import { clearConfig, type StackFile } from "./stackFile.ts";

/** Why a stack file could not be deployed. */
interface NotDeployable {
  readonly problems: readonly Problem[];
  /** The same as one message. */
  readonly text: string;
}

/**
 * Problems that `preview` and `up` would report; undefined without any.
 * @throws if the passphrase is wrong, or a key service has the secrets
 */
export function deployProblems(
  name: string,
  stack: StackFile,
  schemas: readonly AnySystem[],
): NotDeployable | undefined {
  if (stack.provider !== undefined) {
    throw new Error(
      `Pulumi.${name}.yaml is encrypted by ${stack.provider}; npx pulumi preview --stack ${name} looks at it`,
    );
  }
  const passphrase = stackPassphrase(name, stack.encryptionSalt);
  const { systems, problems } = parseConfig(
    clearConfig(stack, openSalt(stack.encryptionSalt ?? "", passphrase)),
    schemas,
  );
  if (problems.length > 0) return { problems, text: report(name, problems) };
  const text = sampleProblems(name, schemas, systems, passphrase, "");
  return text === undefined ? undefined : { problems: sampleRisks(schemas, systems, passphrase), text };
}
