/** plugins.yaml: what hook and the external plugins do for each repository. */
import { organisations, repositories, repositoriesWith, triggerOnly } from "./base/repositories.ts";
import { trees } from "./base/trees.ts";
import type { ConfigInputs, NamedService } from "./inputs.ts";
import type { Updatable } from "./settings.ts";
import { stubRepository } from "./stub.ts";

/** Repository that the config-updater reads. */
const source = "kubevirt/project-infra";

/** The files that the config-updater makes ConfigMaps of. */
function sources({ tree }: ConfigInputs["settings"]): Readonly<Record<Updatable, string>> {
  const { config, plugins: rules, labels, jobs } = trees[tree];
  return { config, plugins: rules, "label-config": labels, "job-config": `${jobs}/**/*.yaml` };
}

/** Content of plugins.yaml. */
export function pluginsConfig(inputs: ConfigInputs): Readonly<Record<string, unknown>> {
  const { updaterOwns } = inputs.settings;
  const reviewed = repositoriesWith(({ review }) => review === true);
  return {
    ...(updaterOwns.length === 0 ? {} : { config_updater: { maps: updaterMaps(inputs) } }),
    plugins: plugins(inputs),
    external_plugins: externalPlugins(inputs),
    triggers: triggers(),
    approve: [
      {
        repos: reviewed,
        require_self_approval: true,
        lgtm_acts_as_approve: false,
        ignore_review_state: true,
        commandHelpLink: "https://go.k8s.io/bot-commands",
      },
    ],
    lgtm: [{ repos: reviewed, review_acts_as_lgtm: true }],
    override: { allow_top_level_owners: true },
    // Without it the plugin reads no key, wherever one is mounted.
    cat: { key_path: "/etc/cat-api/api-key" },
  };
}

/** What the updater writes: exactly the ConfigMaps that it owns, so that each has one owner. */
function updaterMaps({ settings, prowNamespace, configMapName }: ConfigInputs) {
  const paths = sources(settings);
  return Object.fromEntries(
    settings.updaterOwns.map((key) => [
      paths[key],
      {
        name: configMapName(key),
        clusters: { default: [prowNamespace] },
        // All jobs together are more than a ConfigMap takes.
        ...(key === "job-config" ? { gzip: true } : {}),
      },
    ]),
  );
}

function plugins({ settings: { updaterOwns, jobs } }: ConfigInputs) {
  const own = Object.entries(repositories).map(([name, { plugins: list }]) => {
    // Without maps the updater would fall back on maps of its own, and write config and plugins.
    const updates = name === source && updaterOwns.length > 0;
    return [name, { plugins: updates ? [...list, "config-updater"] : list }] as const;
  });
  const whole = Object.entries(organisations).map(([name, list]) => [name, { plugins: list }] as const);
  const stub = jobs.from === "stub" ? [[stubRepository, { plugins: ["trigger"] }] as const] : [];
  return Object.fromEntries([...whole, ...own, ...stub]);
}

function externalPlugins({ services }: ConfigInputs) {
  const plugin = (name: NamedService, ...events: string[]) => ({
    name,
    endpoint: `http://${services[name]}`,
    ...(events.length === 0 ? {} : { events }),
  });
  const usual = [plugin("needs-rebase", "pull_request"), plugin("cherrypicker")];
  return {
    kubevirt: [...usual, plugin("release-blocker")],
    "k8snetworkplumbingwg/kubemacpool": usual,
    "nmstate/kubernetes-nmstate": usual,
    [source]: [plugin("rehearse", "pull_request", "issue_comment")],
  };
}

/** One group an organisation: who may start jobs is asked there. */
function triggers() {
  const listed = [...repositoriesWith(({ trigger }) => trigger === true), ...triggerOnly];
  const groups = Object.groupBy(listed, (name) => name.split("/")[0] ?? "");
  return Object.values(groups).map((repos) => ({ repos }));
}
