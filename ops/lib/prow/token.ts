/** Checks GitHub's token before anything is deployed. */
import { readFileSync } from "node:fs";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import { secretOf } from "../secrets.ts";
import type { Environment } from "./environment.ts";
import { excess, githubEndpoint, tokenOwner } from "./github.ts";

/** Options of every command that checks the token first. */
export const tokenOptions = {
  "github-endpoint": { type: "string", value: "URL", default: githubEndpoint, help: "GitHub's API" },
  "token-file": {
    type: "string",
    value: "FILE",
    help: "the token in a file, instead of the stack's secret prow:githubToken",
  },
  "allow-scope": {
    type: "string",
    value: "SCOPE",
    multiple: true,
    help: "a scope that it may have in addition to github.scopes in the settings",
  },
} as const satisfies OptionSpecs;

/** Values of {@link tokenOptions}. */
export type TokenValues = ValuesOf<typeof tokenOptions>;

/** @throws with what is wrong with the token; @returns a line about it */
export async function checkToken(
  environment: Environment,
  { githubEndpoint: endpoint, tokenFile: file, allowScope }: TokenValues,
): Promise<string> {
  const token = (file === undefined ? secretOf(environment, "prow:githubToken") : readFileSync(file, "utf8")).trim();
  if (token === "") {
    throw new Error(
      `there is no GitHub token: ${file ?? "prow:githubToken"} is empty; Prow's programs query GitHub when they start`,
    );
  }
  const { login, scopes } = await tokenOwner(token, endpoint);
  const allowed = [...environment.settings.github.scopes, ...allowScope];
  if (scopes === undefined)
    return `the token is ${login}'s; it is fine-grained, so GitHub does not report its permissions`;
  const more = excess(scopes, allowed);
  if (more.length > 0) {
    throw new Error(
      `the token of ${login} may do more than this environment should: it has ${more.join(", ")}, and only ${allowed.join(", ")} is allowed; create one with fewer, or allow more by github.scopes`,
    );
  }
  return `the token is ${login}'s, with ${scopes.length === 0 ? "no scope" : scopes.join(", ")}`;
}
