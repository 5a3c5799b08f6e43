import type { EnvSource } from "../../blocks/kubernetes/container.ts";
import type { Mount } from "../../blocks/kubernetes/volume.ts";
import { type ProwContext } from "./context.ts";
import { named } from "./names.ts";

/** What a program needs for one purpose: flags, variables and files that belong together. */
export interface Needs {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, EnvSource>>;
  readonly mounts: Readonly<Record<string, Mount>>;
}

/** Several purposes together; the flags keep the order of the purposes. */
export function all(...needs: readonly Needs[]): Needs {
  return {
    args: needs.flatMap(({ args }) => args),
    env: Object.assign({}, ...needs.map(({ env }) => env)) as Needs["env"],
    mounts: Object.assign({}, ...needs.map(({ mounts }) => mounts)) as Needs["mounts"],
  };
}

/** Flags that need nothing else. */
export function flags(...args: readonly string[]): Needs {
  return { args, env: {}, mounts: {} };
}

/** Prow's config. */
export function config({ configMaps }: ProwContext): Needs {
  return {
    args: ["--config-path=/etc/config/config.yaml"],
    env: {},
    mounts: { "/etc/config": configMaps.mount("config") },
  };
}

/** The jobs. */
export function jobs({ configMaps }: ProwContext): Needs {
  return {
    args: ["--job-config-path=/etc/job-config"],
    env: {},
    mounts: { "/etc/job-config": configMaps.mount("job-config") },
  };
}

/** Which plugin serves which repository. External plugins know the path, so only upstream's programs get the flag. */
export function plugins({ configMaps }: ProwContext, flag: "flag" | "file"): Needs {
  return {
    args: flag === "flag" ? ["--plugin-config=/etc/plugins/plugins.yaml"] : [],
    env: {},
    mounts: { "/etc/plugins": configMaps.mount("plugins") },
  };
}

/** Where GitHub is: the cache first, then GitHub itself when the cache does not answer. */
function endpoints({ settings }: ProwContext): readonly string[] {
  return [`--github-endpoint=http://${named(settings, "ghproxy")}`, "--github-endpoint=https://api.github.com"];
}

/** GitHub as the bot's user; also for what an app cannot do, such as pushing to the user's own forks. */
export function githubUser(context: ProwContext): Needs {
  return {
    args: [...endpoints(context), "--github-token-path=/etc/github/oauth"],
    env: {},
    mounts: { "/etc/github": context.credentials.oauthToken.mount({ volume: "oauth" }) },
  };
}

/** GitHub as the app where there is one, else as the bot's user. */
export function github(context: ProwContext): Needs {
  const app = context.credentials.githubApp;
  if (app === undefined) return githubUser(context);
  return {
    args: [...endpoints(context), "--github-app-id=$(GITHUB_APP_ID)", "--github-app-private-key-path=/etc/github/cert"],
    env: { GITHUB_APP_ID: app.env("appid") },
    mounts: { "/etc/github": app.mount({ volume: "github-token" }) },
  };
}

/** GitHub's GraphQL interface, by way of the cache too. */
export function graphql({ settings }: ProwContext): Needs {
  return flags(`--github-graphql-endpoint=http://${named(settings, "ghproxy")}/graphql`);
}

/** What webhooks are signed with. The path is every program's default. */
export function hmac({ credentials }: ProwContext): Needs {
  return { args: [], env: {}, mounts: { "/etc/webhook": credentials.hmac.mount({ volume: "hmac" }) } };
}

/** Slack. */
export function slack({ credentials }: ProwContext): Needs {
  return {
    args: ["--slack-token-file=/etc/slack/token"],
    env: {},
    mounts: { "/etc/slack": credentials.slack.mount({ volume: "slack" }) },
  };
}

/** The build clusters, if there are any; Prow's own cluster is found by the pod's account. */
export function buildClusters({ credentials }: ProwContext): Needs {
  return credentials.kubeconfig === undefined
    ? flags()
    : {
        args: ["--kubeconfig=/etc/kubeconfig/config"],
        env: {},
        mounts: { "/etc/kubeconfig": credentials.kubeconfig.mount({ volume: "kubeconfig" }) },
      };
}

/** The bucket. */
export function bucket({ credentials }: ProwContext): Needs {
  return {
    args: ["--gcs-credentials-file=/etc/gcs-credentials/service-account.json"],
    env: {},
    mounts: { "/etc/gcs-credentials": credentials.gcs.mount({ volume: "gcs-credentials" }) },
  };
}
