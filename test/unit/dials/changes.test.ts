import assert from "node:assert/strict";
import { before, describe, it } from "mocha";
import type { Rendered } from "../../../review/evaluate/render.ts";
import { clearDials, type Given, given, type Manifest, workspace } from "./fixture.ts";

/** Effects of a change of settings: `+`, `-` or `~`, kind and physical name. */
async function changes(
  base: readonly Rendered[],
  more: Partial<Given>,
  secrets: Record<string, string> = {},
): Promise<string[]> {
  const [old, now] = [base, await clearDials(more, secrets)].map(
    (all) => new Map(all.map((one) => [one.urn, one])),
  ) as [Map<string, Rendered>, Map<string, Rendered>];
  const label = (one: Rendered): string => {
    const { kind, metadata } = one.inputs as Partial<Manifest>;
    return kind === undefined ? one.name : `${kind} ${metadata?.name ?? ""}`;
  };
  const own = ({ type }: Rendered): boolean => !type.startsWith("orrery:");
  return [
    ...[...old.values()].filter((one) => own(one) && !now.has(one.urn)).map((one) => `- ${label(one)}`),
    ...[...now.values()].filter((one) => own(one) && !old.has(one.urn)).map((one) => `+ ${label(one)}`),
    ...[...now.values()]
      .filter(
        (one) =>
          own(one) && old.has(one.urn) && JSON.stringify(one.inputs) !== JSON.stringify(old.get(one.urn)?.inputs),
      )
      .map((one) => `~ ${label(one)}`),
  ].sort();
}

describe("changes of DIALS' settings", () => {
  let base: readonly Rendered[];
  before(async () => {
    base = await clearDials();
  });

  it("unchanged settings change nothing", async () => {
    assert.deepEqual(await changes(base, {}), []);
  });

  it("a new workspace adds its workers and updates everything that lists workspaces; no other worker restarts", async () => {
    assert.deepEqual(await changes(base, { workspaces: [...given.workspaces, workspace("pixel")] }), [
      "+ Deployment pixel-bulk",
      "+ Deployment pixel-priority",
      "~ ConfigMap dials-backend-configmap",
      "~ ConfigMap dials-etl-config",
      "~ ConfigMap dials-etl-configmap",
      "~ Deployment backend",
      "~ Deployment common-indexer",
      "~ Deployment common-redbeat",
      "~ Job dials-db-init",
    ]);
  });

  it("a workspace's prefixes reach its own workers only", async () => {
    const workspaces = given.workspaces.map((one) =>
      one.name === "tracker" ? { ...one, prefixes: ["PixelPhase1/"] } : one,
    );
    assert.deepEqual(await changes(base, { workspaces }), [
      "~ ConfigMap dials-etl-config",
      "~ Deployment common-indexer",
      "~ Deployment common-redbeat",
      "~ Deployment tracker-bulk",
      "~ Deployment tracker-priority",
    ]);
  });

  it("a new API client changes one Secret and replaces nothing", async () => {
    const apiClients = [...(given.sso.apiClients ?? []), "client-b"];
    assert.deepEqual(await changes(base, { sso: { ...given.sso, apiClients } }), [
      "~ Secret dials-backend-secrets",
      "~ dials-web-backend-secrets-version",
    ]);
  });

  it("an image is rolled out, and back, by its digest", async () => {
    const image = (digit: string): Partial<Given> => ({
      images: { etl: `registry.cern.ch/cms-dqmdc/dials-etl@sha256:${digit.repeat(64)}` },
    });
    const etl = ["common-indexer", "common-redbeat", "flower", "private-bulk", "tracker-bulk", "tracker-priority"];
    const expected = [...etl.map((name) => `~ Deployment ${name}`), "~ Job dials-db-init"];
    assert.deepEqual(await changes(base, image("a")), expected);
    assert.deepEqual(await changes(await clearDials(image("a")), {}), expected);
    assert.deepEqual(await changes(await clearDials(image("a")), image("b")), expected);
  });

  it("pausing the ETL changes replicas only", async () => {
    const lines = await changes(base, { etl: { ...given.etl, paused: true } });
    assert.equal(lines.length, 6);
    assert.ok(lines.every((line) => line.startsWith("~ Deployment ")));
  });

  it("a new era reaches everything of the ETL, and nothing of the web", async () => {
    const lines = await changes(base, { etl: { ...given.etl, priorityEra: "Run2025" } });
    assert.ok(lines.includes("~ Deployment tracker-bulk") && lines.includes("~ Deployment common-indexer"));
    assert.ok(!lines.includes("~ Deployment backend"));
  });

  it("a new database password changes both Secrets and nothing else", async () => {
    assert.deepEqual(await changes(base, {}, { "dials:databasePassword": "another" }), [
      "~ Secret dials-backend-secrets",
      "~ Secret dials-etl-secrets",
      "~ dials-etl-environment-secrets-version",
      "~ dials-web-backend-secrets-version",
    ]);
  });

  it("a new password round generates new passwords", async () => {
    const lines = await changes(base, { passwordRound: 2 });
    assert.deepEqual(
      lines,
      ["broker", "cache", "django", "flower"].map((name) => `~ dials-${name}`),
    );
  });
});
