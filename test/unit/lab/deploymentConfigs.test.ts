import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { Cluster } from "./rollouts/cluster.ts";

const template = (image: string, mode = "a") => ({
  metadata: { labels: { app: "web" }, annotations: { team: "shop" } },
  spec: { containers: [{ name: "web", image, env: [{ name: "MODE", value: mode }] }] },
});
const imageTrigger = {
  type: "ImageChange",
  imageChangeParams: {
    automatic: true,
    containerNames: ["web"],
    from: { kind: "ImageStreamTag", name: "base:stable" },
  },
};

describe("DeploymentConfigs", () => {
  it("the first rollout is a ReplicationController with the names, labels and annotations of OpenShift's", async () => {
    const cluster = new Cluster({ replicas: 2, template: template("one"), selector: { app: "web" } });
    await cluster.settle();
    const { metadata, spec } = cluster.rollout(1);
    const noted = {
      "openshift.io/deployment-config.name": "web",
      "openshift.io/deployment-config.latest-version": "1",
    };
    const marks = { app: "web", deploymentconfig: "web", deployment: "web-1" };
    assert.deepEqual(metadata.labels, { "openshift.io/deployment-config.name": "web" });
    const { "openshift.io/encoded-deployment-config": encoded = "", ...annotations } = metadata.annotations ?? {};
    assert.deepEqual((JSON.parse(encoded) as { spec: object }).spec, cluster.config.spec);
    assert.deepEqual(annotations, {
      ...noted,
      "openshift.io/deployment.phase": "Complete",
      "openshift.io/deployment.replicas": "2",
      "openshift.io/deployment.status-reason": "config change",
      "orrery.lab/scaled-at": cluster.now.toISOString(),
    });
    assert.deepEqual(metadata.ownerReferences, [
      {
        ...{ apiVersion: "apps.openshift.io/v1", kind: "DeploymentConfig", name: "web", uid: "uid-1" },
        ...{ controller: true, blockOwnerDeletion: true },
      },
    ]);
    assert.deepEqual(spec, {
      replicas: 2,
      minReadySeconds: 0,
      selector: marks,
      template: {
        metadata: { labels: marks, annotations: { team: "shop", ...noted, "openshift.io/deployment.name": "web-1" } },
        spec: template("one").spec,
      },
    });
    const { conditions, ...status } = cluster.config.status ?? {};
    assert.deepEqual(status, {
      ...{ latestVersion: 1, observedGeneration: 1, replicas: 2, updatedReplicas: 2 },
      ...{ availableReplicas: 2, unavailableReplicas: 0, readyReplicas: 2 },
      details: { message: "config change", causes: [{ type: "ConfigChange" }] },
    });
    assert.equal(conditions?.length, 2);
    assert.equal(cluster.condition("Available"), "True");
    assert.equal(cluster.condition("Progressing"), "True NewReplicationControllerAvailable");
  });

  it("a changed template rolls out the next version, a changed number of pods does not", async () => {
    const cluster = new Cluster({ template: template("one") });
    await cluster.settle();
    cluster.edit({ replicas: 3 });
    await cluster.settle();
    assert.deepEqual(cluster.running(), { "web-1": 3 });
    cluster.edit({ template: template("one", "b") });
    await cluster.settle();
    assert.deepEqual(cluster.running(), { "web-2": 3 });
    assert.equal(cluster.rollout(1).spec.replicas, 0);
    cluster.edit({ replicas: 0 });
    await cluster.settle();
    assert.deepEqual(cluster.running(), {});
    assert.equal(cluster.config.status?.latestVersion, 2);
    assert.equal(cluster.config.status.observedGeneration, cluster.config.metadata.generation);
  });

  it("pods wait for the image of a tag, and follow it when it leads to another one", async () => {
    const triggers = [{ type: "ConfigChange" }, imageTrigger];
    const cluster = new Cluster({ template: template(" "), triggers });
    await cluster.settle();
    assert.equal(cluster.config.status?.latestVersion, 0);
    assert.deepEqual(cluster.controllers, []);
    cluster.tag("quay.io/team/web@sha256:one");
    await cluster.settle();
    const known = (image: string) => ({
      ...imageTrigger,
      imageChangeParams: { ...imageTrigger.imageChangeParams, lastTriggeredImage: image },
    });
    assert.deepEqual(cluster.config.spec.triggers?.[1], known("quay.io/team/web@sha256:one"));
    assert.equal(cluster.rollout(1).spec.template.spec.containers[0]?.image, "quay.io/team/web@sha256:one");
    cluster.tag("quay.io/team/web@sha256:two");
    await cluster.settle();
    assert.deepEqual(cluster.running(), { "web-2": 1 });
    assert.deepEqual(cluster.config.status.details, {
      message: "image change",
      causes: [
        { type: "ImageChange", imageTrigger: { from: { kind: "DockerImage", name: "quay.io/team/web@sha256:two" } } },
      ],
    });
    // As `oc apply` of the old manifest does.
    cluster.edit({ template: template(" "), triggers });
    await cluster.settle();
    assert.deepEqual(cluster.config.spec.triggers[1], known("quay.io/team/web@sha256:two"));
    assert.equal(cluster.config.status.latestVersion, 2);
  });

  it("without triggers nothing rolls out until somebody raises the version", async () => {
    const cluster = new Cluster({ template: template("one"), triggers: [] });
    await cluster.settle();
    assert.deepEqual(cluster.controllers, []);
    cluster.config = { ...cluster.config, status: { ...cluster.config.status, latestVersion: 1 } };
    await cluster.settle();
    cluster.edit({ template: template("one", "b") });
    await cluster.settle();
    assert.deepEqual(cluster.running(), { "web-1": 1 });
  });

  it("a paused config rolls out when it is resumed", async () => {
    const cluster = new Cluster({ template: template("one") });
    await cluster.settle();
    cluster.edit({ template: template("one", "b"), paused: true });
    await cluster.settle();
    assert.deepEqual(cluster.running(), { "web-1": 1 });
    cluster.edit({ paused: false });
    await cluster.settle();
    assert.deepEqual(cluster.running(), { "web-2": 1 });
  });

  it("Recreate ends every old pod before a new one starts", async () => {
    const cluster = new Cluster({ replicas: 3, template: template("one"), strategy: { type: "Recreate" } });
    await cluster.settle();
    cluster.edit({ template: template("two") });
    await cluster.settle(() => {
      assert.ok(Object.keys(cluster.running()).length <= 1, JSON.stringify(cluster.running()));
    });
    assert.deepEqual(cluster.running(), { "web-2": 3 });
  });

  it("Rolling keeps within its bounds, whatever they are", async () => {
    const bounds: readonly (readonly [rollingParams: object, replicas: number, most: number, least: number])[] = [
      [{}, 1, 2, 1],
      [{}, 10, 13, 8],
      [{ maxSurge: "30%" }, 10, 13, 10],
      [{ maxUnavailable: "30%" }, 10, 10, 7],
      [{ maxSurge: 0 }, 4, 4, 3],
      [{ maxSurge: 0, maxUnavailable: "10%" }, 4, 4, 3],
      [{ maxSurge: "100%", maxUnavailable: 0 }, 3, 6, 3],
    ];
    for (const [rollingParams, replicas, most, least] of bounds) {
      const said = JSON.stringify([rollingParams, replicas]);
      const strategy = { type: "Rolling", rollingParams };
      const cluster = new Cluster({ replicas, template: template("one"), strategy });
      await cluster.settle();
      cluster.edit({ template: template("two") });
      await cluster.settle(() => {
        const wanted = cluster.controllers.reduce((sum, { spec }) => sum + spec.replicas, 0);
        assert.ok(wanted <= most, `${said}: ${wanted} pods`);
        assert.ok(cluster.ready >= least, `${said}: ${cluster.ready} ready pods`);
      });
      assert.deepEqual(cluster.running(), { "web-2": replicas }, said);
    }
  });

  it("a version whose pods never become ready fails after its time, and the one before it stays", async () => {
    for (const type of ["Rolling", "Recreate"]) {
      const params = { timeoutSeconds: 60 };
      const strategy = { type, ...(type === "Rolling" ? { rollingParams: params } : { recreateParams: params }) };
      const cluster = new Cluster({ replicas: 2, template: template("one"), strategy });
      cluster.broken.add("two");
      await cluster.settle();
      cluster.edit({ template: template("two") });
      await cluster.settle();
      assert.equal(cluster.rollout(2).metadata.annotations?.["openshift.io/deployment.phase"], "Running");
      cluster.now = new Date(cluster.now.getTime() + 61_000);
      await cluster.settle();
      assert.deepEqual(cluster.running(), { "web-1": 2 }, type);
      assert.equal(cluster.condition("Progressing"), "False ProgressDeadlineExceeded");
      cluster.edit({ template: template("three") });
      await cluster.settle();
      assert.deepEqual(cluster.running(), { "web-3": 2 });
    }
  });

  it("a newer version cancels one that goes on, and so does an operator", async () => {
    const cluster = new Cluster({ template: template("one") });
    cluster.broken.add("two");
    await cluster.settle();
    cluster.edit({ template: template("two") });
    await cluster.settle();
    cluster.edit({ template: template("three") });
    await cluster.settle();
    assert.deepEqual(cluster.running(), { "web-3": 1 });
    const { annotations = {} } = cluster.rollout(2).metadata;
    assert.equal(annotations["openshift.io/deployment.phase"], "Failed");
    assert.equal(annotations["openshift.io/deployment.cancelled"], "true");
    assert.equal(annotations["openshift.io/deployment.status-reason"], "newer deployment was found running");
    cluster.edit({ template: template("two") });
    await cluster.settle();
    cluster.controllers = cluster.controllers.map((one) => {
      const marked = { ...one.metadata.annotations, "openshift.io/deployment.cancelled": "true" };
      return one === cluster.rollout(4) ? { ...one, metadata: { ...one.metadata, annotations: marked } } : one;
    });
    await cluster.settle();
    assert.deepEqual(cluster.running(), { "web-3": 1 });
    assert.equal(cluster.condition("Progressing"), "False RolloutCancelled");
  });

  it("the history keeps as many old versions as the config says", async () => {
    const cluster = new Cluster({ template: template("one"), revisionHistoryLimit: 1 });
    for (const mode of ["b", "c", "d"]) {
      await cluster.settle();
      cluster.edit({ template: template("one", mode) });
    }
    await cluster.settle();
    assert.deepEqual(
      cluster.controllers.map(({ metadata }) => metadata.name),
      ["web-3", "web-4"],
    );
  });

  it("a config takes over the rollouts of one that was deleted without them, but none of another owner", async () => {
    const before = new Cluster({ template: template("one") });
    await before.settle();
    before.edit({ template: template("two") });
    await before.settle();
    const cluster = new Cluster({ template: template("two") });
    cluster.controllers = before.controllers.map((one) => ({
      ...one,
      metadata: { ...one.metadata, ownerReferences: [] },
    }));
    await cluster.settle();
    assert.equal(cluster.config.status?.latestVersion, 2);
    assert.equal(cluster.controllers.length, 2);
    const foreign = new Cluster({ template: template("two") });
    foreign.controllers = before.controllers.map((one) => ({
      ...one,
      metadata: { ...one.metadata, ownerReferences: [{ uid: "other", controller: true }] },
    }));
    await foreign.settle();
    assert.equal(foreign.condition("Progressing"), "False ReplicationControllerCreateError");
  });
});
