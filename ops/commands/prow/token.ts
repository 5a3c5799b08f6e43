/** `orrery prow token`. */
import { defineCommand } from "../../../cli/command.ts";
import { environmentOptions, openEnvironment } from "../../lib/prow/environment.ts";
import { checkToken, tokenOptions } from "../../lib/prow/token.ts";

export const command = defineCommand({
  about: `Checks GitHub's token: its owner and its scopes. Exit code 1 if there is none, if GitHub does not know it, or if it has more scopes than
the environment should have: a test environment that can write would comment on real pull requests.`,
  options: { ...environmentOptions, ...tokenOptions },
  async run(values) {
    console.log(await checkToken(await openEnvironment(values), values));
    return 0;
  },
});
