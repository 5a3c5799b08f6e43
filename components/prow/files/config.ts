/** config.yaml: what every program of Prow reads. */
import { branchProtection } from "./base/branchProtection.ts";
import { repositories, repositoriesWith } from "./base/repositories.ts";
import type { ConfigInputs } from "./inputs.ts";
import { presets } from "./presets.ts";

/** Content of config.yaml. */
export function prowConfig(inputs: ConfigInputs): Readonly<Record<string, unknown>> {
  return {
    prowjob_namespace: inputs.jobsNamespace,
    pod_namespace: inputs.jobsNamespace,
    log_level: "debug",
    plank: plank(inputs),
    deck: deck(inputs),
    sinker: { resync_period: "1m", max_prowjob_age: "48h", max_pod_age: "30m", terminated_pod_ttl: "2h" },
    tide: tide(inputs),
    slack_reporter_configs: slack,
    "branch-protection": branchProtection,
    // With an endpoint alone nothing would open the metrics' port, and the exporter's figures are never pushed.
    push_gateway: { endpoint: inputs.services.pushgateway, serve_metrics: true },
    // Today's jobs count on it; those of 2020 all say so themselves.
    decorate_all_jobs: true,
    presets: presets(inputs),
  };
}

/** Go template of the address of a job's results in Deck: the bucket's layout, as decoration's `explicit` makes it. */
export function jobUrlTemplate({ deckUrl, bucket }: Pick<ConfigInputs, "deckUrl" | "bucket">): string {
  const kind = '{{if or (eq .Spec.Type "presubmit") (eq .Spec.Type "batch")}}pr-logs/pull{{else}}logs{{end}}';
  const repository =
    '{{if .Spec.Refs}}{{if ne .Spec.Refs.Org ""}}/{{.Spec.Refs.Org}}_{{.Spec.Refs.Repo}}{{end}}{{end}}';
  const number = '{{if eq .Spec.Type "presubmit"}}/{{with index .Spec.Refs.Pulls 0}}{{.Number}}{{end}}';
  const batch = '{{else if eq .Spec.Type "batch"}}/batch{{end}}';
  return `${deckUrl}/view/gs/${bucket}/${kind}${repository}${number}${batch}/{{.Spec.Job}}/{{.Status.BuildID}}/`;
}

function plank(inputs: ConfigInputs) {
  return {
    job_url_template: jobUrlTemplate(inputs),
    // Prow puts the bucket's kind behind it, gs.
    job_url_prefix_config: { "*": `${inputs.deckUrl}/view/` },
    pod_pending_timeout: "60m",
    default_decoration_config_entries: [
      {
        config: {
          timeout: "2h",
          grace_period: "15s",
          utility_images: inputs.utilityImages,
          gcs_configuration: { bucket: inputs.bucket, path_strategy: "explicit" },
          gcs_credentials_secret: inputs.gcsCredentialsSecret,
        },
      },
    ],
  };
}

/** A view of a job's results: its name, and the files of the bucket that it needs or can use. */
const lens = (name: string, required: string, optional?: string) => ({
  lens: { name },
  required_files: [required],
  ...(optional === undefined ? {} : { optional_files: [optional] }),
});

/** GitHub's number of the team prow-job-taskforce, which may start any job again. */
const taskforce = 3701123;

function deck({ gcswebUrl }: ConfigInputs) {
  return {
    spyglass: {
      size_limit: 500_000_000,
      gcs_browser_prefix: `${gcswebUrl}/gcs/`,
      lenses: [
        lens("metadata", "^(?:started|finished)\\.json$", "^podinfo\\.json$"),
        lens("buildlog", "^build-log\\.txt$"),
        lens("junit", "^artifacts/junit.*\\.xml$"),
        lens("coverage", "^artifacts/filtered\\.cov$", "^artifacts/filtered\\.html$"),
        lens("podinfo", "^podinfo\\.json$"),
      ],
    },
    tide_update_period: "1s",
    default_rerun_auth_configs: [{ rerun_auth_configs: { github_team_ids: [taskforce] } }],
  };
}

/** Labels that keep a pull request from being merged, everywhere. */
const blockers = [
  ...["do-not-merge", "do-not-merge/hold", "do-not-merge/invalid-owners-file", "do-not-merge/work-in-progress"],
  ...["needs-rebase", "dco-signoff: no"],
];
const strictBlockers = ["do-not-merge/release-note-label-needed", "do-not-merge/invalid-commit-message"];

function tide({ deckUrl }: ConfigInputs) {
  const query = (strict: boolean) => ({
    repos: repositoriesWith((one) => one.merge !== undefined && (one.strict ?? false) === strict),
    labels: ["lgtm", "approved"],
    missingLabels: strict ? [...blockers, ...strictBlockers] : blockers,
  });
  return {
    sync_period: "2m",
    merge_method: Object.fromEntries(
      Object.entries(repositories).flatMap(([name, { merge }]) => (merge === undefined ? [] : [[name, merge]])),
    ),
    queries: [query(false), query(true)],
    pr_status_base_urls: { "*": `${deckUrl}/pr` },
    context_options: {
      orgs: { kubevirt: { repos: { dashboard: { "skip-unknown-contexts": true, "from-branch-protection": true } } } },
    },
  };
}

const reportTo = (channel: string) => ({
  job_types_to_report: ["postsubmit", "periodic", "batch"],
  job_states_to_report: ["failure", "error"],
  channel,
  report_template:
    "Job {{.Spec.Job}} of type {{.Spec.Type}} ended with state {{.Status.State}}. <{{.Status.URL}}|View logs>",
});

const slack = { "*": reportTo("kubevirt-ci-monitoring"), "kubevirt/kubevirt-tutorial": reportTo("eko") };
