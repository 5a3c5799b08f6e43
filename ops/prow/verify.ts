/** Asks the cluster and Prow itself whether the environment works. */
import { prowSchema } from "../../components/prow/config.ts";
import { type Finding, reportFindings } from "../lib/kube/checks.ts";
import { type Command, text, type Values } from "../command.ts";
import { examine } from "../lib/kube/examine.ts";
import { objectsByCluster, openProgram } from "../lib/program.ts";
import { secretOf } from "../lib/secrets.ts";
import { type Environment, environmentHelp, environmentOptions, inCluster, openEnvironment } from "./environment.ts";
import { type Addresses, hmacToken, smokeTests } from "./smoke.ts";

/** Options of every command that verifies. */
export const verifyOptions = {
  deck: { type: "string" },
  hook: { type: "string" },
  gcsweb: { type: "string" },
} as const;

/** The lines of `--help` about them. */
export const verifyHelp = `  --deck URL         Deck's address, --hook URL the webhook's, --gcsweb URL gcsweb's (default: the settings' hosts);
                     "none" leaves one out; with --lab only those that are given are asked: containers do not run there`;

/** Everything that is looked at. */
export async function findings(environment: Environment, values: Values): Promise<readonly Finding[]> {
  const program = await openProgram(prowSchema, { ...values, "config-file": environment.file });
  const declared = [...objectsByCluster(program).values()].flat();
  const seen = await inCluster(environment, values, (kubectl) => examine(kubectl, declared, true));
  const addresses = addressesOf(environment, values);
  if (Object.values(addresses).every((one) => one === undefined)) return seen;
  return [...seen, ...(await smokeTests(addresses, hmacToken(secretOf(environment, "prow:hmac"))))];
}

function addressesOf({ settings: { hosts, paths } }: Environment, values: Values): Addresses {
  const one = (name: keyof typeof verifyOptions, usual: string): string | undefined => {
    const said = text(values, name) ?? (values.lab === true ? "none" : usual);
    return said === "none" ? undefined : said.replace(/\/$/, "");
  };
  return {
    deck: one("deck", `https://${hosts.deck}`),
    hook: one("hook", `https://${hosts.hook}${paths.hook}`),
    gcsweb: one("gcsweb", `https://${hosts.gcsweb}${paths.gcsweb}`),
  };
}

export const command: Command = {
  help: `Usage: npm run ops -- prow verify --stack S [--all] [--json]

Compares the cluster with what the stack's program declares (everything is there, Deployments have their pods, claims are
bound, accounts have their rights and no more), then asks as people and GitHub do: gcsweb is healthy and has its style,
Deck shows its page and its jobs, hook takes a signed ping, refuses a wrongly signed one and what is no POST. Exit code 1
when anything is wrong.

  --all              tell also what is as it should be
  --json             print the findings as JSON
${verifyHelp}
${environmentHelp}`,
  options: { ...environmentOptions, ...verifyOptions, all: { type: "boolean" }, json: { type: "boolean" } },
  async run({ values }) {
    return reportFindings(await findings(await openEnvironment(values), values), values);
  },
};
