import type { EnvSource } from "../../blocks/kubernetes/container.ts";
import type { Mount } from "../../blocks/kubernetes/volume.ts";
import { type ProwContext } from "./context.ts";
import { named } from "./names.ts";

/** Flags, variables and files of a container that belong together. */
export interface ContainerInputs {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, EnvSource>>;
  readonly mounts: Readonly<Record<string, Mount>>;
}

/** Merges inputs; flags keep their order. */
export function all(...inputs: readonly ContainerInputs[]): ContainerInputs {
  return {
    args: inputs.flatMap(({ args }) => args),
    env: Object.assign({}, ...inputs.map(({ env }) => env)) as ContainerInputs["env"],
    mounts: Object.assign({}, ...inputs.map(({ mounts }) => mounts)) as ContainerInputs["mounts"],
  };
}

/** Flags that need nothing else. */
export function flags(...args: readonly string[]): ContainerInputs {
  return { args, env: {}, mounts: {} };
}

/** Prow's config. */
export function config({ configMaps }: ProwContext): ContainerInputs {
  return {
    args: ["--config-path=/etc/config/config.yaml"],
    env: {},
    mounts: { "/etc/config": configMaps.mount("config") },
  };
}

/** The jobs. */
export function jobs({ configMaps }: ProwContext): ContainerInputs {
  return {
    args: ["--job-config-path=/etc/job-config"],
    env: {},
    mounts: { "/etc/job-config": configMaps.mount("job-config") },
  };
}

/** Which plugin serves which repository. External plugins know the path, so only upstream's programs get the flag. */
export function plugins({ configMaps }: ProwContext, flag: "flag" | "file"): ContainerInputs {
  return {
    args: flag === "flag" ? ["--plugin-config=/etc/plugins/plugins.yaml"] : [],
    env: {},
    mounts: { "/etc/plugins": configMaps.mount("plugins") },
  };
}

/** GitHub's endpoints: the cache first, then GitHub itself if the cache does not answer. */
function endpoints({ settings }: ProwContext): readonly string[] {
  return [`--github-endpoint=http://${named(settings, "ghproxy")}`, "--github-endpoint=https://api.github.com"];
}

/** GitHub as the bot's user, for what an app cannot do, such as pushing to the user's forks. */
export function githubUser(context: ProwContext): ContainerInputs {
  return {
    args: [...endpoints(context), "--github-token-path=/etc/github/oauth"],
    env: {},
    mounts: { "/etc/github": context.credentials.oauthToken.mount({ volume: "oauth" }) },
  };
}

/** GitHub as the app where there is one, else as the bot's user. */
export function github(context: ProwContext): ContainerInputs {
  const app = context.credentials.githubApp;
  if (app === undefined) return githubUser(context);
  return {
    args: [...endpoints(context), "--github-app-id=$(GITHUB_APP_ID)", "--github-app-private-key-path=/etc/github/cert"],
    env: { GITHUB_APP_ID: app.env("appid") },
    mounts: { "/etc/github": app.mount({ volume: "github-token" }) },
  };
}

/** GitHub's GraphQL interface, by way of the cache too. */
export function graphql({ settings }: ProwContext): ContainerInputs {
  return flags(`--github-graphql-endpoint=http://${named(settings, "ghproxy")}/graphql`);
}

/** What webhooks are signed with. The path is every program's default. */
export function hmac({ credentials }: ProwContext): ContainerInputs {
  return { args: [], env: {}, mounts: { "/etc/webhook": credentials.hmac.mount({ volume: "hmac" }) } };
}

/** Slack. */
export function slack({ credentials }: ProwContext): ContainerInputs {
  return {
    args: ["--slack-token-file=/etc/slack/token"],
    env: {},
    mounts: { "/etc/slack": credentials.slack.mount({ volume: "slack" }) },
  };
}

/** The build clusters, if there are any; Prow's own cluster is found by the pod's account. */
export function buildClusters({ credentials }: ProwContext): ContainerInputs {
  return credentials.kubeconfig === undefined
    ? flags()
    : {
        args: ["--kubeconfig=/etc/kubeconfig/config"],
        env: {},
        mounts: { "/etc/kubeconfig": credentials.kubeconfig.mount({ volume: "kubeconfig" }) },
      };
}

/** The bucket. */
export function bucket({ credentials }: ProwContext): ContainerInputs {
  return {
    args: ["--gcs-credentials-file=/etc/gcs-credentials/service-account.json"],
    env: {},
    mounts: { "/etc/gcs-credentials": credentials.gcs.mount({ volume: "gcs-credentials" }) },
  };
}
