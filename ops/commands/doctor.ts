/** `orrery doctor`. */
import { rendered, runProgram, stackConfig } from "../../review/evaluate/render.ts";
import { defineCommand } from "../../cli/command.ts";
import { UsageError } from "../../cli/usage.ts";
import { jsonOption } from "../lib/options.ts";
import { openStackSecrets } from "../lib/secrets/stackSecrets.ts";
import { objectsByCluster } from "../lib/program.ts";
import { stackOf, groupOptions } from "../lib/stack.ts";
import { clouds } from "../lib/doctor/clouds.ts";
import { clusters } from "../lib/doctor/clusters.ts";
import { config } from "../lib/doctor/config.ts";
import { drift } from "../lib/doctor/drift.ts";
import { type Finding, problem, report, words } from "../lib/doctor/finding.ts";
import { backend, toolchain } from "../lib/doctor/toolchain.ts";

export const command = defineCommand({
  about: `Checks everything that a stack needs before it is deployed. It checks the versions of Node, Pulumi and plugins; the backend and
the state in it; the passphrase, settings and secrets, samples among them, certificates and tokens that expire within 30 days; each
cluster, and whether its account may do what the program does there; each cloud's login, roles and quota; whether zones are
delegated; and what was changed outside the program. Each finding says what to do. Changes nothing. Exit code 1 if there is a problem,
0 if there are only warnings.

--json prints [{"level", "about", "text", "fix"}].`,
  groups: { without: ["config-file"] },
  options: {
    ...groupOptions,
    "no-drift": {
      type: "boolean",
      help: "do not compare every resource with the clouds, which takes as long as a refresh",
    },
    resolver: { type: "string", value: "IP:PORT", help: "DNS server to ask for name servers (default: the machine's)" },
    ...jsonOption,
  },
  async run(values) {
    const { name, file } = stackOf(values);
    const findings: Finding[] = [...(await toolchain())];
    const { findings: state, deployed } = await backend(name);
    findings.push(...state);
    try {
      const stackSecrets = openStackSecrets(values);
      findings.push(...(await config(stackSecrets, new Date())));
      const resources = rendered(await runProgram({ stack: name, config: stackConfig(name, file) }));
      findings.push(
        ...(await clusters(stackSecrets, objectsByCluster({ resources }))),
        ...(await clouds(stackSecrets, values)),
      );
      if (deployed && !values.noDrift) findings.push(await drift(name, file));
    } catch (error) {
      const fix = "the rest was not checked; fix this first";
      findings.push(problem(error instanceof UsageError ? "secrets" : "config", words(error), fix));
    }
    return report(findings, values.json);
  },
});
