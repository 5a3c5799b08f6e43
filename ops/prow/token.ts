/** Is GitHub's token there, and may it do no more than it should? Asked before anything is deployed. */
import { readFileSync } from "node:fs";
import { type Command, text, texts, type Values } from "../command.ts";
import { secretOf } from "../lib/secrets.ts";
import { type Environment, environmentHelp, environmentOptions, openEnvironment } from "./environment.ts";
import { excess, githubEndpoint, tokenOwner } from "./github.ts";

/** Options of every command that checks the token first. */
export const tokenOptions = {
  "github-endpoint": { type: "string" },
  "token-file": { type: "string" },
  "allow-scope": { type: "string", multiple: true },
} as const;

/** The lines of `--help` about them. */
export const tokenHelp = `  --token-file F     the token in a file, instead of the stack's secret prow:githubToken
  --allow-scope S    a scope that it may have beside those of github.scopes in the settings; may be repeated
  --github-endpoint U  GitHub's API (default: ${githubEndpoint})`;

const help = `Usage: npm run ops -- prow token --stack S

Asks GitHub whose the token is and which scopes it has. Exit code 1 when there is none, when GitHub does not know it, or
when it may do more than the environment should: a test environment that can write would comment on real pull requests.

${tokenHelp}
${environmentHelp}`;

/** @throws with what is wrong with the token; @returns a line about it */
export async function checkToken(environment: Environment, values: Values): Promise<string> {
  const file = text(values, "token-file");
  const token = (file === undefined ? secretOf(environment, "prow:githubToken") : readFileSync(file, "utf8")).trim();
  if (token === "") {
    throw new Error(
      `there is no GitHub token: ${file ?? "prow:githubToken"} is empty; Prow's programs ask GitHub before they start`,
    );
  }
  const { login, scopes } = await tokenOwner(token, text(values, "github-endpoint") ?? githubEndpoint);
  const allowed = [...environment.settings.github.scopes, ...texts(values, "allow-scope")];
  if (scopes === undefined)
    return `the token is ${login}'s; it is fine-grained, so GitHub does not tell what it may do`;
  const more = excess(scopes, allowed);
  if (more.length > 0) {
    throw new Error(
      `the token of ${login} may do more than this environment should: it has ${more.join(", ")}, and only ${allowed.join(", ")} is allowed; make one with less, or allow more by github.scopes`,
    );
  }
  return `the token is ${login}'s, with ${scopes.length === 0 ? "no scope" : scopes.join(", ")}`;
}

export const command: Command = {
  help,
  options: { ...environmentOptions, ...tokenOptions },
  async run({ values }) {
    console.log(await checkToken(await openEnvironment(values), values));
    return 0;
  },
};
