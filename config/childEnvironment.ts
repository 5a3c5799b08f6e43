/** What programs that we start get of our environment: no passphrase, password, token or key, unless the program is meant to have it. */
import path from "node:path";

/** Names of variables that hold a secret, or say where one is. */
export const secretVariable = /PASSPHRASE|PASSWORD|SECRET|TOKEN|CREDENTIAL|ACCESS_KEY|API_KEY|(^|_)KEY(_|$)/i;

/** Programs that get secrets: the engine gets all; git may log in with GitHub's; a hook of certbot writes to a DNS service. */
const exceptions: Readonly<Record<string, RegExp>> = {
  pulumi: /./,
  git: /^(GH|GITHUB)_TOKEN$/,
  certbot: /^(?!PULUMI_|PASSPHRASE_|ORRERY_)/,
};

/**
 * The environment for a program.
 * @param program - its name or path
 * @param more - variables that it gets whatever they hold
 */
export function childEnvironment(
  program: string,
  more: Readonly<NodeJS.ProcessEnv> = {},
  env: Readonly<NodeJS.ProcessEnv> = process.env,
): NodeJS.ProcessEnv {
  const allowed = exceptions[path.basename(program)];
  const own = Object.entries(env).filter(([name]) => !secretVariable.test(name) || allowed?.test(name) === true);
  return { ...Object.fromEntries(own), ...more };
}
