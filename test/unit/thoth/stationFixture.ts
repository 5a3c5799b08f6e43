/** Settings of the station as the tests use them. */

/** Images by component, tagged with the commits that the contracts were read at. */
export const images: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    ...{ adviser: "fd431bb", "amun-api": "d19c542", "build-analyzer": "8d69f8c", "cleanup-job": "1b2efbb" },
    ...{ "cve-update-job": "4c55d47", "graph-refresh-job": "83b0a2a", "graph-sync-job": "042aa6a" },
    ...{ "graph-sync-scheduler": "852ad81", "inspect-hwinfo": "99e6579", "kebechet-job": "v1.0.9" },
    ...{ "management-api": "a0e3ce2", "metrics-exporter": "ae9a076", "package-analyzer": "51a4511" },
    ...{ "package-extract": "9c8f99c", "package-releases-job": "83acf43", "result-api": "5f38d86" },
    ...{ "solver-fedora-28-py36": "3261d17", "solver-ubi-8-py36": "3261d17" },
    ...{ "user-api": "f064eda", "workload-operator": "1b04793" },
  }).map(([name, tag]) => [name, `registry.example.org/thoth-station/${name}:${tag}`]),
);

/** Images of the parts that are off by default. */
const moreImages = {
  "build-watcher": "registry.example.org/thoth-station/build-watcher:82543cb-openshift4",
  "init-job": "registry.example.org/thoth-station/init-job:cc26a76",
  "isis-api": "registry.example.org/thoth-station/isis-api:7c606c1",
};

const graph = { cluster: "lab", mode: "single", whitelist: "172.54.0.0:172.54.255.255" };
const own = { cluster: "lab", s3: { endpoint: "https://s3.example.org" } };
const everything = { isisApi: true, initialize: true, buildWatcher: true };
const gateway = { pushgateway: { host: "pushgateway.example.org", port: 9091 } };

export const stage = {
  dgraph: { ...graph, namespace: "thoth-dgraph-stage" },
  station: { ...own, environment: "stage", images },
};
export const test = { dgraph: { ...graph, namespace: "thoth-test-core" }, station: { ...own, environment: "test" } };

/** The same with every part enabled. */
export const wholeStage = {
  ...stage,
  station: { ...stage.station, ...everything, ...gateway, images: { ...images, ...moreImages } },
};
export const wholeTest = {
  ...test,
  station: { ...test.station, ...everything, images: { "build-watcher": moreImages["build-watcher"] } },
};
