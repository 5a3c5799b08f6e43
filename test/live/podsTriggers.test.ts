/** A Deployment of an image that the cluster moves, by the real engine and the lab's OpenShift: new images come in, and `up` leaves them there. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { eventually } from "../../lab/harness/cloud.ts";
import { pulumi } from "../../lab/harness/engine.ts";
import type { KubeObject } from "../../lab/kubernetes/api.ts";
import type { ImageStream } from "../../lab/kubernetes/nodes/imageStreams.ts";
import { files } from "../../lab/kubernetes/files.ts";
import { openshiftAdministrator } from "../../lab/kubernetes/projects.ts";
import { root } from "../../lab/settings.ts";
import { toolchainFolders } from "../../lab/toolchain/toolchain.ts";
import { api, cluster, kubectl, useRealNodes } from "./pods/cluster.ts";

const project = "bots";

/** Declares the bot by our blocks; `settings.json` has where its tag leads to and a variable of its pods. */
const program = `
import { readFileSync } from "node:fs";
import { Provider } from "@pulumi/kubernetes";
import { Deployment } from "${root}/blocks/kubernetes/deployment.ts";
import { ImageStream } from "${root}/blocks/kubernetes/imageStream.ts";
const { from, mode } = JSON.parse(readFileSync("settings.json", "utf8"));
const provider = new Provider("cluster", { kubeconfig: process.env.KUBECONFIG });
const cluster = { name: "lab", platform: "openshift", appsDomain: "apps.test", provider };
const namespace = { cluster, name: "${project}", plainName: "${project}" };
const object = { namespace, name: "bot", labels: { app: "bot" } };
const stream = new ImageStream("bot", { ...object, tags: { latest: { from } } }, { provider });
const bot = {
  ...{ name: "bot", image: stream.image("latest"), command: ["sleep", "3600"], env: { MODE: mode } },
  ...{ resources: { cpu: ["10m", "1"], memory: "64Mi" }, probes: { none: "it only sleeps" } },
  exceptions: { "floating-tag": "the cluster moves the tag", "no-probes": "it only sleeps" },
};
new Deployment("bot", { ...object, containers: [bot] }, { provider });
`;

type Bot = KubeObject & {
  readonly spec: {
    readonly template: {
      readonly spec: { readonly containers: readonly { image: string; env: { value: string }[] }[] };
    };
  };
};
describe("a Deployment of an image that the cluster moves", function () {
  this.timeout(300_000);
  useRealNodes(1);
  const dir = mkdtempSync(path.join(tmpdir(), "orrery-triggers-"));
  const target = {
    ...{ stack: "triggers", file: path.join(dir, "Pulumi.triggers.yaml"), project: dir },
    env: {
      PULUMI_HOME: toolchainFolders().pulumiHome,
      PULUMI_BACKEND_URL: `file://${dir}`,
      PULUMI_CONFIG_PASSPHRASE: "of this test",
      KUBECONFIG: files(cluster).kubeconfig,
    },
  };
  const done = async (...args: readonly string[]): Promise<void> => {
    const { code, text } = await pulumi(args, target);
    assert.equal(code, 0, text);
  };
  const set = (from: string, mode: string): void => {
    writeFileSync(path.join(dir, "settings.json"), JSON.stringify({ from, mode }));
  };
  /** Image and variable of the bot, once the image is what its tag leads to, another one than before. */
  const runs = async (before?: string): Promise<{ readonly image: string; readonly mode: string }> => {
    const look = async () => {
      const found = await api.find<Bot>(`/apis/apps/v1/namespaces/${project}/deployments/bot`);
      const stream = await api.find<ImageStream>(`/apis/image.openshift.io/v1/namespaces/${project}/imagestreams/bot`);
      const [container] = found?.spec.template.spec.containers ?? [];
      // The blocks' tags have the policy Local.
      const latest = `${stream?.status?.dockerImageRepository ?? ""}@${stream?.status?.tags?.[0]?.items?.[0]?.image ?? ""}`;
      return { image: container?.image ?? "", mode: container?.env[0]?.value ?? "", latest };
    };
    return eventually(
      "the image of the tag",
      look,
      ({ image, latest }) => /@sha256:/.test(image) && image === latest && image !== before,
    );
  };

  before(async () => {
    const administrator = [`--as=${openshiftAdministrator}`, "--as-group=system:masters"];
    await kubectl("create", "namespace", project, ...administrator);
    writeFileSync(
      path.join(dir, "Pulumi.yaml"),
      "name: triggers\nmain: index.ts\nruntime: {name: nodejs, options: {typescript: false}}\n",
    );
    writeFileSync(path.join(dir, "package.json"), '{"name": "triggers", "type": "module"}\n');
    writeFileSync(path.join(dir, "index.ts"), program);
    symlinkSync(path.join(root, "node_modules"), path.join(dir, "node_modules"));
    await done("stack", "init");
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  it("has what its tag leads to, keeps that when up changes something else, and gets the next one", async () => {
    set("orrery.lab/tools:1", "one");
    await done("up", "--yes", "--skip-preview");
    const first = await runs();
    assert.equal(first.mode, "one");
    set("orrery.lab/tools:1", "two");
    await done("up", "--yes", "--skip-preview");
    assert.deepEqual(await runs(), { ...first, mode: "two" });
    set("docker.io/library/busybox:1", "two");
    await done("up", "--yes", "--skip-preview");
    const next = await runs(first.image);
    await kubectl("-n", project, "rollout", "status", "deployment/bot", "--timeout=60s");
    await done("preview", "--expect-no-changes");
    await done("up", "--yes", "--refresh", "--skip-preview");
    assert.deepEqual(await runs(first.image), next);
  });
});
