/** What a job gives to a program that works on one stack. */

/** Variable with a stack's passphrase: `PASSPHRASE_PROD_PACKIT` of `prod-packit`. */
const passphraseVariable = (stack: string): string => `PASSPHRASE_${stack.toUpperCase().replaceAll("-", "_")}`;

/** Variable with a stack's passphrase where there is one for it, or for the environment that it is a part of: of prod for prod-packit. */
export function ownVariable(stack: string, env: Readonly<NodeJS.ProcessEnv>): string | undefined {
  const parts = stack.split("-");
  const names = parts.map((_, at) => passphraseVariable(parts.slice(0, parts.length - at).join("-")));
  return names.find((name) => Boolean(env[name]));
}

/** The passphrase that it holds. */
export function ownPassphrase(stack: string, env: Readonly<NodeJS.ProcessEnv>): string | undefined {
  const variable = ownVariable(stack, env);
  return variable === undefined ? undefined : env[variable];
}

/** What of a job's environment is not for them: other stacks' passphrases, the sinks' addresses, GitHub's token. */
const others = /^(PASSPHRASE_|ALERT_|GITHUB_TOKEN$|GH_TOKEN$)/;

/** Variables of an operators' command on the stack: the engine's credentials, too, and undefined for what it must not get. */
export function stackEnvironment(stack: string, env: Readonly<NodeJS.ProcessEnv>): NodeJS.ProcessEnv {
  const own = Object.entries(env).map(([name, text]) => [name, others.test(name) ? undefined : text] as const);
  const passphrase = ownPassphrase(stack, env);
  return { ...Object.fromEntries(own), ...(passphrase === undefined ? {} : { PULUMI_CONFIG_PASSPHRASE: passphrase }) };
}
