/** What Thoth's bots find outside: GitHub with its people and the Review Manager's App, Google, and ultrahook.com with the stack's tunnels. */
import { createPublicKey } from "node:crypto";
import { startCounterparts } from "../../counterparts/counterparts.ts";
import type { App } from "../../counterparts/github/state.ts";
import { kubeApi } from "../../kubernetes/api.ts";
import type { Run } from "../../pulumi.ts";
import { publicLine, rsaKey } from "../keys.ts";

export const organisation = "thoth-station";
/** As whom the bots work at GitHub. */
const robot = "sesheta";
/** Names of the accounts at ultrahook.com; the stack's keys are `ultrahook-<name>`. */
const accounts = ["aicoe", "thoth"];

/** The stack's tunnels to the bots: subdomain, and the account's name. */
export const tunnels = {
  webhook2kafka: "cyborg-regidores.aicoe",
  reviewManager: "review-manager.aicoe",
  sesheta: "webhooks.thoth",
} as const;
/** A tunnel of the stack to Zuul, which is not there. */
const zuulTunnel = "zuul-thoth-test-core.aicoe";

const publicHost = (tunnel: string): string => `${tunnel}.ultrahook.com`;

/** Where GitHub and others send to a tunnel. */
export const senderAddress = (tunnel: keyof typeof tunnels): string => `http://${publicHost(tunnels[tunnel])}`;

/** Keys that both sides sign with: those of the samples are none of RSA. */
export const signingKeys = ({ lab }: Pick<Run, "lab">): Readonly<Record<"app" | "google", string>> => ({
  app: rsaKey(lab.dir, "thoth-app"),
  google: rsaKey(lab.dir, "thoth-google"),
});

/**
 * Starts the counterparts.
 * @param secret - the stack's secrets by their keys
 * @param appId - the Review Manager's
 * @returns tokens of GitHub's people by their logins
 */
export async function startThothCounterparts(
  run: Run,
  secret: (key: string) => string,
  appId: number,
): Promise<ReadonlyMap<string, string>> {
  const { lab, log } = run;
  log("counterparts of GitHub, Google and ultrahook.com: starting");
  const app: App = {
    ...{ id: appId, slug: "sefkhet-abwy", organisations: [organisation] },
    publicKey: createPublicKey(signingKeys(run).app).export({ type: "spki", format: "pem" }).toString(),
    webhook: { url: senderAddress("reviewManager"), secret: secret("thoth:reviewManagerWebhookSecret") },
  };
  const people = {
    organisations: { [organisation]: ["alice", "bob", robot] },
    programs: { [robot]: secret("thoth:githubOauthToken") },
    keys: [publicLine(lab.dir, secret("thoth:kebechetSshKey"))],
    apps: [app],
  };
  return startCounterparts(kubeApi(lab), people, {
    tunnels: {
      accounts: Object.fromEntries(accounts.map((name) => [secret(`thoth:ultrahookKey-ultrahook-${name}`), name])),
      hosts: [...Object.values(tunnels), zuulTunnel].map(publicHost),
    },
  });
}
