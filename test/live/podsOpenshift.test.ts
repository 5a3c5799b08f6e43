/** OpenShift's namespaces on real nodes: whose pods run as whom, and where their images come from. */
import assert from "node:assert/strict";
import { before, describe, it } from "mocha";
import { eventually } from "../../lab/harness/cloud.ts";
import type { KubeObject } from "../../lab/kubernetes/api.ts";
import type { DeploymentConfig } from "../../lab/kubernetes/nodes/deploymentConfigs/objects.ts";
import type { ImageStream } from "../../lab/kubernetes/nodes/imageStreams.ts";
import { triggersAnnotation } from "../../lab/kubernetes/nodes/imageTriggers.ts";
import { openshiftAdministrator, openshiftMark, uidRange } from "../../lab/kubernetes/projects.ts";
import { api, kubectl, namespace, useRealNodes } from "./pods/cluster.ts";
import { shell } from "./pods/objects.ts";

const project = "project";
const administrator = [`--as=${openshiftAdministrator}`, "--as-group=system:masters"];
const inProject = (...args: readonly string[]): Promise<string> => kubectl("-n", project, ...args);
const streams = `/apis/image.openshift.io/v1/namespaces/${project}/imagestreams`;

type Pod = KubeObject & {
  readonly spec: { readonly containers: readonly [object]; readonly securityContext?: object | undefined };
};

/** A pod that leaves user, group and rights to the cluster, as the program's pods do on OpenShift. */
function open(name: string, image?: string): Pod {
  const pod = shell(name, "node-0", image, { securityContext: undefined }) as Pod;
  return {
    ...pod,
    metadata: { ...pod.metadata, namespace: project },
    spec: { ...pod.spec, securityContext: undefined },
  };
}

/** What pods may not ask for: the pod's own part, its container's, and where the refusal sees it. */
const beyond: readonly [what: string, spec: object, container: object, words: string][] = [
  ["the node's network", { hostNetwork: true }, {}, "spec.hostNetwork"],
  ["a folder of the node", { volumes: [{ name: "all", hostPath: { path: "/" } }] }, {}, "spec.volumes"],
  ["a port of the node", {}, { ports: [{ containerPort: 80, hostPort: 8081 }] }, "hostPort"],
  ["all rights", {}, { securityContext: { privileged: true } }, "privileged"],
  ["ways to get more rights", {}, { securityContext: { allowPrivilegeEscalation: true } }, "allowPrivilegeEscalation"],
  ["a capability", {}, { securityContext: { capabilities: { add: ["NET_ADMIN"] } } }, "capabilities.add"],
  ["every call of the kernel", { securityContext: { seccompProfile: { type: "Unconfined" } } }, {}, "seccomp"],
];

describe("OpenShift's namespaces on real nodes", () => {
  useRealNodes(1);
  let range: [first: number, size: number];

  before(async () => {
    await kubectl("create", "namespace", project, ...administrator);
    const made = await eventually(
      "the range",
      () => api.get(`/api/v1/namespaces/${project}`),
      ({ metadata }) => metadata.annotations?.[uidRange] !== undefined,
      20,
    );
    assert.deepEqual(made.metadata.labels?.["orrery.lab/platform"], openshiftMark["orrery.lab/platform"]);
    const [first = 0, size = 0] = (made.metadata.annotations?.[uidRange] ?? "").split("/").map(Number);
    range = [first, size];
    await eventually(
      "the service account",
      () => api.find(`/api/v1/namespaces/${project}/serviceaccounts/default`),
      (account) => account !== undefined,
    );
  });

  it("a pod runs as the first user of its namespace's range, in the root group and that of its volumes", async () => {
    await api.apply(open("anybody"));
    await inProject("wait", "pod/anybody", "--for=condition=Ready", "--timeout=60s");
    const [first] = range;
    assert.match(
      await inProject("exec", "anybody", "--", "id"),
      new RegExp(`^uid=${first} gid=0\\S* groups=0\\S*,${first}`),
    );
  });

  it("a pod that asks for a user of its own is refused as OpenShift does, and other namespaces take it", async () => {
    const fixed = shell("fixed", "node-0");
    const refusal = /unable to validate against any security context constraint: restricted-v2/;
    await assert.rejects(api.apply({ ...fixed, metadata: { ...fixed.metadata, namespace: project } }), refusal);
    await api.apply(fixed);
    await kubectl("delete", "pod", "fixed", "--now");
  });

  it("a pod of OpenShift's has no capability, cannot get one, and only the calls of the runtime's list", async () => {
    const status = await inProject("exec", "anybody", "--", "cat", "/proc/self/status");
    for (const line of ["CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"])
      assert.ok(status.includes(`\n${line}\n`), status);
  });

  for (const [what, spec, container, words] of beyond) {
    it(`a pod of OpenShift's with ${what} is refused, and other namespaces take it`, async () => {
      const { metadata, spec: own } = open("more");
      const more = {
        apiVersion: "v1",
        kind: "Pod",
        spec: { ...own, ...spec, containers: [{ ...own.containers[0], ...container }] },
      };
      const refusal = `unable to validate against any security context constraint: restricted-v2: ${words}`;
      await assert.rejects(api.apply({ ...more, metadata }), (error: Error) => error.message.includes(refusal));
      await api.apply({ ...more, metadata: { ...metadata, namespace } });
      await kubectl("delete", "pod", "more", "--now");
    });
  }

  it("every namespace has a range of its own", async () => {
    await kubectl("create", "namespace", "project-two", ...administrator);
    const other = await eventually(
      "the range",
      () => api.get("/api/v1/namespaces/project-two"),
      ({ metadata }) => metadata.annotations?.[uidRange] !== undefined,
      20,
    );
    assert.equal(other.metadata.annotations?.[uidRange], `${range[0] + range[1]}/${range[1]}`);
  });

  it("a service account's token secret is filled and lets its owner in", async () => {
    const annotations = { "kubernetes.io/service-account.name": "default" };
    const metadata = { name: "default-token", namespace: project, annotations };
    await api.apply({ apiVersion: "v1", kind: "Secret", metadata, type: "kubernetes.io/service-account-token" });
    const secret = await eventually(
      "the token",
      () => api.get<{ data?: { token?: string } }>(`/api/v1/namespaces/${project}/secrets/default-token`),
      ({ data }) => data?.token !== undefined,
      20,
    );
    const token = Buffer.from(secret.data?.token ?? "", "base64").toString();
    const who = ["auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"];
    const shellLine = `curl -sS -H "Authorization: Bearer ${token}" -k https://kubernetes.default.svc/api/v1/namespaces/${project}/pods`;
    assert.match(
      await inProject("exec", "anybody", "--", "sh", "-c", shellLine),
      /system:serviceaccount:project:default/,
    );
    assert.equal(await kubectl(...who, ...administrator), openshiftAdministrator);
  });

  it("an ImageStream imports the digest of its tag, says what it cannot find, and keeps what was there", async () => {
    const stream = (from: string): KubeObject => ({
      apiVersion: "image.openshift.io/v1",
      kind: "ImageStream",
      metadata: { name: "cache", namespace: project },
      spec: {
        lookupPolicy: { local: true },
        tags: [
          { name: "stable", from: { kind: "DockerImage", name: from } },
          { name: "missing", from: { kind: "DockerImage", name: "quay.io/orrery/nothing:1" } },
        ],
      },
    });
    const tag = (seen: ImageStream, name: string) => seen.status?.tags?.find((one) => one.tag === name);
    await api.apply(stream("docker.io/library/redis:7"));
    const made = await eventually(
      "the import",
      () => api.get<ImageStream>(`${streams}/cache`),
      (seen) => tag(seen, "missing") !== undefined,
      20,
    );
    const [redis] = tag(made, "stable")?.items ?? [];
    assert.match(redis?.dockerImageReference ?? "", /^docker\.io\/library\/redis@sha256:[0-9a-f]{64}$/);
    assert.equal(
      tag(made, "missing")?.conditions?.[0]?.message,
      'dockerimage.image.openshift.io "quay.io/orrery/nothing:1" not found',
    );
    await api.apply(stream("docker.io/library/busybox:1"));
    const changed = await eventually(
      "the second import",
      () => api.get<ImageStream>(`${streams}/cache`),
      (seen) => tag(seen, "stable")?.items?.length === 2,
      20,
    );
    assert.deepEqual(tag(changed, "stable")?.items?.[1], redis);
  });

  it("pods pull a stream's image from OpenShift's internal registry", async () => {
    const image = `image-registry.openshift-image-registry.svc:5000/${project}/cache:stable`;
    await api.apply(open("pulled", image));
    await inProject("wait", "pod/pulled", "--for=condition=Ready", "--timeout=60s");
    assert.match(await inProject("exec", "pulled", "--", "busybox"), /^BusyBox v/);
  });

  it("an image trigger gives a Deployment the image of its tag, and the next one when the tag moves", async () => {
    const trigger = {
      from: { kind: "ImageStreamTag", name: "moving:stable" },
      fieldPath: 'spec.template.spec.containers[?(@.name=="shell")].image',
    };
    const stream = (from: string): KubeObject => ({
      apiVersion: "image.openshift.io/v1",
      kind: "ImageStream",
      metadata: { name: "moving", namespace: project },
      spec: { tags: [{ name: "stable", from: { kind: "DockerImage", name: from } }] },
    });
    const labels = { app: "triggered" };
    const deployment: KubeObject = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: {
        name: "triggered",
        namespace: project,
        annotations: { [triggersAnnotation]: JSON.stringify([trigger]) },
      },
      // As old manifests have it: the image is the trigger's to fill in.
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: open("any", " ").spec } },
    };
    await api.apply(stream("orrery.lab/tools:1"));
    await api.post(`/apis/apps/v1/namespaces/${project}/deployments`, deployment);
    const runs = async (program: string): Promise<void> => {
      await eventually(
        program,
        // Until then its pods do not run, or have another program.
        () => inProject("exec", "deployment/triggered", "--", program, "--help").catch(() => ""),
        (said) => said !== "",
      );
    };
    await runs("curl");
    await api.apply(stream("docker.io/library/busybox:1"));
    await runs("busybox");
  });

  it("a DeploymentConfig rolls out for a changed template and a moved tag, is scaled, and goes with its pods", async () => {
    const image = { automatic: true, containerNames: ["shell"], from: { kind: "ImageStreamTag", name: "base:stable" } };
    const { spec } = open("any", " ") as KubeObject & { readonly spec: { readonly containers: readonly object[] } };
    const config = (mode: string): KubeObject => ({
      apiVersion: "apps.openshift.io/v1",
      kind: "DeploymentConfig",
      metadata: { name: "old", namespace: project },
      spec: {
        replicas: 2,
        selector: { app: "old" },
        triggers: [{ type: "ConfigChange" }, { type: "ImageChange", imageChangeParams: image }],
        template: {
          metadata: { labels: { app: "old" } },
          spec: { ...spec, containers: [{ ...spec.containers[0], env: [{ name: "MODE", value: mode }] }] },
        },
      },
    });
    const stream = (from: string): KubeObject => ({
      apiVersion: "image.openshift.io/v1",
      kind: "ImageStream",
      metadata: { name: "base", namespace: project },
      spec: { tags: [{ name: "stable", from: { kind: "DockerImage", name: from } }] },
    });
    const rolledOut = async (version: number): Promise<void> => {
      const message = `replication controller "old-${version}" successfully rolled out`;
      const at = `/apis/apps.openshift.io/v1/namespaces/${project}/deploymentconfigs/old`;
      await eventually(
        message,
        () => api.get<DeploymentConfig>(at),
        ({ status }) => status?.conditions?.some((condition) => condition.message === message) === true,
      );
    };
    /** Rollouts with the numbers of their pods that are ready. */
    const rollouts = (): Promise<string> =>
      inProject("get", "rc", "-o", "jsonpath={range .items[*]}{.metadata.name}={.status.readyReplicas} {end}");
    const inside = (version: number, script: string): Promise<string> =>
      inProject("exec", `rc/old-${version}`, "--", "sh", "-c", script);

    await api.apply(config("first"));
    await api.apply(stream("orrery.lab/tools:1"));
    await rolledOut(1);
    assert.equal(await rollouts(), "old-1=2 ");
    assert.match(await inside(1, "curl --version; echo $MODE"), /^curl [^]*\nfirst\n$/);

    await api.apply(config("second"));
    await rolledOut(2);
    assert.equal(await rollouts(), "old-1= old-2=2 ");
    assert.equal(await inside(2, "echo $MODE"), "second\n");

    await api.apply(stream("docker.io/library/busybox:1"));
    await rolledOut(3);
    assert.equal(await rollouts(), "old-1= old-2= old-3=2 ");
    assert.match(await inside(3, "busybox"), /^BusyBox v/);

    const pods = () => api.list(`/api/v1/namespaces/${project}/pods?labelSelector=deploymentconfig%3Dold`);
    await inProject("scale", "dc/old", "--replicas=0");
    await eventually("no pods", pods, (left) => left.length === 0, 30);
    await inProject("scale", "dc/old", "--replicas=1");
    await eventually("one pod", pods, (left) => left.length === 1, 30);
    await inProject("delete", "dc/old");
    const all = async () => [
      ...(await pods()),
      ...(await api.list(`/api/v1/namespaces/${project}/replicationcontrollers`)),
    ];
    await eventually("nothing", all, (left) => left.length === 0, 60);
  });
});
