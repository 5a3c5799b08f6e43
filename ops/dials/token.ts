/** How long the login to the cluster is still good. */
import { dialsSchema } from "../../components/dials/config.ts";
import { type Command, duration } from "../command.ts";
import { Kubectl, kubectlHelp, kubectlOptions } from "../kubectl.ts";
import { openStack, stackHelp, stackOptions } from "../lib/stack.ts";
import { jwtLife, type TokenLife } from "../lib/kube/token.ts";

interface Grants {
  readonly items: readonly { readonly metadata: { readonly creationTimestamp: string }; readonly expiresIn?: number }[];
}

/** End of the latest login by `oc login`; OpenShift tells a user about the user's own tokens. */
export function oauthLife({ items }: Grants): TokenLife | undefined {
  const ends = items.flatMap(({ metadata, expiresIn }) =>
    expiresIn === undefined || expiresIn === 0 ? [] : [Date.parse(metadata.creationTimestamp) + expiresIn * 1000],
  );
  return ends.length === 0 ? undefined : { until: new Date(Math.max(...ends)), how: "the latest of your logins" };
}

interface KubeConfig {
  readonly users?: readonly { readonly user: { readonly token?: string } }[] | null;
}

export const command: Command = {
  help: `Usage: npm run ops -- dials token --stack S [--at-least 1h] [--json]

Says whether the cluster takes the kubeconfig's login, and until when. Exit code 1 when it does not, or when it ends sooner
than --at-least. A service account's token is better than a personal one, which ends after a day.

${stackHelp}
${kubectlHelp}
  --at-least D       time that should be left (default 1h)
  --json             the answer as JSON`,
  options: { ...stackOptions, ...kubectlOptions, "at-least": { type: "string" }, json: { type: "boolean" } },
  async run({ values }) {
    const { settings } = openStack(dialsSchema, values);
    const kubectl = new Kubectl(settings.namespace.name, values);
    const atLeast = duration(values, "at-least", "1h");
    const review = JSON.parse(await kubectl.output(["auth", "whoami", "--output", "json"])) as {
      status: { userInfo: { username: string } };
    };
    const user = review.status.userInfo.username;
    const config = JSON.parse(
      await kubectl.output(["config", "view", "--raw", "--minify", "--output", "json"]),
    ) as KubeConfig;
    const token = config.users?.[0]?.user.token;
    const life = (token === undefined ? undefined : jwtLife(token)) ??
      (await logins(kubectl)) ?? { until: undefined, how: "no end is known" };
    const left = life.until === undefined ? undefined : Math.floor((life.until.getTime() - Date.now()) / 1000);
    if (values.json === true) {
      console.log(JSON.stringify({ user, until: life.until?.toISOString() ?? null, secondsLeft: left ?? null }));
    } else {
      console.log(
        `${user}: ${life.until === undefined ? life.how : `${life.how}, until ${life.until.toISOString()} (${Math.floor((left ?? 0) / 60)} min)`}`,
      );
    }
    return left !== undefined && left < atLeast ? 1 : 0;
  },
};

/** Only OpenShift has them. */
async function logins(kubectl: Kubectl): Promise<TokenLife | undefined> {
  try {
    return oauthLife(await kubectl.get<Grants>("useroauthaccesstokens.oauth.openshift.io"));
  } catch {
    return undefined;
  }
}
