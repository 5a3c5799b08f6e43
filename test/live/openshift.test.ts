/** The lab's Kubernetes as its programs' targets: what routers and load balancers report, and OpenShift's kinds. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { lab } from "../../lab/harness/cloud.ts";
import { api, type KubeObject, objectsOf, podTemplate, appliedStatus, useNamespace } from "../../lab/harness/kube.ts";
import { nodeNetwork } from "../../lab/kubernetes/nodes/plan.ts";

const namespace = "kubelab-openshift";
const object = objectsOf(namespace);
const routes = `/apis/route.openshift.io/v1/namespaces/${namespace}/routes`;

describe("the lab's addresses and OpenShift kinds", () => {
  useNamespace(namespace);

  it("Ingresses, LoadBalancer Services and Routes get their status within about a second", async () => {
    interface Balanced {
      readonly loadBalancer: { readonly ingress?: readonly { readonly ip: string }[] };
    }
    const http = {
      paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } }],
    };
    const [balanced, ingress, route] = await Promise.all([
      appliedStatus<Balanced>(
        object("v1", "Service", "web", { spec: { type: "LoadBalancer", ports: [{ port: 80 }] } }),
        ({ loadBalancer }) => loadBalancer.ingress !== undefined,
        3,
      ),
      appliedStatus<Balanced>(
        object("networking.k8s.io/v1", "Ingress", "web", { spec: { rules: [{ host: "web.example.org", http }] } }),
        ({ loadBalancer }) => loadBalancer.ingress !== undefined,
        3,
      ),
      appliedStatus<{ ingress: { host: string; conditions: { type: string; status: string }[] }[] }>(
        object("route.openshift.io/v1", "Route", "web", { spec: { host: "web.example.org", to: { name: "web" } } }),
        ({ ingress: admitted }) =>
          admitted[0]?.conditions.some(({ type, status }) => `${type}${status}` === "AdmittedTrue") === true,
        3,
      ),
    ]);
    assert.match(balanced.loadBalancer.ingress?.[0]?.ip ?? "", /^198\.19\./);
    assert.equal(ingress.loadBalancer.ingress?.[0]?.ip, nodeNetwork(lab).ingress);
    assert.equal(route.ingress[0]?.host, "web.example.org");
  });

  it("Routes behave as on OpenShift: host and defaults on creation, refusals with a reason", async () => {
    const route = (name: string, spec: object): KubeObject => object("route.openshift.io/v1", "Route", name, { spec });
    const { spec } = await api.post<{ spec: object }>(routes, route("plain", { to: { name: "web" } }));
    const to = { kind: "Service", name: "web", weight: 100 };
    assert.deepEqual(spec, { host: `plain-${namespace}.apps.lab.test`, to, wildcardPolicy: "None" });
    const passthrough = { termination: "passthrough", insecureEdgeTerminationPolicy: "Allow" };
    for (const [bad, reason] of [
      [{ to, tls: passthrough }, /Allow does not go with termination passthrough/],
      [{ to, path: "/x", tls: { termination: "passthrough" } }, /passthrough takes no path/],
      [{ to, tls: { termination: "Edge" } }, /Unsupported value: "Edge"/],
      [{ to: { kind: "Deployment", name: "web" } }, /Unsupported value: "Deployment"/],
      [{ to, host: "no_host" }, /spec.host/],
    ] as const) {
      await assert.rejects(api.post(routes, route("bad", bad)), reason);
    }
  });

  it("OpenShift's other kinds are accepted as written", async () => {
    const imageStream = {
      lookupPolicy: { local: true },
      tags: [{ name: "1", from: { kind: "DockerImage", name: "example.org/app:1" } }],
    };
    const source = { type: "Git", git: { uri: "https://example.org/app.git", ref: "main" } };
    const strategy = { type: "Docker", dockerStrategy: { dockerfilePath: "Dockerfile" } };
    const output = { to: { kind: "ImageStreamTag", name: "app:1" } };
    const objects = [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "${NAME}" } }];
    for (const [group, kind, fields] of [
      ["image", "ImageStream", { spec: imageStream }],
      [
        "build",
        "BuildConfig",
        { spec: { source, strategy, output, runPolicy: "Serial", triggers: [{ type: "ConfigChange" }] } },
      ],
      ["apps", "DeploymentConfig", { spec: { replicas: 1, selector: { app: "old" }, template: podTemplate("old") } }],
      ["template", "Template", { objects, parameters: [{ name: "NAME", required: true }], labels: { app: "thoth" } }],
    ] as const) {
      const made = await api.apply(object(`${group}.openshift.io/v1`, kind, "app", fields));
      for (const [name, value] of Object.entries(fields)) assert.deepEqual(made[name], value, kind);
    }
    const empty = object("build.openshift.io/v1", "BuildConfig", "bad", { spec: { source, strategy: {} } });
    await assert.rejects(api.apply(empty), /exactly one of dockerStrategy/);
  });
});
