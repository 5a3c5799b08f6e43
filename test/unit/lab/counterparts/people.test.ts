/** Another system's people join the lab's counterparts, which keep what they have. */
import assert from "node:assert/strict";
import { before, describe, it } from "mocha";
import { startCounterparts, startGitlab } from "../../../../lab/counterparts/counterparts.ts";
import type { KubeApi, KubeObject } from "../../../../lab/kubernetes/api.ts";

/** A cluster that keeps what is applied, and whose Deployments are ready at once. */
class Cluster {
  readonly objects = new Map<string, KubeObject>();
  /** Annotations of each counterpart's only pod, by the pod's name. */
  readonly annotated = new Map<string, readonly Readonly<Record<string, string>>[]>();

  readonly api = {
    apply: (object: KubeObject): Promise<KubeObject> => {
      this.objects.set(`${object.kind}/${object.metadata.name}`, object);
      return Promise.resolve(object);
    },
    get: () =>
      Promise.resolve({
        metadata: { generation: 1 },
        status: { observedGeneration: 1, updatedReplicas: 1, readyReplicas: 1 },
      }),
    find: (path: string) => {
      const secret = this.objects.get(`Secret/${path.split("/").at(-1) ?? ""}`);
      return Promise.resolve(secret === undefined ? undefined : { data: base64(secret.stringData) });
    },
    list: (path: string) => {
      const name = `${/labelSelector=app%3D(\w+)$/.exec(path)?.[1] ?? "none"}-1`;
      const annotations = this.annotated.get(name)?.at(-1) ?? {};
      return Promise.resolve([{ metadata: { name, annotations } }]);
    },
    patch: (path: string, { metadata }: { metadata: { annotations: Readonly<Record<string, string>> } }) => {
      const name = /\/namespaces\/lab-counterparts\/pods\/([\w-]+)$/.exec(path)?.[1] ?? "none";
      this.annotated.set(name, [...(this.annotated.get(name) ?? []), metadata.annotations]);
      return Promise.resolve();
    },
  } as unknown as KubeApi;

  text(name: string, file: string): string {
    return (this.objects.get(`Secret/${name}`)?.stringData as Record<string, string>)[file] ?? "";
  }
}

const base64 = (texts: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(texts as Record<string, string>).map(([name, text]) => [name, Buffer.from(text).toString("base64")]),
  );

describe("the lab's counterparts", () => {
  const cluster = new Cluster();
  let first: KubeObject | undefined;
  let alice: string | undefined;

  before(async () => {
    const prow = { organisations: { kubevirt: ["alice"] }, programs: { "kubevirt-bot": "of-prow" } };
    alice = (await startCounterparts(cluster.api, prow)).get("alice");
    first = cluster.objects.get("Deployment/github");
    const thoth = { organisations: { "thoth-station": ["alice", "bob"] }, programs: { sesheta: "of-thoth" } };
    await startCounterparts(cluster.api, { ...thoth, keys: ["ssh-ed25519 AAAA kebechet"] });
  });

  it("are not started again for new people and keys: their state is in memory", () => {
    assert.ok(first);
    assert.deepEqual(cluster.objects.get("Deployment/github"), first);
  });

  it("have their pods looked at when their files change, and only then", () => {
    const changes = (name: string): number => cluster.annotated.get(`${name}-1`)?.length ?? 0;
    assert.deepEqual(["github", "google"].map(changes), [2, 1]);
  });

  it("know the people of both systems, by the tokens that they had", () => {
    const seed = JSON.parse(cluster.text("github-files", "seed.json")) as {
      readonly tokens: Readonly<Record<string, string>>;
      readonly organisations: unknown;
    };
    assert.deepEqual(seed.organisations, { kubevirt: ["alice"], "thoth-station": ["alice", "bob"] });
    assert.deepEqual(Object.values(seed.tokens).sort(), ["alice", "bob", "kubevirt-bot", "sesheta"]);
    assert.equal(seed.tokens["of-prow"], "kubevirt-bot");
    assert.ok(alice !== undefined && seed.tokens[alice] === "alice");
    assert.equal(cluster.text("github-files", "authorized_keys"), "ssh-ed25519 AAAA kebechet\n");
  });

  it("have ultrahook.com where somebody has accounts there: by its names at an address of its own, without TLS", async () => {
    assert.equal(cluster.objects.get("Service/ultrahook"), undefined);
    const people = { organisations: {}, programs: {} };
    const accounts = { "key-of-aicoe": "aicoe" };
    await startCounterparts(cluster.api, people, { tunnels: { accounts, hosts: ["webhooks.aicoe.ultrahook.com"] } });
    const service = cluster.objects.get("Service/ultrahook");
    assert.ok(service);
    const { metadata, spec } = service;
    const names = "www.ultrahook.com,webhooks.aicoe.ultrahook.com";
    assert.deepEqual(metadata.annotations, { "external-dns.alpha.kubernetes.io/hostname": names });
    assert.equal((spec as { type?: string }).type, "LoadBalancer");
    assert.equal(cluster.objects.get("Ingress/ultrahook"), undefined);
    assert.ok(cluster.objects.has("Ingress/github"));
    assert.deepEqual(JSON.parse(cluster.text("ultrahook-files", "accounts.json")), accounts);
  });

  it("have GitLab at an address of its own, where it ends TLS and takes pushes by SSH; GitHub keeps its", async () => {
    const people = { organisations: { team: ["alice"] }, programs: { robot: "of-stream" }, keys: ["ssh-ed25519 AAAA"] };
    const tokens = await startGitlab(cluster.api, people, "PEM");
    assert.equal(tokens.get("robot"), "of-stream");
    const { metadata, spec } = cluster.objects.get("Service/gitlab") ?? assert.fail("no Service");
    assert.deepEqual(metadata.annotations, { "external-dns.alpha.kubernetes.io/hostname": "gitlab.com" });
    assert.deepEqual(
      (spec as { readonly ports: readonly { readonly port: number }[] }).ports.map(({ port }) => port),
      [443, 22],
    );
    assert.equal(cluster.objects.get("Ingress/gitlab"), undefined);
    assert.equal(cluster.text("gitlab-files", "server.pem"), "PEM");
    const files = (name: string): readonly string[] =>
      Object.keys((cluster.objects.get(`ConfigMap/${name}-program`) as { data?: object } | undefined)?.data ?? {});
    assert.ok(files("gitlab").includes("forge.git.ts") && files("github").includes("forge.git.ts"));
    assert.ok(!files("google").includes("forge.git.ts"));
  });
});
