/** What a job gives to a program that works on one stack. */

/** Variable with a stack's passphrase: `PASSPHRASE_PROD_PACKIT` of `prod-packit`. */
const passphraseVariable = (stack: string): string => `PASSPHRASE_${stack.toUpperCase().replaceAll("-", "_")}`;

/** A stack's passphrase where the job has one for it, or for the environment that it is a part of: of prod for prod-packit. */
export function ownPassphrase(stack: string, env: Readonly<NodeJS.ProcessEnv>): string | undefined {
  const parts = stack.split("-");
  return parts.map((_, at) => env[passphraseVariable(parts.slice(0, parts.length - at).join("-"))]).find(Boolean);
}

/** What of a job's environment is not for them: other stacks' passphrases, the sinks' addresses, GitHub's token. */
const others = /^(PASSPHRASE_|ALERT_|GITHUB_TOKEN$|GH_TOKEN$)/;

/** Variables of an operators' command on the stack: the engine's credentials, too, and undefined for what it must not get. */
export function stackEnvironment(stack: string, env: Readonly<NodeJS.ProcessEnv>): NodeJS.ProcessEnv {
  const own = Object.entries(env).map(([name, text]) => [name, others.test(name) ? undefined : text] as const);
  const passphrase = ownPassphrase(stack, env);
  return { ...Object.fromEntries(own), ...(passphrase === undefined ? {} : { PULUMI_CONFIG_PASSPHRASE: passphrase }) };
}
