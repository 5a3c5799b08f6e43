import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { parse } from "yaml";
import { contextName, kubeconfigYaml } from "../../../components/thoth/nodepool/zuulFiles.ts";
import { manifestViolations } from "../../../policy/violations.ts";
import { Secret } from "../../../review/evaluate/secret.ts";
import { buildThoth, problems, thothConfig } from "./fixture.ts";

const nodepool = {
  cluster: "lab",
  server: "https://paas.psi.redhat.com:443",
  streams: {
    "thoth-coala": { ubi8: { contextDir: "thoth-coala-ubi8", ref: "d081057" } },
    "thoth-ops": { "v0.12.3": "quay.io/thoth-station/thoth-ops:v0.12.3" },
  },
  labels: {
    "thoth-coala": { image: "thoth-coala:ubi8", minReady: 1 },
    "thoth-ops": { image: "thoth-ops:v0.12.3", cpu: 2, memory: 2048 },
  },
};
const context = "thoth-zuul/paas-psi-redhat-com:443/system:serviceaccount:thoth-zuul:nodepool";

/** Problems of the good settings with others. */
const wrong = (changed: object): string => problems(thothConfig({ nodepool: { ...nodepool, ...changed } })).join("\n");

describe("Zuul's nodepool", () => {
  it("nodepool has a namespace with an account that may run jobs in it, and nothing else", async () => {
    const seen = await buildThoth({ nodepool });
    assert.deepEqual(seen.manifests.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`).sort(), [
      "BuildConfig thoth-zuul/thoth-coala-ubi8",
      "ImageStream thoth-zuul/thoth-coala",
      "ImageStream thoth-zuul/thoth-ops",
      "Namespace /thoth-zuul",
      "NetworkPolicy thoth-zuul/builds",
      "NetworkPolicy thoth-zuul/default-deny",
      "NetworkPolicy thoth-zuul/job-nodes",
      "Role thoth-zuul/nodepool",
      "RoleBinding thoth-zuul/nodepool",
      "Secret thoth-zuul/nodepool-token",
      "ServiceAccount thoth-zuul/nodepool",
    ]);
    assert.deepEqual(manifestViolations(seen.manifests, { openshift: true }), []);
    assert.equal(seen.one("thoth-nodepool-account-token").options.protect, true);
    const verbs = (seen.object("Role nodepool").rules as { resources: string[]; verbs: string[] }[]).map(
      ({ resources, verbs: may }) => `${resources.join(" ")}: ${may.join(" ")}`,
    );
    assert.deepEqual(verbs, [
      "pods: create delete get list patch update watch",
      "pods/exec pods/portforward: create get",
      "pods/log: get",
      "imagestreams imagestreamtags: get list",
    ]);
  });

  it("node limits suit older and newer nodepools, as the drivers of 8.0 and 9.0 count", async () => {
    const seen = await buildThoth({ nodepool: { ...nodepool, maxPods: 7 } });
    const outputs = [...seen.outputs].find(([urn]) => urn.endsWith("Thoth::thoth"))?.[1];
    const { providers } = parse(String(outputs?.nodepoolConfig)) as {
      providers: { "max-pods": number; pools: { "max-servers": number }[] }[];
    };
    assert.equal(providers[0]?.["max-pods"], 7);
    assert.equal(providers[0].pools[0]?.["max-servers"], 7);
  });

  it("jobs can call the cluster's API, also through its Service", async () => {
    const seen = await buildThoth({ nodepool });
    const { egress } = seen.object("NetworkPolicy job-nodes").spec as { egress: { ports: { port: number }[] }[] };
    assert.deepEqual(
      egress.slice(1).flatMap(({ ports }) => ports.map(({ port }) => port)),
      [22, 80, 443, 6443],
    );
  });

  it("pods may name node images without a registry", async () => {
    const seen = await buildThoth({ nodepool });
    assert.deepEqual(seen.object("ImageStream thoth-ops").spec, {
      lookupPolicy: { local: true },
      tags: [
        {
          name: "v0.12.3",
          from: { kind: "DockerImage", name: "quay.io/thoth-station/thoth-ops:v0.12.3" },
          referencePolicy: { type: "Local" },
        },
      ],
    });
    const build = seen.object("BuildConfig thoth-coala-ubi8").spec as { source: unknown; output: unknown };
    assert.deepEqual(build.source, {
      type: "Git",
      git: { uri: "https://github.com/thoth-station/thoth-ops-infra", ref: "d081057" },
      contextDir: "thoth-coala-ubi8",
    });
    assert.deepEqual(build.output, { to: { kind: "ImageStreamTag", name: "thoth-coala:ubi8" } });
  });

  it("Zuul's configuration and a secret kubeconfig use the same context", async () => {
    const seen = await buildThoth({ nodepool });
    const outputs = [...seen.outputs].find(([urn]) => urn.endsWith("Thoth::thoth"))?.[1];
    assert.deepEqual(parse(String(outputs?.nodepoolConfig)), {
      labels: [
        { name: "thoth-coala", "min-ready": 1 },
        { name: "thoth-ops", "min-ready": 0 },
      ],
      providers: [
        {
          name: "psi",
          driver: "openshiftpods",
          context,
          "launch-retries": 3,
          pools: [
            {
              name: "thoth-zuul",
              labels: [
                { name: "thoth-coala", image: "thoth-coala:ubi8", cpu: 1, memory: 1024 },
                { name: "thoth-ops", image: "thoth-ops:v0.12.3", cpu: 2, memory: 2048 },
              ],
            },
          ],
        },
      ],
    });
    assert.ok(outputs?.nodepoolKubeconfig instanceof Secret);
    assert.match(String(outputs.nodepoolKubeconfig.value), new RegExp(`current-context: ${context}`));
  });

  it("a token's kubeconfig is written completely", () => {
    const settings = thothSettings();
    assert.deepEqual(parse(kubeconfigYaml(settings, "t0ken", "CA\n")), {
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        {
          name: "paas-psi-redhat-com:443",
          cluster: { server: "https://paas.psi.redhat.com:443", "certificate-authority-data": "Q0EK" },
        },
      ],
      users: [{ name: "system:serviceaccount:thoth-zuul:nodepool", user: { token: "t0ken" } }],
      contexts: [
        {
          name: context,
          context: {
            cluster: "paas-psi-redhat-com:443",
            namespace: "thoth-zuul",
            user: "system:serviceaccount:thoth-zuul:nodepool",
          },
        },
      ],
      "current-context": context,
    });
    assert.match(contextName({ namespace: "z", server: "https://api.example.org:6443" }), /^z\/api-example-org:6443\//);
  });

  it("a pool other than the namespace, fractional processors and images that nobody builds are refused", () => {
    assert.match(wrong({ pool: "psi" }), /nodepool\.pool: got "psi"; expected the namespace, "thoth-zuul"/);
    const label = { image: "thoth-coala:ubi8", cpu: 0.75 };
    assert.match(wrong({ labels: { x: label } }), /nodepool\.labels\.x\.cpu: got 0\.75; expected a whole number/);
    assert.match(wrong({ labels: { x: { image: "thoth-mypy:ubi8" } } }), /labels\.x\.image: got "thoth-mypy:ubi8"/);
    assert.match(
      wrong({ labels: { x: { image: "thoth-coala:ubi8", minReady: 5 } }, maxPods: 4 }),
      /keep 5 nodes ready/,
    );
  });
});

function thothSettings(): Parameters<typeof kubeconfigYaml>[0] {
  return { namespace: "thoth-zuul", server: nodepool.server } as Parameters<typeof kubeconfigYaml>[0];
}
