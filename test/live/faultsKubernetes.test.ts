/** A Kubernetes that misbehaves while a stack is made or changed, and what an operator does then (docs/faults.md). By name: `npm run test:faults`. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "mocha";
import { pulumi } from "../../lab/harness/engine.ts";
import { first, lost, on } from "./faults/rules.ts";
import { drawn, type Drawn } from "./faults/settings.ts";
import { FaultStack, interrupted } from "./faults/stack.ts";
import { api } from "../../lab/harness/kube.ts";

const plain = drawn(0, []);
const mark = `faults-k8s${process.env.ORRERY_MARK ?? ""}`;
const hooks = `${mark}-hooks`;
const tunnel = `/apis/apps/v1/namespaces/${hooks}/deployments/ultrahook-one`;

describe("faults of Kubernetes", function () {
  this.timeout(600_000);
  let stack: FaultStack;
  before(async () => {
    stack = await FaultStack.open({ kind: "graph", mark });
  });
  afterEach(() => {
    stack.front.calm();
  });
  after(() => stack.close());

  /** Asserts that `up` ends well, at once, and that everything is there. */
  async function comesUp(...more: readonly string[]): Promise<void> {
    const up = await stack.up(...more);
    assert.equal(up.code, 0, up.text);
    await stack.isWhole();
  }
  const settings = (more: Partial<Drawn>): void => {
    stack.write({ ...plain, ...more });
  };

  it("every object exists once even if the answer to every second write is lost", async () => {
    let writes = 0;
    stack.front.begin((asked) => (asked.method === "GET" || asked.path.includes("/selfsubject") || writes++ % 2 === 0 ? undefined : lost)); // prettier-ignore
    const up = await stack.up();
    assert.notEqual(up.code, 0);
    stack.front.calm();
    await comesUp();
    await stack.system.assertNoChanges();
  });

  it("an update waits for a cluster that is too busy (429) or unavailable (503)", async () => {
    settings({ tunnels: ["one", "two"] });
    const busy = { kind: "status", status: 429, done: false } as const;
    const away = { kind: "status", status: 503, done: false } as const;
    stack.front.begin(first(on(/PATCH/, busy, 2), on(/PATCH/, away, 4)));
    await comesUp();
    assert.equal(stack.front.injected.length, 6);
  });

  it("an update fails when its token is revoked halfway, and the next one finishes", async () => {
    settings({ tunnels: ["one", "three"] });
    let seen = 0;
    stack.front.begin(({ method }) => (method === "PATCH" && ++seen > 1 ? { kind: "status", status: 401, done: false } : undefined)); // prettier-ignore
    const up = await stack.up();
    assert.notEqual(up.code, 0);
    assert.match(up.text, /Unauthorized|credentials/);
    stack.front.calm();
    await comesUp();
  });

  it("a Deployment without room for its pods holds up an update until it is interrupted, and the next one finishes", async () => {
    const quota = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "full", namespace: hooks } };
    await api.apply({ ...quota, spec: { hard: { pods: "0" } } });
    settings({ tunnels: ["one", "two"], paused: false });
    const up = await interrupted(stack, /kubernetes:apps\S*:Deployment \S+ creating/);
    assert.notEqual(up.code, 0);
    await api.delete(`/api/v1/namespaces/${hooks}/resourcequotas/full`);
    await comesUp();
  });

  it("objects that somebody else deleted are restored by a refresh, and changed fields by force only", async () => {
    await api.patch(tunnel, { spec: { replicas: 3 } });
    await api.delete(`/apis/networking.k8s.io/v1/namespaces/${hooks}/networkpolicies/ultrahook-one`);
    await api.delete(`/api/v1/namespaces/${hooks}/secrets/ultrahook-thoth`);
    // What another tool has written stays its own until the program is configured to take it over.
    const up = await stack.up("--refresh");
    assert.match(up.text, /conflict with .*\.spec\.replicas/);
    const force = { PULUMI_K8S_ENABLE_PATCH_FORCE: "true" };
    const { target } = stack.system;
    const forced = await pulumi(["up", "--yes", "--skip-preview", "--refresh"], {
      ...target,
      env: { ...target.env, ...force },
    });
    assert.equal(forced.code, 0, forced.text);
    await stack.isWhole();
    await stack.system.assertNoChanges();
  });
});
