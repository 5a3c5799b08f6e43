import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { parse } from "yaml";
import { stackNames } from "../../../config/stackFile.ts";
import { violations } from "../../../contracts/check/violations.ts";
import { World } from "../../../contracts/check/workloads.ts";
import type { Registration } from "../../../review/evaluate/record.ts";
import { allContracts, stackRecording } from "../recordings.ts";
import { buildPackit, development, everything, type Given, production, streamProduction } from "./fixture.ts";

/** Violations of Packit's contracts, a line each. */
function broken(resources: readonly Registration[]): readonly string[] {
  return violations(resources, allContracts())
    .filter(({ system }) => system === "packit")
    .map(({ where, problem }) => `${where}: ${problem}`);
}

/** Packit's and Stream's containers with their files. */
function containers(resources: readonly Registration[]) {
  const own = resources.filter(({ urn }) => urn.includes("orrery:packit:Packit"));
  return new World(own).pods(() => undefined).flatMap((pod) => pod.containers.map((one) => ({ pod, ...one })));
}

describe("Packit's contracts", function () {
  this.timeout(300_000);

  for (const stack of stackNames()) {
    it(`every workload of Packit in ${stack} satisfies its image's contract`, async () => {
      const { resources } = await stackRecording(stack);
      assert.deepEqual(broken(resources), []);
    });
  }

  it("Packit's contracts hold with every component enabled, on both platforms", async () => {
    // A pinned digest is one specific image, which no contract covers.
    const given: Given = { ...everything, images: {}, parts: { ...everything.parts, centosmsg: false } };
    const stores = (["redict", "valkey"] as const).map((kind): Given => ({ ...production, keyValue: { kind } }));
    const split: Given = { ...production, workers: { allTasks: 0, shortRunning: 2, longRunning: 2 } };
    const hosts = { ...production.hosts, metrics: undefined };
    const bare: Given = { ...production, parts: { tokman: false, pushgateway: false }, hosts };
    for (const one of [given, ...stores, split, bare, { ...production, sentry: false }, development]) {
      for (const platform of ["openshift", "kubernetes"]) {
        assert.deepEqual(broken((await buildPackit(one, "packit", {}, platform)).resources), []);
      }
    }
    const stream: Given = { ...streamProduction, parts: { beat: true, fedmsg: true }, databaseBackups: true };
    assert.deepEqual(broken((await buildPackit(stream, "stream")).resources), []);
    assert.deepEqual(broken((await buildPackit(stream, "stream", {}, "kubernetes")).resources), []);
    const old = broken((await buildPackit(everything)).resources);
    assert.deepEqual(
      old.filter((problem) => !/image \S+@sha256:2021/.test(problem)),
      [],
    );
  });

  it("Packit's contracts cover every image of the table, options included", async () => {
    const known = new Set(allContracts().flatMap(({ contract: { image } }) => image));
    const all = [
      everything,
      ...(["redict", "valkey"] as const).map((kind): Given => ({ ...production, keyValue: { kind } })),
    ];
    for (const given of all) {
      for (const { image } of containers((await buildPackit(given)).resources)) {
        const name = (image.split("/").at(-1) ?? "").replace(/[:@].*$/, "");
        assert.ok(known.has(name), name);
      }
    }
  });

  // ogr services/github/service.py:51 and auth_providers/github_app.py:53: without tokman the file must be there, or every call raises.
  it("web service and workers find the GitHub App's key, or tokman, where packit-service.yaml says", async () => {
    for (const given of [production, { ...production, parts: { tokman: false } }, development]) {
      const seen = containers((await buildPackit(given)).resources);
      const asking = seen.filter(({ name }) => name === "packit-service" || name.startsWith("packit-worker"));
      assert.ok(asking.length >= 2);
      for (const { files, name } of asking) {
        const text = files.get("/home/packit/.config/packit-service.yaml")?.text ?? "";
        const { authentication } = parse(text) as { authentication: Record<string, Record<string, string>> };
        const app = authentication["github.com"] ?? {};
        assert.match(files.get(app.github_app_private_key_path ?? "")?.text ?? "", /PRIVATE KEY/, name);
        const tokman = seen.some((one) => one.name === "tokman");
        assert.equal(app.tokman_instance_url, tokman ? "http://tokman" : undefined);
      }
    }
  });

  // packit-service worker/handlers/abstract.py:350 empties the folder, packit_service/schema.py:99 asks for gp2 unless a class is named.
  it("workers have a volume where packit-service.yaml has them check out, and sandboxes a storage class", async () => {
    for (const [given, service] of [
      [production, "packit"],
      [streamProduction, "stream"],
    ] as const) {
      const seen = containers((await buildPackit(given, service)).resources);
      const workers = seen.filter(({ name }) => name === "packit-worker-1");
      assert.equal(workers.length, service === "packit" ? 3 : 1);
      for (const { files, mounts } of workers) {
        const config = parse(files.get("/home/packit/.config/packit-service.yaml")?.text ?? "") as Record<
          string,
          string
        >;
        const folder = config.command_handler_work_dir;
        assert.deepEqual(
          mounts.filter(({ path }) => path === folder).map(({ kind, writable }) => [kind, writable]),
          [["claim", true]],
        );
        if (config.command_handler === "sandcastle") assert.equal(config.command_handler_storage_class, "gp2");
      }
    }
  });
});
