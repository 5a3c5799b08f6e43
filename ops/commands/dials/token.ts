/** `orrery dials token`. */
import { dialsSchema } from "../../../components/dials/config.ts";
import { defineCommand } from "../../../cli/command.ts";
import { jsonOption } from "../../lib/options.ts";
import { Kubectl, kubectlOptions } from "../../lib/kube/kubectl.ts";
import { openStack, stackOptions } from "../../lib/stack.ts";
import { type Grants, jwtLife, oauthLife, type TokenLife } from "../../lib/kube/token.ts";

interface KubeConfig {
  readonly users?: readonly { readonly user: { readonly token?: string } }[] | null;
}

export const command = defineCommand({
  about: `Shows whether the cluster accepts the kubeconfig's login, and until when. Exit code 1 if it does not, or if it expires sooner than
--at-least. A service account's token is better than a personal one, which expires after a day.`,
  options: {
    ...stackOptions,
    ...kubectlOptions,
    "at-least": { type: "duration", default: "1h", help: "time that should be left" },
    ...jsonOption,
  },
  async run(values) {
    const { settings } = openStack(dialsSchema, values);
    const kubectl = new Kubectl(settings.namespace.name, values);
    const { atLeast } = values;
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
    if (values.json) {
      console.log(JSON.stringify({ user, until: life.until?.toISOString() ?? null, secondsLeft: left ?? null }));
    } else {
      console.log(
        `${user}: ${life.until === undefined ? life.how : `${life.how}, until ${life.until.toISOString()} (${Math.floor((left ?? 0) / 60)} min)`}`,
      );
    }
    return left !== undefined && left < atLeast ? 1 : 0;
  },
});

/** Only OpenShift has them. */
async function logins(kubectl: Kubectl): Promise<TokenLife | undefined> {
  try {
    return oauthLife(await kubectl.get<Grants>("useroauthaccesstokens.oauth.openshift.io"));
  } catch {
    return undefined;
  }
}
