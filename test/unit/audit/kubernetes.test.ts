/** Finding 24, what the stacks do in clusters: who may talk to whom, and by what. */
import assert from "node:assert/strict";
import { before, describe, it } from "mocha";
import type { Cluster } from "../../../blocks/kubernetes/cluster.ts";
import { clustersSchema } from "../../../config/targets.ts";
import { asList, asObject, asText, type Manifest, podOf, toManifest } from "../../../policy/manifest.ts";
import { problems } from "../config/fixture.ts";
import { renderedStack } from "../recordings.ts";

const stacks = ["prod", "stage", "test"] as const;

describe("the stacks in their clusters", () => {
  const manifests = new Map<string, readonly Manifest[]>();
  const of = (stack: string): readonly Manifest[] => manifests.get(stack) ?? assert.fail(stack);
  before(async () => {
    for (const stack of stacks)
      manifests.set(
        stack,
        (await renderedStack(stack)).flatMap(
          ({ type, inputs, provider }) => toManifest(type, inputs as Manifest["body"], provider) ?? [],
        ),
      );
  });

  it("every namespace in which a stack runs pods or others' jobs denies by default", () => {
    for (const stack of stacks) {
      const place = ({ cluster, namespace }: Manifest): string => `${cluster.split("::").at(-1) ?? ""} ${namespace}`;
      const owned = of(stack).filter(({ kind }) => kind === "Namespace");
      const used = of(stack).filter((one) => podOf(one) !== undefined || one.kind === "Template");
      const wanted = [...used.map(place), ...owned.map((one) => place({ ...one, namespace: one.name }))];
      const denied = of(stack)
        .filter(({ kind, name }) => kind === "NetworkPolicy" && name === "default-deny")
        .map(place);
      assert.deepEqual([...new Set(wanted)].sort(), denied.toSorted(), stack);
    }
    assert.ok(of("prod").some(({ kind, namespace }) => kind === "NetworkPolicy" && namespace === "cms-dials-prod"));
  });

  it("jobs of Prow are called by nobody, and may call what they test", () => {
    const own = of("prod").filter(
      ({ kind, namespace }) => kind === "NetworkPolicy" && namespace === "kubevirt-prow-jobs",
    );
    const jobs = own.find(({ name }) => name === "jobs") ?? assert.fail();
    assert.deepEqual(own.map(({ name }) => name).sort(), ["default-deny", "jobs"]);
    // The label that Prow's controllers put on the pods of jobs.
    assert.deepEqual(jobs.body.spec, {
      podSelector: { matchLabels: { "created-by-prow": "true" } },
      policyTypes: ["Ingress", "Egress"],
      ingress: [],
      egress: [{ to: [], ports: [] }],
    });
  });

  it("inspections and builds of Thoth get out for what they install, and nobody calls them", () => {
    for (const [stack, namespace] of [
      ["stage", "thoth-amun-inspection-stage"],
      ["test", "thoth-test-core"],
    ] as const) {
      const policy = (name: string): Record<string, unknown> =>
        asObject(
          of(stack).find((one) => one.kind === "NetworkPolicy" && one.namespace === namespace && one.name === name)
            ?.body.spec,
        );
      const template = of(stack).find(({ name }) => name === "amun-inspection-job");
      const [job] = asList(asObject(template?.body).objects);
      const { labels } = asObject(asObject(asObject(asObject(job).spec).template).metadata);
      const [key, value] = Object.entries(asObject(asObject(policy("inspections").podSelector).matchLabels))[0] ?? [];
      assert.equal(asObject(labels)[key ?? ""], value);
      for (const name of ["inspections", "builds"]) {
        assert.deepEqual(policy(name).ingress, []);
        const ports = asList(policy(name).egress).flatMap((rule) => asList(rule.ports).map(({ port }) => port));
        assert.ok(
          [22, 80, 443].every((port) => ports.includes(port)),
          name,
        );
      }
    }
  });

  it("no public name serves plain HTTP", () => {
    for (const stack of stacks)
      for (const { kind, name, body } of of(stack)) {
        const { tls } = asObject(body.spec);
        if (kind === "Route") {
          const { termination, insecureEdgeTerminationPolicy = "None" } = asObject(tls);
          assert.notEqual(asText(termination), "", name);
          assert.ok(["Redirect", "None"].includes(asText(insecureEdgeTerminationPolicy)), name);
        }
        if (kind === "Ingress") assert.ok(asList(tls).length > 0, name);
      }
  });

  it("nothing inside calls a public name by plain HTTP, which a redirect would make of a POST a GET", () => {
    for (const stack of stacks) {
      const hosts = of(stack).flatMap(({ kind, body }) =>
        kind === "Route" || kind === "Ingress" ? (JSON.stringify(body).match(/(?<="host":")[^"]+/g) ?? []) : [],
      );
      for (const { kind, namespace, name, body } of of(stack))
        for (const [, host = ""] of JSON.stringify(body).matchAll(/http:\/\/([\w.-]+)/g))
          assert.ok(
            !hosts.includes(host) && !/\.apps\.lab\.test$|\.paas\.psi\./.test(host),
            `${kind} ${namespace}/${name}`,
          );
    }
  });
});

describe("who may call a web server behind a router", () => {
  const callers = async (cluster: Partial<Cluster>): Promise<unknown> => {
    const { router } = await import("../../../blocks/kubernetes/networkPolicy.ts");
    return router({ platform: "kubernetes", ...cluster } as Cluster, 80).peers;
  };

  it("on plain Kubernetes it is the ingress controller's namespace or nodes, where the settings name them", async () => {
    const namespace = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "ingress-nginx" } } };
    const nodes = { ipBlock: { cidr: "10.0.0.0/16" } };
    assert.deepEqual(await callers({ ingress: { namespace: "ingress-nginx" } }), [namespace]);
    assert.deepEqual(await callers({ ingress: { ranges: ["10.0.0.0/16"] } }), [nodes]);
    assert.deepEqual(await callers({ ingress: { namespace: "ingress-nginx", ranges: ["10.0.0.0/16"] } }), [
      namespace,
      nodes,
    ]);
    assert.deepEqual(await callers({}), [], "unknown: anybody");
  });

  it("the settings of a cluster take a namespace and ranges, and on OpenShift neither", () => {
    const said = (cluster: object): readonly string[] =>
      problems([clustersSchema], { "clusters:settings": { psi: { appsDomain: "x.test", ...cluster } } }).said.filter(
        (text) => text.includes("ingress"),
      );
    assert.deepEqual(
      said({ platform: "kubernetes", ingress: { namespace: "kube-system", ranges: ["10.0.0.0/8"] } }),
      [],
    );
    assert.equal(said({ platform: "kubernetes", ingress: { ranges: ["10.0.0.0"] } }).length, 1);
    assert.equal(said({ platform: "kubernetes", ingress: { namespace: "Kube_System" } }).length, 1);
    assert.deepEqual(said({ platform: "openshift", ingress: { namespace: "a" } }), [
      "clusters:settings.psi.ingress: is for platform kubernetes; OpenShift's router is known by its labels",
    ]);
  });
});
