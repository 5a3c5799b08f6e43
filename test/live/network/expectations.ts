/**
 * Who talks to whom: read from the programs (contracts/, docs of the systems), not from the policies. What no row names must be refused.
 *
 * `from` and `to` are names of workloads without the stack's prefix, `*` for any text, or one of: `outside` (an address of the
 * world), `router` (what brings the public's calls), `stranger` (a pod of a namespace without policies), `job` and `sandbox` (pods
 * that Prow and Packit make), `dns`.
 */
export interface Row {
  readonly from: string;
  readonly to: string;
  /** TCP ports of the pod, not of its Service; `database` and `api` differ from stack to stack; `any`: all. */
  readonly ports: readonly (number | "database" | "api" | "any")[];
  readonly why: string;
  /** Whether the two may be in different namespaces. @default the same one only */
  readonly across?: true;
  /** Allowed, but no program needs it: why it is not closed is in `why`. */
  readonly spare?: true;
  /** Clusters, by name, on which alone it applies. @default all */
  readonly on?: readonly string[];
}

const dials: readonly Row[] = [
  { from: "router", to: "backend", ports: [8081], why: "nginx in front of Django, which itself listens for it alone" },
  { from: "router", to: "frontend", ports: [8081], why: "the web pages" },
  { from: "backend", to: "redis-web-cache", ports: [6379], why: "DJANGO_REDIS_URL, settings.py:238" },
  {
    from: "backend",
    to: "outside",
    ports: ["database", 443, 22],
    why: "DJANGO_DATABASE_URI, CERN's SSO and OMS, lxplus",
  },
  { from: "common-*", to: "redis-etl-broker", ports: [6379], why: "CELERY_BROKER_URL, CELERY_REDBEAT_URL" },
  { from: "*-bulk", to: "redis-etl-broker", ports: [6379], why: "CELERY_BROKER_URL and its results" },
  { from: "*-priority", to: "redis-etl-broker", ports: [6379], why: "CELERY_BROKER_URL and its results" },
  { from: "flower", to: "redis-etl-broker", ports: [6379], why: "CELERY_BROKER_URL and its results" },
  { from: "common-indexer", to: "outside", ports: ["database", 8443], why: "DATABASE_URI, DBS" },
  { from: "*-bulk", to: "outside", ports: ["database", 88], why: "DATABASE_URI; Kerberos of CERN's EOS sidecars" },
  { from: "*-priority", to: "outside", ports: ["database", 88], why: "DATABASE_URI; Kerberos of CERN's EOS sidecars" },
  { from: "*-bulk", to: "outside", ports: [8443], why: "the ETL's programs share one policy", spare: true },
  { from: "*-priority", to: "outside", ports: [8443], why: "the ETL's programs share one policy", spare: true },
  { from: "common-indexer", to: "outside", ports: [88], why: "the ETL's programs share one policy", spare: true },
  ...["flower", "common-redbeat"].map((from): Row => {
    return {
      from,
      to: "outside",
      ports: ["database", 8443, 88],
      why: "the ETL's programs share one policy",
      spare: true,
    };
  }),
  { from: "dials-db-init", to: "outside", ports: ["database"], why: "alembic/env.py:59-66" },
];

const workers = "packit-worker*";
const packit: readonly Row[] = [
  ...["packit-service", "packit-dashboard", "nginx"].map((to) => ({
    ...{ from: "router", to, ports: [8443], why: "pages, webhooks, metrics" },
  })),
  ...["packit-service", "packit-service-beat", workers].flatMap((from): Row[] => [
    { from, to: "postgres-12", ports: [5432], why: "packit_service/models.py:72" },
    { from, to: "redis", ports: [6379], why: "packit_service/celerizer.py:27" },
  ]),
  { from: "packit-service-fedmsg", to: "redis", ports: [6379], why: "consumer.py:37" },
  { from: "packit-service", to: "tokman", ports: [8000], why: "GitHub tokens" },
  { from: workers, to: "tokman", ports: [8000], why: "GitHub tokens" },
  { from: workers, to: "pushgateway", ports: [9091], why: "metrics of tasks" },
  { from: "nginx", to: "pushgateway", ports: [9091], why: "proxy_pass http://pushgateway" },
  { from: "packit-service", to: "outside", ports: [443], why: "forges, Sentry" },
  {
    from: "packit-service-beat",
    to: "outside",
    ports: [443, 22],
    why: "runs tasks of the worker's image: forges, known hosts",
  },
  { from: workers, to: "outside", ports: [443, 80, 22], why: "forges, lookaside caches, git over SSH" },
  { from: `(packit-.*|myproject)/${workers}`, to: "outside", ports: ["api"], why: "makes sandboxes; Stream has none" },
  { from: "packit-service-fedmsg", to: "outside", ports: [5671, 443], why: "Fedora's message bus, Sentry" },
  { from: "packit-dashboard", to: "outside", ports: [443], why: "asks the public API" },
  { from: "tokman", to: "outside", ports: [443], why: "api.github.com" },
  { from: "run-validation", to: "outside", ports: [443], why: "GitHub, Copr, Sentry" },
  { from: "import-images", to: "outside", ports: ["api"], why: "oc import-image" },
  { from: "delete-pvcs", to: "outside", ports: ["api"], why: "oc delete" },
  { from: "database-backup", to: "postgres-12", ports: [5432], why: "pg_dump" },
  { from: "database-backup", to: "outside", ports: [443], why: "the bucket of the backups" },
  {
    from: "delete-pvcs",
    to: "outside",
    ports: ["any"],
    why: "the sandboxes' policy selects every pod there",
    spare: true,
  },
  {
    from: "sandbox",
    to: "outside",
    ports: ["any"],
    why: "strangers' commands fetch what they want, but from no private address",
  },
];

const pushing = [
  "crier",
  "deck",
  "exporter",
  "ghproxy",
  "hook",
  "horologium",
  "prow-controller-manager",
  "sinker",
  "tide",
];
const askingGitHub = [
  ...["branch-protector", "label-sync-*", "cherrypicker", "crier", "deck", "hook", "needs-rebase", "rehearse"],
  ...["release-blocker", "statusreconciler", "tide"],
];
const metered = [...pushing, "greenhouse"];
/** What calls the API servers of build clusters, whose ports are unknown. */
const building = ["crier", "deck", "hook", "prow-controller-manager", "sinker"];
const prow: readonly Row[] = [
  ...askingGitHub.map((from): Row => ({ from, to: "ghproxy", ports: [8888], why: "--github-endpoint" })),
  ...[...askingGitHub, "ghproxy", "docker-mirror", "gcsweb"].map((from): Row => {
    return {
      from,
      to: "outside",
      ports: [443],
      why: "GitHub when the cache does not answer, clones, storage, registries",
    };
  }),
  {
    from: "docker-mirror-proxy",
    to: "outside",
    ports: [80, 443],
    why: "registries and what else jobs ask by the proxy",
  },
  ...["crier", "deck", "exporter", "hook", "horologium", "prow-controller-manager"].map((from): Row => {
    return { from, to: "outside", ports: ["api"], why: "ProwJobs, pods" };
  }),
  ...["rehearse", "sinker", "statusreconciler", "tide"].map((from): Row => {
    return { from, to: "outside", ports: ["api"], why: "ProwJobs, pods" };
  }),
  ...[...pushing, "pushgateway-proxy"].map((from): Row => {
    return {
      from,
      to: "pushgateway",
      ports: [9091],
      why: "pkg/metrics/metrics.go:39; the proxy is for pushes from outside",
    };
  }),
  ...["needs-rebase", "cherrypicker", "release-blocker"].map((to): Row => {
    return { from: "hook", to, ports: [8888], why: "external plugins, pkg/hook/server.go:231" };
  }),
  { from: "hook", to: "rehearse", ports: [9900], why: "external plugin, pkg/hook/server.go:231" },
  { from: "deck", to: "tide", ports: [8888], why: "--tide-url, cmd/deck/tide.go" },
  { from: "deck", to: "hook", ports: [8888], why: "--hook-url, cmd/deck/pluginhelp.go" },
  ...["deck", "gcsweb"].map((to): Row => ({ from: "router", to, ports: [8080], why: "pages" })),
  { from: "router", to: "hook", ports: [8888], why: "GitHub's webhooks" },
  { from: "outside", to: "pushgateway-proxy", ports: [8081], why: "pushes of build clusters, with a password" },
  { from: "router", to: "pushgateway-proxy", ports: [8081], why: "the same" },
  {
    ...{ from: "stranger", to: "pushgateway-proxy", ports: [8081], across: true, spare: true },
    why: "an address block may mean pods; it asks for a password",
  },
  ...metered.flatMap((to) =>
    ["stranger", "job"].map((from): Row => {
      return { from, to, ports: [9090], why: "Prometheus, in whatever namespace it runs", across: true, spare: true };
    }),
  ),
  ...(
    [
      ["docker-mirror", 5000],
      ["docker-mirror-proxy", 3128],
      ["greenhouse", 8080],
      ["ghproxy", 8888],
      ["pushgateway", 9091],
    ] as const
  ).map(([to, port]): Row => ({ from: "job", to, ports: [port], why: "caches and metrics of jobs", across: true })),
  { from: "job", to: "outside", ports: ["any"], why: "tests call what they need" },
  ...["stranger", "pushgateway-proxy"].map((to): Row => {
    return { from: "job", to, ports: ["any"], why: "tests call what they need", across: true, spare: true };
  }),
  ...(
    [
      ["deck", 8080],
      ["gcsweb", 8080],
      ["hook", 8888],
      ["pushgateway-proxy", 8081],
    ] as const
  ).flatMap(([to, port]) =>
    ["outside", "stranger", "job", ...building].map((from): Row => {
      const why = "nobody has said whence this cluster's load balancer calls, see finding 24 of docs/security.md";
      return { from, to, ports: [port], why, across: true, spare: true, on: ["ibm"] };
    }),
  ),
  ...building.flatMap((from): Row[] => [
    { from, to: "outside", ports: ["any"], why: "ports of build clusters' API servers", spare: true, on: ["ibm"] },
    { from, to: "stranger", ports: ["any"], why: "an address block may mean pods", spare: true, on: ["ibm"] },
    ...metered.map((to): Row => {
      return { from, to, ports: [9090], why: "an address block may mean pods", spare: true, on: ["ibm"] };
    }),
  ]),
];

const stations = ["*-api", "metrics-exporter", "workload-operator-*", "graph-sync-scheduler-*", "cleanup-*"];
const crons = ["cve-update", "graph-refresh", "package-releases"];
const asking = ["user-api", "management-api", "result-api", "metrics-exporter", ...crons];
const graphs = ["dgraph", "alpha"];
const thoth: readonly Row[] = [
  ...["*-api", "metrics-exporter"].map((to): Row => ({ from: "router", to, ports: [8080], why: "Routes" })),
  ...["review-manager-webhooks", "sesheta-webhooks", "webhook2kafka"].map((to): Row => {
    return { from: "router", to, ports: [8080], why: "webhooks of forges" };
  }),
  ...graphs.map((to): Row => ({ from: "router", to, ports: [8080, 9080], why: "Routes of the graph" })),
  { from: "router", to: "prometheus-aggregate-exporter", ports: [8080], why: "its Route, for the metrics" },
  ...asking.flatMap((from) =>
    graphs.map((to): Row => ({ from, to, ports: [9080], why: "GRAPH_SERVICE_HOST, dgraph.py:189", across: true })),
  ),
  ...[...stations, ...crons].flatMap((from): Row[] => [
    { from, to: "outside", ports: [443, "api"], why: "Sentry, S3, Argo's and OpenShift's API" },
    { from, to: "outside", ports: [22, 80, 5000], why: "jobs from Templates carry the same labels", spare: true },
    ...graphs.map((to): Row => ({
      from,
      to,
      ports: [9080],
      why: "the station's pods share one policy",
      across: true,
      spare: true,
    })),
    ...["*-api", "metrics-exporter"].map((to): Row => {
      return {
        from,
        to,
        ports: [8080],
        why: "jobs ask result-api and amun-api with the same labels",
        across: true,
        spare: true,
      };
    }),
  ]),
  { from: "alpha", to: "zero", ports: [5080], why: "--zero" },
  { from: "zero", to: "alpha", ports: [7080], why: "raft and membership" },
  { from: "alpha", to: "alpha", ports: [7080], why: "raft" },
  { from: "zero", to: "zero", ports: [5080], why: "raft" },
  { from: "prometheus-aggregate-exporter", to: "alpha", ports: [8080], why: "TARGETS" },
  { from: "prometheus-aggregate-exporter", to: "zero", ports: [6080], why: "TARGETS" },
  { from: "dgraph-backup", to: "alpha", ports: [8080, 8443], why: "/admin/export, and rclone fetches what it wrote" },
  { from: "dgraph-backup", to: "prometheus-aggregate-exporter", ports: [8080], why: "Dgraph's label", spare: true },
  { from: "dgraph-backup", to: "outside", ports: [443], why: "the bucket of the backups" },
  ...[["dgraph"], ["alpha", "zero", "ratel", "prometheus-aggregate-exporter"]].flatMap((group) =>
    group.flatMap((from) =>
      group.map((to): Row => {
        const why = "Dgraph's pods share one policy; its certificates guard its ports";
        return { from, to, ports: ["any"], why, spare: true };
      }),
    ),
  ),
  ...["kebechet", "nepthys"].map((from): Row => ({
    from,
    to: "outside",
    ports: [22, 443],
    why: "git over SSH, forges",
  })),
  ...["sesheta-*", "review-manager-webhooks", "webhook2kafka", "normalizers"].map((from): Row => {
    return { from, to: "outside", ports: [443], why: "forges, chats, Kafka's public name" };
  }),
  {
    from: "ultrahook-*",
    to: "outside",
    ports: [80, 443],
    why: "ultrahook.com without TLS; destinations by public names",
  },
];

/** Tunnels of the bots: what has no receiver in the cluster calls its public name. */
const tunnels: readonly Row[] = ["review-manager-webhooks", "sesheta-webhooks", "webhook2kafka"].flatMap(
  (to): Row[] => [
    {
      from: "ultrahook-webhooks",
      to,
      ports: [8080],
      why: "tunnels name the receivers' namespace",
      across: true,
      spare: true,
    },
    { from: "ultrahook-review-manager", to, ports: [8080], why: "the same", across: true, spare: true },
    { from: "ultrahook-cyborg-regidores", to, ports: [8080], why: "the same", across: true, spare: true },
  ],
);
/** Callysto has machines and no pods. */
export const expectations: readonly Row[] = [...dials, ...packit, ...prow, ...thoth, ...tunnels];
