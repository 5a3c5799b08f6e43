import assert from "node:assert/strict";
import { cacheSize, nginxSize } from "../../../components/prow/sizes.ts";
import { clearProw, object, objects, flagsOf, mountsOf, podOf, problems, renderProw } from "./fixture.ts";

/** The only problem of these settings. */
function problem(...args: Parameters<typeof problems>): string {
  const found = problems(...args);
  assert.equal(found.length, 1, found.join("\n"));
  return found[0] ?? "";
}

describe("prow:settings", () => {
  it("a minimal environment is accepted", () => {
    assert.deepEqual(problems({}), []);
  });

  it("conflicts between two environments, and references that lead nowhere, are refused", () => {
    assert.match(
      problem({ namespaces: { prow: "one", jobs: "one" } }),
      /^prow:settings\.namespaces\.jobs: must differ from namespaces\.prow/,
    );
    assert.match(
      problem({ jobSecrets: ["kubevirtci-installer-pull-token", "kubevirtci-installer-pull-token"] }),
      /jobSecrets\[1\]: "kubevirtci-installer-pull-token" is listed twice/,
    );
    const hosts = { deck: "deck.example.org", hook: "one.example.org", gcsweb: "one.example.org" };
    assert.match(problem({ hosts }), /paths\.gcsweb: would take the webhook's path/);
    assert.match(problem({ paths: { gcsweb: "/icons" } }), /paths\.gcsweb: is where gcsweb's own links lead/);
    assert.deepEqual(problems({ hosts, paths: { gcsweb: "/gcsweb" } }), []);
    assert.match(problem({ hosts, paths: { hook: "/x", gcsweb: "/x" } }), /paths\.gcsweb: would take the webhook's/);
    assert.match(problem({ namePrefix: "staging" }), /namePrefix: .*expected nothing, or a prefix that ends with -/);
    assert.match(problem({ paths: { hook: "/hook/" } }), /paths\.hook: .*without a slash at its end/);
    assert.match(problem({ ingress: { controller: true } }), /ingress\.class: must be nginx/);
  });

  it("nodes that would leave pods pending are refused", () => {
    assert.match(problem({ nodes: { a: ["cache"] } }), /nodes: no node is for "worker"/);
    assert.match(
      problem({ nodes: { a: ["cache"], b: ["worker"] }, localVolumes: { node: "b" } }),
      /localVolumes\.node: "b" must be a node for "cache"/,
    );
    const ingress = { class: "nginx", controller: true };
    assert.match(problem({ nodes: { a: ["cache", "worker"] }, ingress }), /nodes: no node is for "ingress"/);
  });

  it("unpinned images, and unknown components, versions and secrets of jobs are refused", () => {
    assert.match(problem({ images: { deck: "example.org/deck:latest" } }), /images\.deck: .*pinned by tag or digest/);
    assert.match(problem({ images: { deck: "example.org/deck" } }), /images\.deck: .*pinned by tag or digest/);
    assert.match(problem({ resources: { dek: { memory: "1Gi" } } } as never), /resources/);
    assert.match(problem({ configuration: { version: "19991231" } } as never), /configuration\.version/);
    assert.match(problem({ jobSecrets: ["none-such"] } as never), /jobSecrets/);
  });

  it("the secrets that the settings require are requested and checked", () => {
    const key = "prow:hmac";
    const hmacs = {
      right: [
        "one-token",
        '"*":\n  - value: a\n    created_at: 2026-01-02T03:04:05Z\norg/repo:\n  - {value: b, created_at: 2026-02-03T04:05:06Z}\n',
      ],
      wrong: ['"*": a\n', '"*":\n  - value: a\n', '"*": []\n', "a:\n - b: [\n", "one\n\ntwo: 3\n", "- a\n"],
    };
    for (const text of hmacs.right) assert.deepEqual(problems({}, { [key]: text }), [], text);
    for (const text of hmacs.wrong) {
      assert.match(problem({}, { [key]: text }), /prow:hmac: .*expected one line, or a YAML map/, text);
    }
    assert.match(problem({}, { "prow:githubToken": "" }), /prow:githubToken: .*is empty/);
    assert.match(
      problem({}, { "prow:gcsServiceAccount": "{}" }),
      /prow:gcsServiceAccount: .*expected the JSON key file/,
    );
    const kubeconfig = { "prow:kubeconfig": "nonsense" };
    assert.match(problem({ buildClusters: true }, kubeconfig), /prow:kubeconfig: .*expected a kubeconfig/);
  });
});

describe("Prow's settings", () => {
  it("a GitHub App replaces the token everywhere except in cherrypicker, which pushes to a user's forks", async () => {
    const all = await clearProw({ github: { oauthClientId: "client", appId: 42 } }, { "prow:githubToken": "the-bot" });
    for (const namespace of ["the-prow", "the-jobs"]) {
      const { stringData = {} } = object(all, "Secret", `${namespace}/github-token`);
      assert.deepEqual(Object.keys(stringData).toSorted(), ["appid", "cert", "oauth", "token"]);
      assert.equal(stringData.appid, "42");
      assert.equal(stringData.token, "the-bot");
      assert.match(stringData.cert ?? "", /BEGIN PRIVATE KEY/);
    }
    const app = ["--github-app-id=$(GITHUB_APP_ID)", "--github-app-private-key-path=/etc/github/cert"];
    const deployments = [...objects(all, "Deployment").values(), ...objects(all, "CronJob").values()];
    const users = deployments.filter((one) => flagsOf(one).some((flag) => flag.startsWith("--github-endpoint=")));
    assert.equal(users.length, 12);
    for (const one of users) {
      const name = one.metadata.name;
      const own = flagsOf(one).filter((flag) => /app-|token-path/.test(flag));
      const cherrypicker = name === "cherrypicker";
      assert.deepEqual(own, cherrypicker ? ["--github-token-path=/etc/github/oauth"] : app, name);
      assert.equal(mountsOf(one)["/etc/github"], cherrypicker ? "oauth-token" : "github-token", name);
      const variables = podOf(one).containers[0]?.env ?? [];
      assert.deepEqual(
        variables.map((variable) => [variable.name, variable.valueFrom?.secretKeyRef?.key]),
        cherrypicker ? [] : [["GITHUB_APP_ID", "appid"]],
        name,
      );
    }
  });

  it("more memory for one component changes that component only", async () => {
    const [before, after] = [await renderProw(), await renderProw({ resources: { deck: { memory: "4Gi" } } })];
    const changed = [...objects(after, "Deployment")].filter(
      ([name, one]) => JSON.stringify(one) !== JSON.stringify(objects(before, "Deployment").get(name)),
    );
    assert.deepEqual(
      changed.map(([name]) => name),
      ["the-prow/deck"],
    );
    const [[, deck] = []] = changed;
    const { requests, limits } = (deck === undefined ? undefined : podOf(deck).containers[0]?.resources) ?? {};
    assert.deepEqual(
      [requests, limits],
      [
        { cpu: "1", memory: "4Gi" },
        { cpu: "1", memory: "4Gi" },
      ],
    );
  });

  it("build clusters are listed to the programs that start, watch, report and stop jobs", async () => {
    const all = await renderProw({ buildClusters: true });
    const named = [...objects(all, "Deployment").values()]
      .filter((one) => flagsOf(one).includes("--kubeconfig=/etc/kubeconfig/config"))
      .map(({ metadata }) => metadata.name);
    assert.deepEqual(named.toSorted(), ["crier", "deck", "hook", "prow-controller-manager", "sinker"]);
    const none = await renderProw();
    assert.equal(objects(none, "Secret").has("the-prow/kubeconfig"), false);
  });

  it("the kind ProwJob is created by one stack per cluster", async () => {
    assert.equal(objects(await renderProw({ crd: "own" }), "CustomResourceDefinition").size, 1);
    assert.equal(objects(await renderProw({ crd: "existing" }), "CustomResourceDefinition").size, 0);
  });

  it("Deck's OAuth application and cookie key have the format that Deck reads", async () => {
    const all = await clearProw({}, { "prow:githubOauthClientSecret": "hush" });
    assert.equal(
      object(all, "Secret", "the-prow/github-oauth-config").stringData?.secret,
      [
        'client_id: "client"',
        'client_secret: "hush"',
        "redirect_url: https://deck.example.org/github-login/redirect",
        "",
      ].join("\n"),
    );
    const cookie = object(all, "Secret", "the-prow/cookie").stringData?.secret ?? "";
    assert.ok(Buffer.from(cookie, "base64").length >= 32);
  });

  it("ghproxy's cache limit is smaller than its volume", () => {
    for (const [size, gigabytes] of [
      ["1Gi", 1],
      ["30Gi", 28],
      ["100Gi", 96],
      ["1Ti", 989],
      ["512Mi", 1],
    ] as const) {
      assert.equal(cacheSize(size), gigabytes, size);
    }
  });

  it("docker-mirror-proxy's cache limit is smaller than its volume, where the image alone would keep 32 GiB in any", async () => {
    for (const [size, kept] of [
      ["1Gi", "921m"],
      ["450Gi", "414720m"],
      ["1Ti", "943718m"],
      ["512Mi", "460m"],
    ] as const) {
      assert.equal(nginxSize(size), kept, size);
    }
    const all = await renderProw({ mirrorProxy: { size: "10Gi" } });
    const [container] = podOf(object(all, "Deployment", "the-prow/docker-mirror-proxy")).containers;
    assert.equal(container?.env?.find(({ name }) => name === "CACHE_MAX_SIZE")?.value, "9216m");
  });
});
