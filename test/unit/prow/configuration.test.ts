/** Contents of Prow's own files; its checkconfig shows that Prow accepts them (test/live/prowConfig.test.ts). */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { parse } from "yaml";
import { configMaps } from "../../../components/prow/files/index.ts";
import { jobUrlTemplate } from "../../../components/prow/files/config.ts";
import type { ConfigMapKey, ConfigInputs } from "../../../components/prow/files/inputs.ts";
import { configurationSettings } from "../../../components/prow/files/settings.ts";
import { inputsOf, production, staging, testing } from "./configInputs.ts";

const environments = { testing, staging, production };

/** One of an environment's ConfigMaps. */
function configMap(place: ConfigInputs, key: ConfigMapKey) {
  const found = configMaps(place).find((one) => one.key === key);
  assert.ok(found, key);
  return found;
}

/** Content of a YAML file of an environment. */
function content(place: ConfigInputs, key: ConfigMapKey, file: string): unknown {
  return parse(configMap(place, key).data[file] ?? "");
}

interface Config {
  readonly prowjob_namespace: string;
  readonly pod_namespace: string;
  readonly push_gateway: { readonly endpoint: string; readonly serve_metrics: boolean };
  readonly decorate_all_jobs: boolean;
  readonly plank: {
    readonly job_url_template: string;
    readonly job_url_prefix_config: Readonly<Record<string, string>>;
    readonly default_decoration_config_entries: readonly {
      readonly config: {
        readonly gcs_configuration: { readonly bucket: string };
        readonly gcs_credentials_secret: string;
      };
    }[];
  };
  readonly tide: {
    readonly merge_method: Readonly<Record<string, string>>;
    readonly queries: readonly { readonly repos: readonly string[]; readonly missingLabels: readonly string[] }[];
  };
  readonly presets: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly volumes?: readonly { readonly hostPath?: { readonly path: string } }[];
  }[];
  readonly "branch-protection": { readonly orgs: Readonly<Record<string, { readonly repos: object }>> };
}

interface Plugins {
  readonly config_updater?: { readonly maps: Readonly<Record<string, unknown>> };
  readonly plugins: Readonly<Record<string, { readonly plugins: readonly string[] }>>;
  readonly external_plugins: Readonly<Record<string, readonly { readonly name: string; readonly endpoint: string }[]>>;
  readonly triggers: readonly { readonly repos: readonly string[] }[];
  readonly approve: readonly { readonly repos: readonly string[] }[];
  readonly lgtm: readonly { readonly repos: readonly string[] }[];
}

const config = (place: ConfigInputs): Config => content(place, "config", "config.yaml") as Config;
const plugins = (place: ConfigInputs): Plugins => content(place, "plugins", "plugins.yaml") as Plugins;

describe("Prow's configuration", () => {
  it("the configuration is eight ConfigMaps with fixed keys, one of which is in the jobs' namespace", () => {
    for (const place of [testing, staging]) {
      assert.deepEqual(
        configMaps(place).map(({ key, in: where, data }) => [key, where, Object.keys(data).join()]),
        [
          ["config", "prow", "config.yaml"],
          ["plugins", "prow", "plugins.yaml"],
          ["label-config", "prow", "labels.yaml"],
          ["job-config", "prow", "test_job_config.yaml"],
          ["mirror-config", "prow", "config.yml"],
          ["cat-api-key", "prow", "api-key"],
          ["pushgateway-proxy-config", "prow", "nginx.conf"],
          ["docker-daemon-mirror-config", "jobs", "docker,docker-proxy"],
        ],
      );
    }
    assert.deepEqual(configMap(production, "job-config").data, {});
  });

  for (const [name, place] of Object.entries(environments)) {
    it(`the configuration of ${name} has its own namespaces, bucket, hosts and folders, and no other environment's`, () => {
      const { prowjob_namespace, pod_namespace, plank, push_gateway, presets } = config(place);
      assert.deepEqual([prowjob_namespace, pod_namespace], [place.jobsNamespace, place.jobsNamespace]);
      const [decoration] = plank.default_decoration_config_entries;
      assert.equal(decoration?.config.gcs_configuration.bucket, place.bucket);
      assert.equal(decoration.config.gcs_credentials_secret, place.gcsCredentialsSecret);
      assert.equal(push_gateway.endpoint, place.services.pushgateway);
      const shared = presets.find(({ labels }) => "preset-shared-images" in labels);
      assert.equal(
        shared?.volumes?.[0]?.hostPath?.path,
        `/var/lib/stdci/shared/kubevirt-images/${place.prowNamespace}`,
      );
      const all = configMaps(place)
        .flatMap(({ data }) => Object.values(data))
        .join("\n");
      for (const other of Object.values(environments).filter((one) => one !== place)) {
        assert.doesNotMatch(all, new RegExp(`(?<![\\w-])${other.prowNamespace}(?![\\w])`), other.prowNamespace);
      }
    });
  }

  it("Deck's pages have the addresses that current Prow builds and opens", () => {
    // kubernetes-sigs/prow@7593870dc pkg/pjutil/pjutil.go:392-399: prefix, then gs, bucket and path
    const { plank } = config(production);
    assert.deepEqual(plank.job_url_prefix_config, { "*": "https://deck.example/view/" });
    assert.match(jobUrlTemplate(production), /^https:\/\/deck\.example\/view\/gs\/kubevirt-prow\//);
  });

  it("the metrics' port is open at the gateway, and jobs are decorated by default", () => {
    // kubernetes-sigs/prow@7593870dc pkg/metrics/metrics.go:38-44; kubevirt/project-infra@ca75c4e has no decorated job
    const { push_gateway, decorate_all_jobs } = config(testing);
    assert.deepEqual(push_gateway, { endpoint: "pushgateway", serve_metrics: true });
    assert.equal(decorate_all_jobs, true);
  });

  it("a job's address is written in one line without spaces", () => {
    const lines = configMap(testing, "config").data["config.yaml"]?.split("\n") ?? [];
    const written = lines.filter((line) => line.includes("job_url_template"));
    assert.equal(written.length, 1);
    assert.ok(written[0]?.includes("/{{.Spec.Job}}/{{.Status.BuildID}}/"), written[0]);
    assert.doesNotMatch(jobUrlTemplate(testing).replaceAll(/\{\{.*?\}\}/g, ""), /\s/);
  });

  it("the configuration covers the runbook's repositories: 29 squashed and 2 merged, 10 and 21 in tide's queries", () => {
    const { tide } = config(production);
    const methods = Object.values(tide.merge_method);
    assert.deepEqual([methods.filter((one) => one === "squash").length, methods.length], [29, 31]);
    assert.deepEqual(
      tide.queries.map(({ repos }) => repos.length),
      [10, 21],
    );
    assert.ok(tide.queries.every(({ missingLabels }) => missingLabels.includes("dco-signoff: no")));
    assert.ok(tide.queries[1]?.missingLabels.includes("do-not-merge/invalid-commit-message"));
    const { orgs } = config(production)["branch-protection"];
    assert.deepEqual(
      Object.entries(orgs).map(([org, { repos }]) => [org, Object.keys(repos).length]),
      [
        ["kubevirt", 14],
        ["k8snetworkplumbingwg", 1],
        ["nmstate", 1],
      ],
    );
  });

  it("36 organisations and repositories have plugins, and 29 are reviewed by the same rules", () => {
    const { plugins: list, triggers, approve, lgtm } = plugins(production);
    assert.equal(Object.keys(list).length, 36);
    assert.deepEqual(
      triggers.map(({ repos }) => repos.length),
      [25, 1, 1, 1],
    );
    assert.deepEqual([approve[0]?.repos.length, lgtm[0]?.repos.length], [29, 29]);
  });

  it("no plugin is listed twice for a repository, which Prow refuses", () => {
    const { plugins: list } = plugins(production);
    for (const [name, { plugins: own }] of Object.entries(list)) {
      const [org = "", repository] = name.split("/");
      const all = [...own, ...(repository === undefined ? [] : (list[org]?.plugins ?? []))];
      assert.equal(new Set(all).size, all.length, name);
    }
  });

  it("external plugins are called by the names of their Services", () => {
    for (const { place, prefix } of [
      { place: production, prefix: "" },
      { place: staging, prefix: "staging-" },
    ]) {
      const called = Object.values(plugins(place).external_plugins).flat();
      assert.deepEqual(
        [...new Set(called.map(({ name, endpoint }) => `${name} ${endpoint}`))].sort(),
        ["cherrypicker", "needs-rebase", "rehearse", "release-blocker"].map(
          (name) => `${name} http://${prefix}${name}`,
        ),
      );
    }
  });

  it("27 labels are for all repositories and 77 for ten, with colours and targets that GitHub's tool accepts", () => {
    interface Labels {
      readonly labels: readonly { readonly color: string; readonly target: string }[];
    }
    const { default: everybody, repos } = content(production, "label-config", "labels.yaml") as {
      default: Labels;
      repos: Record<string, Labels>;
    };
    const own = Object.values(repos).flatMap(({ labels }) => labels);
    assert.deepEqual([everybody.labels.length, Object.keys(repos).length, own.length], [27, 10, 77]);
    for (const { color, target } of [...everybody.labels, ...own]) {
      assert.match(color, /^[0-9a-fA-F]{6}$/);
      assert.match(target, /^(prs|issues|both)$/);
    }
  });

  it("the newer version has more presets, and an unknown version is refused", () => {
    const names = (place: ConfigInputs) => config(place).presets.flatMap(({ labels }) => Object.keys(labels));
    const old = names(inputsOf("a", "", { version: "20201021" }));
    const first = ["dind-enabled", "docker-mirror", "shared-images", "kubevirtci-docker-credential"];
    assert.deepEqual(
      old,
      first.map((name) => `preset-${name}`),
    );
    // What the jobs of that day bring themselves would be double: kubevirt/project-infra@445bd8f0 *-presets.yaml
    assert.deepEqual(names(testing), [...old, "preset-docker-mirror-proxy"]);
    const { error } = configurationSettings.safeParse({ version: "20190101" });
    assert.match(String(error?.issues[0]?.message), /"20201021"\|"20201202"/);
  });
});

describe("the owner of Prow's ConfigMaps", () => {
  it("when the program owns the ConfigMaps, no plugin writes any", () => {
    for (const place of [testing, staging]) {
      assert.ok(configMaps(place).every(({ owner }) => owner === "program"));
      const { config_updater, plugins: list } = plugins(place);
      assert.equal(config_updater, undefined);
      assert.ok(Object.values(list).every(({ plugins: own }) => !own.includes("config-updater")));
    }
  });

  it("when Prow's updater owns ConfigMaps, they are exactly those in its maps, with the names that pods mount", () => {
    for (const { prefix, updaterOwns } of [
      { prefix: "", updaterOwns: ["job-config"] },
      { prefix: "staging-", updaterOwns: ["label-config", "job-config", "plugins"] },
    ] as const) {
      const place = inputsOf("prow", prefix, { updaterOwns: [...updaterOwns] });
      const owned = configMaps(place).filter(({ owner }) => owner === "updater");
      assert.deepEqual(owned.map(({ key }) => key).sort(), [...updaterOwns].sort());
      const { config_updater, plugins: list } = plugins(place);
      const maps = Object.values(config_updater?.maps ?? {}) as { name: string; clusters: object; gzip?: true }[];
      assert.deepEqual(maps.map(({ name }) => name).sort(), updaterOwns.map((key) => `${prefix}${key}`).sort());
      for (const { name, clusters, gzip } of maps) {
        assert.deepEqual(clusters, { default: ["prow"] });
        assert.equal(gzip, name.endsWith("job-config") ? true : undefined);
      }
      assert.ok(list["kubevirt/project-infra"]?.plugins.includes("config-updater"));
    }
  });

  it("the updater watches the files where kubevirt/project-infra has them now, or where the runbook says if the settings do", () => {
    const updaterOwns = ["config", "plugins", "label-config", "job-config"] as const;
    const paths = (tree?: "20201203"): readonly string[] =>
      Object.keys(
        plugins(inputsOf("prow", "", { updaterOwns: [...updaterOwns], ...(tree === undefined ? {} : { tree }) }))
          .config_updater?.maps ?? {},
      );
    // kubevirt/project-infra@ca75c4e plugins.yaml:750-775, and @445bd8f0 github/ci/prow/files/plugins.yaml:1-22
    const current = "github/ci/prow-deploy/kustom/base/configs/current";
    assert.deepEqual(paths(), [
      `${current}/config/config.yaml`,
      `${current}/plugins/plugins.yaml`,
      `${current}/labels/labels.yaml`,
      "github/ci/prow-deploy/files/jobs/**/*.yaml",
    ]);
    const then = "github/ci/prow/files";
    assert.deepEqual(paths("20201203"), [
      ...["config", "plugins", "labels"].map((name) => `${then}/${name}.yaml`),
      `${then}/jobs/**/*.yaml`,
    ]);
  });
});
