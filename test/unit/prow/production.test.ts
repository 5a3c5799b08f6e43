import assert from "node:assert/strict";
import type { Rendered } from "../../../review/evaluate/render.ts";
import { flagsOf, type Manifest, mountsOf, object, objects, podOf, renderStack } from "./fixture.ts";

const prow = "us-docker.pkg.dev/k8s-infra-prow/images";
const github = ["--github-endpoint=http://ghproxy", "--github-endpoint=https://api.github.com"];
const token = "--github-token-path=/etc/github/oauth";
const config = "--config-path=/etc/config/config.yaml";
const jobs = "--job-config-path=/etc/job-config";
const kubeconfig = "--kubeconfig=/etc/kubeconfig/config";

describe("Prow in production", () => {
  let all: readonly Rendered[];
  const deployment = (name: string): Manifest => object(all, "Deployment", `kubevirt-prow/${name}`);
  before(async () => {
    all = await renderStack("prod");
  });

  it("production Prow has the runbook's Deployments with their replicas, repositories and namespaces", () => {
    const worker = { type: "vm", zone: "ci" };
    const table: Record<string, readonly [replicas: number, image: string, where?: Record<string, string>]> = {
      cherrypicker: [1, `${prow}/cherrypicker`, worker],
      crier: [1, `${prow}/crier`],
      deck: [3, `${prow}/deck`],
      "docker-mirror": [1, "registry", { type: "bare-metal-external", "ci.kubevirt.io/cachenode": "true" }],
      "docker-mirror-proxy": [1, "quay.io/kubevirtci/rpardini-docker-registry-proxy"],
      exporter: [1, `${prow}/exporter`, worker],
      gcsweb: [2, "k8s.gcr.io/gcsweb"],
      ghproxy: [1, `${prow}/ghproxy`, { dedicated: "ghproxy" }],
      greenhouse: [1, "gcr.io/k8s-testimages/greenhouse", { type: "bare-metal-external", zone: "ci" }],
      hook: [4, `${prow}/hook`],
      horologium: [1, `${prow}/horologium`],
      "needs-rebase": [1, `${prow}/needs-rebase`],
      "prow-controller-manager": [1, `${prow}/prow-controller-manager`],
      pushgateway: [1, "prom/pushgateway"],
      "pushgateway-proxy": [1, "nginx"],
      rehearse: [1, "quay.io/kubevirtci/rehearse", worker],
      "release-blocker": [1, "quay.io/kubevirtci/release-blocker", worker],
      sinker: [1, `${prow}/sinker`],
      statusreconciler: [1, `${prow}/status-reconciler`],
      tide: [1, `${prow}/tide`],
    };
    const actual = Object.fromEntries(
      [...objects(all, "Deployment").values()].map((one) => {
        const { nodeSelector, containers } = podOf(one);
        const image = containers[0]?.image.replace(/@.*$/, "").replace(/:[^/:]+$/, "");
        return [
          one.metadata.name,
          [one.spec.replicas, image, ...(nodeSelector === undefined ? [] : [nodeSelector])],
        ] as const;
      }),
    );
    assert.deepEqual(actual, table);
    for (const one of ["horologium", "tide", "exporter", "ghproxy", "docker-mirror-proxy"]) {
      assert.equal(deployment(one).spec.strategy?.type, "Recreate", one);
    }
    for (const one of ["deck", "hook", "gcsweb"]) {
      assert.deepEqual(deployment(one).spec.strategy?.rollingUpdate, { maxSurge: 1, maxUnavailable: 1 }, one);
    }
  });

  it("Prow's core starts with the runbook's flags and files, and with both addresses of GitHub", () => {
    // Prow's git makes its folder there at the start: kubernetes-sigs/prow@7593870dc pkg/git/v2/client_factory.go:323
    const clones = { "/var/tmp": "scratch" };
    const table: Record<string, readonly [flags: readonly string[], mounts: Record<string, string>]> = {
      "prow-controller-manager": [
        ["--dry-run=false", config, "--enable-controller=plank", jobs, kubeconfig],
        { "/etc/kubeconfig": "kubeconfig" },
      ],
      horologium: [[config, jobs, "--dry-run=false"], {}],
      sinker: [[kubeconfig, config, jobs, "--dry-run=false"], { "/etc/kubeconfig": "kubeconfig" }],
      statusreconciler: [
        [
          ...["--dry-run=false", "--continue-on-error=true", "--plugin-config=/etc/plugins/plugins.yaml", config],
          ...[...github, token, jobs, "--denylist=kubernetes/kubernetes"],
        ],
        { "/etc/github": "oauth-token", "/etc/plugins": "plugins" },
      ],
      tide: [
        ["--dry-run=false", ...github, token, "--github-graphql-endpoint=http://ghproxy/graphql", config, jobs],
        { "/etc/github": "oauth-token", ...clones },
      ],
      crier: [
        [
          ...["--blob-storage-workers=1", config, "--gcs-credentials-file=/etc/gcs-credentials/service-account.json"],
          ...[...github, token, "--github-workers=5", jobs, kubeconfig, "--kubernetes-blob-storage-workers=1"],
          ...["--slack-token-file=/etc/slack/token", "--slack-workers=1"],
        ],
        {
          "/etc/gcs-credentials": "gcs",
          "/etc/github": "oauth-token",
          "/etc/kubeconfig": "kubeconfig",
          "/etc/slack": "slack-token",
        },
      ],
      deck: [
        [
          ...[kubeconfig, "--tide-url=http://tide/", "--hook-url=http://hook:8888/plugin-help"],
          ...["--oauth-url=/github-login", config, jobs, "--spyglass=true", "--rerun-creates-job", ...github, token],
          ...["--github-graphql-endpoint=http://ghproxy/graphql"],
          ...["--github-oauth-config-file=/etc/githuboauth/secret", "--cookie-secret=/etc/cookie/secret"],
          "--plugin-config=/etc/plugins/plugins.yaml",
        ],
        {
          "/etc/kubeconfig": "kubeconfig",
          "/etc/github": "oauth-token",
          "/etc/plugins": "plugins",
          "/etc/githuboauth": "github-oauth-config",
          "/etc/cookie": "cookie",
          ...clones,
        },
      ],
      hook: [
        [
          ...["--dry-run=false", "--webhook-path=/hook", ...github, token],
          ...[config, jobs, "--plugin-config=/etc/plugins/plugins.yaml", kubeconfig],
        ],
        {
          "/etc/github": "oauth-token",
          "/etc/plugins": "plugins",
          "/etc/kubeconfig": "kubeconfig",
          "/etc/webhook": "hmac-token",
          "/etc/cat-api": "cat-api-key",
          ...clones,
        },
      ],
    };
    const files = { "/etc/config": "config", "/etc/job-config": "job-config", "/tmp": "scratch" };
    for (const [name, [flags, mounts]] of Object.entries(table)) {
      assert.deepEqual(flagsOf(deployment(name)), flags, name);
      assert.deepEqual(mountsOf(deployment(name)), { ...files, ...mounts }, name);
    }
  });

  it("plugins, caches and monitoring run as in the runbook", () => {
    const plugin = { "/etc/github": "oauth-token", "/etc/webhook": "hmac-token", "/tmp": "scratch" };
    for (const [name, more] of Object.entries({
      "needs-rebase": { "/etc/plugins": "plugins" },
      cherrypicker: { "/var/tmp": "scratch" },
      "release-blocker": { "/var/tmp": "scratch" },
    })) {
      assert.deepEqual(flagsOf(deployment(name)), ["--dry-run=false", ...github, token], name);
      assert.deepEqual(mountsOf(deployment(name)), { ...plugin, ...more }, name);
      assert.equal(podOf(deployment(name)).terminationGracePeriodSeconds, 180, name);
    }
    const rehearse = deployment("rehearse");
    assert.deepEqual(flagsOf(rehearse), [
      ...["--dry-run=false", "--jobs-namespace=kubevirt-prow-jobs", ...github, token, "--cache-dir=/var/run/cache"],
      "--jobs-config-base=github/ci/prow-deploy/files/jobs",
      "--prow-config-path=github/ci/prow-deploy/kustom/base/configs/current/config/config.yaml",
      "--always-run=false",
    ]);
    assert.deepEqual(rehearse.spec.template.metadata.labels.app, "prow-rehearse");
    // ghproxy keeps less than its 30 GiB, not 99 GB
    assert.deepEqual(flagsOf(deployment("ghproxy")), [
      ...["--cache-dir=/cache", "--cache-sizeGB=28", "--push-gateway=pushgateway", "--serve-metrics=true"],
    ]);
    assert.equal(mountsOf(deployment("ghproxy"))["/cache"], "ghproxy");
    assert.deepEqual(flagsOf(deployment("gcsweb")), ["-upgrade-proxied-http-to-https", "-b=kubevirt-prow", "-p=8080"]);
    assert.deepEqual(flagsOf(deployment("greenhouse")), ["--dir=/data", "--min-percent-blocks-free=3"]);
    for (const name of ["docker-mirror", "greenhouse"]) {
      assert.equal(podOf(deployment(name)).serviceAccountName, "caches", name);
    }
    assert.equal(mountsOf(deployment("greenhouse"))["/data"], "/var/lib/greenhouse/kubevirt-prow");
    const mirror = mountsOf(deployment("docker-mirror"));
    assert.equal(mirror["/var/lib/registry"], "/var/lib/docker-mirror/kubevirt-prow");
    assert.equal(mirror["/etc/docker/registry"], "mirror-config");
    assert.deepEqual(mountsOf(deployment("docker-mirror-proxy")), {
      "/docker_mirror_cache": "docker-mirror-proxy",
      "/ca/ca.crt": "mirror-proxy-config",
      "/ca/ca.key": "docker-mirror-proxy",
      "/tmp": "scratch",
    });
    assert.equal(mountsOf(deployment("pushgateway-proxy"))["/etc/nginx"], "pushgateway-proxy-config");
    assert.deepEqual(podOf(deployment("greenhouse")).tolerations, [
      { key: "cachenode", operator: "Exists", effect: "NoSchedule" },
    ]);
  });

  it("production Prow has the runbook's Services", () => {
    const actual = Object.fromEntries(
      [...objects(all, "Service").values()].map(({ metadata, spec }) => [
        metadata.name,
        [
          spec.type,
          spec.ports.map(({ name, port, targetPort }) => `${name} ${port}->${targetPort}`).join(", "),
          spec.selector.app,
        ].join(" | "),
      ]),
    );
    const metrics = "metrics 9090->9090";
    assert.deepEqual(actual, {
      "bazel-cache": "ClusterIP | cache 8080->8080 | greenhouse",
      "bazel-cache-metrics": "ClusterIP | metrics 80->9090 | greenhouse",
      cherrypicker: "ClusterIP | http 80->8888 | cherrypicker",
      crier: `ClusterIP | ${metrics} | crier`,
      deck: `NodePort | main 80->8080, ${metrics} | deck`,
      "docker-mirror": "ClusterIP | http 5000->5000 | docker-mirror",
      "docker-mirror-proxy": "ClusterIP | http 3128->3128 | docker-mirror-proxy",
      gcsweb: "NodePort | http 80->8080 | gcsweb",
      ghproxy: `ClusterIP | main 80->8888, ${metrics} | ghproxy`,
      hook: `NodePort | main 8888->8888, ${metrics} | hook`,
      horologium: `ClusterIP | ${metrics} | horologium`,
      "needs-rebase": "NodePort | http 80->8888 | needs-rebase",
      "prow-controller-manager": `ClusterIP | ${metrics} | prow-controller-manager`,
      "prow-rehearse": "ClusterIP | http 9900->9900 | prow-rehearse",
      pushgateway: "NodePort | http 80->9091 | pushgateway",
      "pushgateway-external": "NodePort | http 80->8081 | pushgateway-proxy",
      "release-blocker": "ClusterIP | http 80->8888 | release-blocker",
      sinker: `ClusterIP | ${metrics} | sinker`,
      tide: `ClusterIP | main 80->8888, ${metrics} | tide`,
    });
  });

  it("branch-protector and label-sync run on the runbook's schedules", () => {
    const cron = (name: string): Manifest => object(all, "CronJob", `kubevirt-prow/${name}`);
    for (const [name, schedule] of [
      ["branch-protector", "54 * * * *"],
      ["label-sync-kubevirt", "17 23 * * *"],
      ["label-sync-nmstate", "17 23 * * *"],
    ] as const) {
      const { spec } = cron(name);
      assert.deepEqual([spec.schedule, spec.concurrencyPolicy, spec.suspend], [schedule, "Forbid", false], name);
    }
    assert.deepEqual(flagsOf(cron("branch-protector")), [config, jobs, "--confirm", ...github, token]);
    const sync = ["--config=/etc/config/labels.yaml", "--confirm=true"];
    assert.deepEqual(flagsOf(cron("label-sync-kubevirt")), [...sync, "--orgs=kubevirt", ...github, token]);
    assert.deepEqual(flagsOf(cron("label-sync-nmstate")), [
      ...[...sync, "--only=nmstate/kubernetes-nmstate", ...github, token],
    ]);
    assert.equal(mountsOf(cron("label-sync-nmstate"))["/etc/config"], "label-config");
  });

  it("every Secret is in the namespace where it is read", () => {
    const actual = Object.fromEntries(
      [...objects(all, "Secret").values()].map(({ metadata, stringData }) => [
        `${metadata.namespace ?? ""}/${metadata.name}`,
        Object.keys(stringData ?? {}).join(" "),
      ]),
    );
    const own = {
      cookie: "secret",
      "docker-mirror-proxy": "ca.key",
      gcs: "service-account.json",
      "github-oauth-config": "secret",
      "hmac-token": "hmac",
      kubeconfig: "config",
      "oauth-token": "oauth",
      "slack-token": "token",
    };
    const ofJobs = {
      "commenter-oauth-token": "oauth",
      gcs: "service-account.json",
      // Rehearsals are decorated by the configuration of the pull request's repository, which names this one.
      "gcs-credentials": "service-account.json",
      "github-token": "oauth token",
      "kubevirtci-coveralls-token": "token",
      "kubevirtci-docker-credential": "password username",
      "kubevirtci-installer-pull-token": "token",
      "kubevirtci-quay-credential": "password username",
      "oauth-token": "oauth",
    };
    const within = (namespace: string, keys: Record<string, string>) =>
      Object.entries(keys).map(([name, key]) => [`${namespace}/${name}`, key]);
    assert.deepEqual(
      actual,
      Object.fromEntries([...within("kubevirt-prow", own), ...within("kubevirt-prow-jobs", ofJobs)]),
    );
  });

  it("jobs can reach the services that they name: caches, GitHub's proxy and metrics", () => {
    // kubevirt/project-infra@ca75c4e: kubevirt-periodics.yaml:96 pushes, project-infra-periodics.yaml:759 asks ghproxy.
    const ports = { pushgateway: 9091, ghproxy: 8888, "docker-mirror": 5000, "docker-mirror-proxy": 3128 };
    const jobs = { "kubernetes.io/metadata.name": "kubevirt-prow-jobs" };
    for (const [name, port] of Object.entries(ports)) {
      const { spec } = object(all, "NetworkPolicy", `kubevirt-prow/${name}`);
      const rules = (spec as unknown as { ingress: { from: object[]; ports: { port: number }[] }[] }).ingress;
      const found = rules.some(
        ({ from, ports: open }) =>
          open.some((one) => one.port === port) &&
          from.some((peer) => JSON.stringify(peer).includes(JSON.stringify({ matchLabels: jobs }))),
      );
      assert.ok(found, name);
    }
  });

  it("production Prow has the runbook's addresses, and webhooks arrive unchanged", () => {
    const host = (index: number) =>
      `kubevirt-stg-aa0fc76a511b88d3d7a618e3072828e1-000${index}.us-south.containers.appdomain.cloud`;
    const actual = Object.fromEntries(
      [...objects(all, "Ingress").values()].map(({ metadata, spec }) => [
        metadata.name,
        [
          spec.ingressClassName,
          spec.rules?.[0]?.host,
          spec.rules?.[0]?.http.paths[0]?.path,
          metadata.annotations?.["nginx.ingress.kubernetes.io/rewrite-target"] ?? "as it is",
          JSON.stringify(spec.tls),
        ],
      ]),
    );
    const tls = (index: number, secret: string) =>
      JSON.stringify([{ hosts: [host(index)], secretName: `${secret}-tls` }]);
    // gcsweb's own links begin at the root of its host: kubernetes/test-infra@e29358aaea gcsweb/cmd/gcsweb/gcsweb.go:39
    const link = (at: string) => [ingress, host(0), at, "as it is", tls(0, "gcsweb")];
    const ingress = "public-iks-k8s-nginx";
    assert.deepEqual(actual, {
      deck: [ingress, host(2), "/", "as it is", tls(2, "deck")],
      hook: [ingress, host(0), "/hook", "as it is", tls(0, "hook")],
      gcsweb: [ingress, host(0), "/gcsweb(/|$)(.*)", "/$2", tls(0, "gcsweb")],
      "gcsweb-gcs": link("/gcs/kubevirt-prow"),
      "gcsweb-icons": link("/icons"),
      "gcsweb-styles": link("/styles"),
    });
  });

  it("everything with data, the namespaces and the kind ProwJob are protected", () => {
    const claim = (name: string): Manifest => object(all, "PersistentVolumeClaim", `kubevirt-prow/${name}`);
    const { spec: ghproxy } = claim("ghproxy");
    assert.equal(ghproxy.resources?.requests.storage, "30Gi");
    assert.equal(ghproxy.storageClassName, "ibmc-vpc-block-general-purpose");
    const { spec: greenhouse } = claim("greenhouse");
    assert.equal(greenhouse.resources?.requests.storage, "450Gi");
    assert.equal(greenhouse.volumeName, "greenhouse-cache");
    assert.equal(claim("docker-mirror-proxy").spec.resources?.requests.storage, "450Gi");
    const kinds = ["Namespace", "PersistentVolumeClaim", "CustomResourceDefinition"];
    const kept = all.filter(({ inputs }) => kinds.includes((inputs as Partial<Manifest>).kind ?? ""));
    assert.equal(kept.length, 6);
    for (const { urn, options } of kept) {
      assert.ok(options.protect === true && options.retainOnDelete === true, urn);
    }
  });
});
