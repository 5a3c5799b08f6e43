/** Looks at everything that a stack needs before somebody deploys it, and changes nothing. */
import { rendered, runProgram, stackConfig } from "../../review/render.ts";
import { type Command, UsageError } from "../command.ts";
import { openStackSecrets } from "../lib/secrets/stackSecrets.ts";
import { objectsByCluster } from "../lib/program.ts";
import { stackHelp, stackOf, stackOptions } from "../lib/stack.ts";
import { clouds } from "./clouds.ts";
import { clusters } from "./clusters.ts";
import { config } from "./config.ts";
import { drift } from "./drift.ts";
import { type Finding, problem, tell, words } from "./finding.ts";
import { backend, toolchain } from "./toolchain.ts";

export const command: Command = {
  help: `Usage: npm run ops -- doctor --stack S [--no-drift] [--resolver HOST:PORT] [--json]

Looks at what a stack needs: versions of Node, Pulumi and plugins; the backend and the state in it; the passphrase, settings and
secrets, samples among them, certificates and tokens that end within 30 days; each cluster, and whether its account may do what the
program does there; each cloud's login, roles and quota; whether zones are delegated; what was changed beside the program.
Each finding says what to do. Nothing is changed. Exit code 1 when there is a problem, 0 when there are only warnings.

${stackHelp}
  --no-drift         do not ask the clouds about every resource, which takes as long as a refresh
  --resolver ADDRESS whom to ask for name servers, IP:PORT (default: the machine's)
  --json             [{"level", "about", "text", "fix"}]`,
  options: {
    ...stackOptions,
    "no-drift": { type: "boolean" },
    resolver: { type: "string" },
    json: { type: "boolean" },
  },
  async run({ values }) {
    const { name, file } = stackOf(values);
    const findings: Finding[] = [...(await toolchain())];
    const { findings: state, deployed } = await backend(name);
    findings.push(...state);
    try {
      const held = openStackSecrets(values);
      findings.push(...config(held, new Date()));
      const resources = rendered(await runProgram({ stack: name, config: stackConfig(name, file) }));
      findings.push(...(await clusters(held, objectsByCluster({ resources }))), ...(await clouds(held, values)));
      if (deployed && values["no-drift"] !== true) findings.push(await drift(name, file));
    } catch (error) {
      const fix = "the rest was not looked at; mend this first";
      findings.push(problem(error instanceof UsageError ? "secrets" : "config", words(error), fix));
    }
    return tell(findings, values.json === true);
  },
};
