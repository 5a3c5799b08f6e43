/** `orrery prow verify`. */
import { defineCommand } from "../../../cli/command.ts";
import { reportFindings } from "../../lib/kube/checks.ts";
import { allOption, jsonOption } from "../../lib/options.ts";
import { environmentOptions, openEnvironment } from "../../lib/prow/environment.ts";
import { verify, verifyOptions } from "../../lib/prow/verify.ts";

export const command = defineCommand({
  about: `Checks whether an environment works. Compares the cluster with what the stack's program declares (everything exists, Deployments have
their pods, claims are bound, accounts have their rights and no more), then sends the requests of users and of GitHub: gcsweb is healthy and
has its style, Deck shows its page and its jobs, hook accepts a signed ping and refuses a wrongly signed one and other methods than POST.
With --lab only the addresses that are given are asked. Exit code 1 if anything is wrong.`,
  options: { ...environmentOptions, ...verifyOptions, ...allOption, ...jsonOption },
  run: async (values) => reportFindings(await verify(await openEnvironment(values), values), values),
});
