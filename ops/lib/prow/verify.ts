/** Whether an environment works, according to the cluster and to Prow itself. */
import { prowSchema } from "../../../components/prow/config.ts";
import { type Finding } from "../kube/checks.ts";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import { examine } from "../kube/examine.ts";
import { objectsByCluster, openProgram } from "../program.ts";
import { secretOf } from "../secrets.ts";
import { type Environment, type EnvironmentValues, inCluster } from "./environment.ts";
import { type Addresses, hmacToken, smokeTests } from "./smoke.ts";

const address = (service: string) =>
  ({
    type: "string",
    value: "URL",
    help: `address of ${service} (default: the settings' host; with --lab: none); "none" skips it`,
  }) as const;

/** Options of every command that verifies. */
export const verifyOptions = {
  deck: address("Deck"),
  hook: address("the webhook"),
  gcsweb: address("gcsweb"),
} as const satisfies OptionSpecs;

type VerifyValues = EnvironmentValues & Partial<ValuesOf<typeof verifyOptions>>;

/** Everything that is checked. */
export async function verify(environment: Environment, values: VerifyValues): Promise<readonly Finding[]> {
  const program = await openProgram(prowSchema, { stack: values.stack, configFile: environment.file });
  const declared = [...objectsByCluster(program).values()].flat();
  const seen = await inCluster(environment, values, (kubectl) => examine(kubectl, declared, true));
  const addresses = addressesOf(environment, values);
  if (Object.values(addresses).every((one) => one === undefined)) return seen;
  return [...seen, ...(await smokeTests(addresses, hmacToken(secretOf(environment, "prow:hmac"))))];
}

function addressesOf({ settings: { hosts, paths } }: Environment, values: VerifyValues): Addresses {
  const one = (name: keyof typeof verifyOptions, usual: string): string | undefined => {
    const chosen = values[name] ?? (values.lab === true ? "none" : usual);
    return chosen === "none" ? undefined : chosen.replace(/\/$/, "");
  };
  return {
    deck: one("deck", `https://${hosts.deck}`),
    hook: one("hook", `https://${hosts.hook}${paths.hook}`),
    gcsweb: one("gcsweb", `https://${hosts.gcsweb}${paths.gcsweb}`),
  };
}
