/**
 * Whom each program of the test stack calls, by what the programs do: contracts/ names the lines of their sources. Everything
 * else must be refused. `world:PORT` is any host outside, `api` the cluster's API server.
 */

/** `namespace/workload`, or `router` (Routes and Ingresses), to `namespace/workload:port`, `world:port`, `api`. */
type Calls = Readonly<Record<string, readonly string[]>>;

const within = (namespace: string, calls: Calls): Calls =>
  Object.fromEntries(
    Object.entries(calls).map(([caller, called]) => [
      `${namespace}/${caller}`,
      called.map((one) => (/^(world:|api$)|\//.test(one) ? one : `${namespace}/${one}`)),
    ]),
  );

const store = ["redis:6379", "postgres-12:5432"];
const web = ["world:80", "world:443"];

/** Celery, its broker and results, the database; forges, Copr and Koji; sources over HTTP; dist-git over SSH; pods of Sandcastle. */
const packit = {
  ...within("myproject", {
    "packit-service": [...store, "tokman:8000", "world:443"],
    "packit-worker": [...store, "tokman:8000", ...web, "world:22", "api"],
    tokman: ["world:443"],
  }),
  ...within("packit-dev-sandbox", { "delete-pvcs": ["world:443", "api"] }),
};

/** As Packit's, without tokens of GitHub and without a sandbox. */
const stream = within("stream-dev", {
  "packit-service": [...store, "world:443"],
  "packit-worker": [...store, ...web, "world:22"],
});

/**
 * ETL is one image and one grant for its parts: broker, database, DBS (8443), Kerberos for EOS (88). The web: its cache, the
 * database, SSO, OMS, brilcalc over SSH.
 */
const etl = ["redis-etl-broker:6379", "world:5432", "world:8443", "world:88"];
const dials = within("cms-dials-test", {
  "common-indexer": etl,
  "common-redbeat": etl,
  "private-bulk": etl,
  "tracker-bulk": etl,
  "tracker-priority": etl,
  flower: etl,
  backend: ["redis-web-cache:6379", "world:5432", "world:443", "world:22"],
});

const github = ["ghproxy:8888", "world:443"];
const metrics = ["pushgateway:9091"];
const prow = {
  ...within("kubernetes-prow", {
    crier: [...github, ...metrics, "api"],
    deck: [...github, ...metrics, "tide:8888", "hook:8888", "api"],
    hook: [
      ...[...github, ...metrics, "api"],
      ...["needs-rebase:8888", "cherrypicker:8888", "release-blocker:8888", "rehearse:9900"],
    ],
    tide: [...github, ...metrics, "api"],
    statusreconciler: [...github, "api"],
    rehearse: [...github, "api"],
    cherrypicker: github,
    "needs-rebase": github,
    "release-blocker": github,
    branchprotector: github,
    "label-sync": github,
    ghproxy: [...metrics, "world:443"],
    // They call the API server alone, which other clusters have on 443.
    horologium: [...metrics, "api", "world:443"],
    "prow-controller-manager": [...metrics, "api", "world:443"],
    sinker: [...metrics, "api", "world:443"],
    exporter: [...metrics, "api", "world:443"],
    gcsweb: ["world:443"],
    "docker-mirror": ["world:443"],
    "docker-mirror-proxy": web,
    "pushgateway-proxy": metrics,
  }),
};

const station = ["thoth-test-core/dgraph:9080", "world:22", ...web, "api"];
const apis = ["amun-api", "management-api", "metrics-exporter", "result-api", "user-api"];
/** Jobs post to APIs and APIs ask each other; all keep their data in the graph, and many make further jobs. */
const thoth = {
  ...within(
    "thoth-test-core",
    Object.fromEntries(
      [
        ...apis,
        ...["graph-sync-scheduler", "workload-operator"].map((one) => `${one}-thoth-test-core`),
        "graph-refresh",
      ].map((one) => [one, [...station, ...apis.filter((other) => other !== one).map((other) => `${other}:8080`)]]),
    ),
  ),
  ...within("aicoe-test-bots", {
    kebechet: ["world:22", "world:443"],
    nepthys: ["world:22", "world:443"],
    normalizers: ["world:443"],
    webhook2kafka: ["world:443"],
    "review-manager-webhooks": ["world:443"],
    "sesheta-webhooks": ["world:443"],
    "sesheta-approver": ["world:443"],
  }),
  "aicoe-test/ultrahook-webhooks": [
    ...["webhook2kafka", "review-manager-webhooks", "sesheta-webhooks"].map((one) => `aicoe-test-bots/${one}:8080`),
    ...web,
  ],
};

const programs: Calls = { ...packit, ...stream, ...dials, ...prow, ...thoth };

/** Prometheus runs somewhere in the cluster, and no setting says where; runs of other clusters push metrics through a proxy. */
const scraped = ["crier", "deck", "exporter", "ghproxy", "greenhouse", "hook", "horologium", "sinker", "tide"];
const open = [
  ...[...scraped, "prow-controller-manager"].map((one) => `kubernetes-prow/${one}:9090`),
  "kubernetes-prow/pushgateway-proxy:8081",
];

export const needs: Calls = {
  ...programs,
  router: [
    ...["myproject/packit-service:8443", "stream-dev/packit-service:8443"],
    ...["cms-dials-test/backend:8081", "cms-dials-test/frontend:8081"],
    ...["kubernetes-prow/deck:8080", "kubernetes-prow/gcsweb:8080", "kubernetes-prow/hook:8888"],
    ...["amun-api", "management-api", "metrics-exporter", "user-api", "result-api"].map(
      (one) => `thoth-test-core/${one}:8080`,
    ),
    ...["thoth-test-core/dgraph:8080", "thoth-test-core/dgraph:9080"],
    ...["webhook2kafka", "review-manager-webhooks", "sesheta-webhooks"].map((one) => `aicoe-test-bots/${one}:8080`),
    "kubernetes-prow/pushgateway-proxy:8081",
  ],
  /** A pod of ProwJobs may call everything that lets it in: caches, mirrors, GitHub's proxy. */
  "kubernetes-prow-jobs/job": [
    ...open,
    ...["docker-mirror:5000", "docker-mirror-proxy:3128", "greenhouse:8080", "ghproxy:8888", "pushgateway:9091"].map(
      (one) => `kubernetes-prow/${one}`,
    ),
    ...["world:22", "world:80", "world:88", "world:443", "world:5432", "world:8443", "world:9", "api"],
  ],
  /** A pod that nobody declared, in a namespace of its own. */
  "world/stranger": [...open, "api"],
};

/** Callers that run now and then, or that nobody declared: labels of the pod that sleeps in their place. */
export const asleep: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "packit-dev-sandbox/delete-pvcs": { app: "delete-pvcs" },
  "packit-dev-sandbox/sandcastle": {},
  "kubernetes-prow/branchprotector": { app: "branchprotector" },
  "kubernetes-prow/label-sync": { app: "label-sync" },
  "kubernetes-prow/nobody": {},
  "kubernetes-prow-jobs/job": { "created-by-prow": "true" },
  "thoth-test-core/graph-refresh": { app: "thoth", component: "graph-refresh" },
  "thoth-test-core/nobody": {},
  "aicoe-test-bots/kebechet": { app: "kebechet" },
  "aicoe-test-bots/nepthys": { app: "thoth", component: "nepthys" },
  "aicoe-test-bots/sesheta-approver": { app: "sesheta", component: "approver" },
  "aicoe-test/ultrahook-webhooks": { app: "ultrahook", instance: "ultrahook-webhooks" },
  "myproject/nobody": {},
  "cms-dials-test/nobody": {},
  "world/stranger": { app: "stranger" },
};
