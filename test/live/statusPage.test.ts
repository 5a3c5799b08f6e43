/** The page of status in a real browser: Debian's Chromium without a window. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { type Browser, chromium, type Page } from "playwright-core";
import { projectDir } from "../../config/stackFile.ts";
import { eventually } from "../../lab/harness/cloud.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import { statusPage } from "../../ops/lib/status/render/page.ts";
import type { Report, Row } from "../../ops/lib/status/row.ts";
import { type Served, serve } from "../../ops/lib/status/serve.ts";
import { declare } from "../../ops/lib/status/situation.ts";

const kinds = new Set(["Deployment", "StatefulSet", "CronJob", "Route", "Ingress"]);
const worker = "packit-prod/packit-worker-short-running";

describe("the page of status in Chromium", function () {
  this.timeout(600_000);
  let dir: string;
  let browser: Browser;
  let sheet: Page;
  let address: string;
  let report: Report;
  const asked: string[] = [];
  const complaints: string[] = [];

  /** A report about all that prod declares, in which little is wrong. */
  async function reportOfProd(): Promise<Report> {
    const { objects, systems, name } = await declare({ stack: "prod" });
    const row = { source: "workloads", state: "ok", text: "1 of 1 pods are ready, the youngest for 3 days" } as const;
    const parts = [...objects.values()]
      .flat()
      .filter(({ manifest }) => kinds.has(manifest.kind))
      .map(({ system, manifest }): Row => ({ ...row, system, part: `${manifest.namespace}/${manifest.name}` }));
    const host: Row = {
      ...row,
      source: "servers",
      system: "callysto",
      part: "hub.callysto.ca",
      text: "server is ACTIVE",
    };
    const sun: readonly Row[] = ["cloud rac", "state"].map((part) => ({
      ...row,
      source: "logins",
      system: "stack",
      part,
    }));
    const wrong: readonly Row[] = [
      {
        ...{
          source: "workloads",
          system: "packit",
          part: worker,
          state: "bad",
          since: new Date(Date.now() - 780_000).toISOString(),
        },
        text: '0 of 1 pods are ready: pod packit-worker-short-running-0, container packit-worker: ImagePullBackOff: Back-off pulling image "quay.io/packit/packit-worker:stable"',
      },
      {
        source: "certificates",
        system: "prow",
        part: "Secret kubevirt-prow/tls",
        state: "warn",
        text: "certificate tls.crt is valid until 2026-12-01, for 8 days",
      },
      {
        source: "drift",
        system: "stack",
        part: "drift",
        state: "unknown",
        text: "was never looked for from here; --drift does",
      },
    ];
    const rows = [...parts.filter(({ part }) => part !== worker), host, ...sun, ...wrong];
    const sources = [{ name: "workloads", target: "cluster online", seconds: 1.2 }];
    return { stack: name, at: new Date().toISOString(), seconds: 4.2, systems, rows, sources };
  }

  before(async () => {
    await installPackages(["chromium"], () => undefined);
    dir = mkdtempSync(path.join(tmpdir(), "orrery-status-"));
    report = await reportOfProd();
    address = pathToFileURL(path.join(dir, "status.html")).href;
    writeFileSync(path.join(dir, "status.html"), statusPage({ title: "prod", reports: [report] }));
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  });
  after(async () => {
    await browser.close();
    rmSync(dir, { recursive: true });
  });
  beforeEach(async () => {
    sheet = await browser.newPage({
      viewport: { width: 1440, height: 900 },
      colorScheme: "dark",
      reducedMotion: "reduce",
    });
    sheet.on("request", (request) => asked.push(request.url()));
    sheet.on("pageerror", (error) => complaints.push(error.message));
    sheet.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    sheet.setDefaultTimeout(120_000);
    await sheet.goto(address);
  });
  afterEach(async () => {
    await sheet.close();
    assert.deepEqual(complaints.splice(0), []);
    const other = asked.splice(0).filter((url) => url !== address && !url.startsWith("http://127.0.0.1:"));
    assert.deepEqual(other, [], "the page asked for something");
  });

  const planet = (name: string) => sheet.locator("#orrery").getByRole("button", { name });
  const side = () => sheet.getByRole("complementary", { name: "Details" });

  it("the page has a planet a system and a moon a part, and says first what is wrong", async () => {
    for (const system of report.systems) assert.equal(await planet(`${system}: `).count(), 1, system);
    assert.match((await planet("packit: ").getAttribute("aria-label")) ?? "", /^packit: bad; 1 bad$/);
    const parts = new Set(report.rows.filter(({ system }) => system === "prow").map(({ part }) => part));
    assert.equal(await planet("prow: ").locator(".moon").count(), parts.size);
    const [first] = await side().getByRole("listitem").allInnerTexts();
    assert.match(
      first ?? "",
      /packit, packit-prod\/packit-worker-short-running: 0 of 1 pods.*for 13 min \(workloads\)/s,
    );
    assert.match(await sheet.title(), /^◆ prod: 1 bad, 1 warning, 1 unknown$/);
    assert.equal(await sheet.getByRole("status").textContent(), "1 bad, 1 warning, 1 unknown");
  });

  it("the page can be used by keyboard alone", async () => {
    await planet("callysto: ").focus();
    await sheet.keyboard.press("ArrowRight");
    await sheet.keyboard.press("Enter");
    const [, second = ""] = report.systems;
    assert.equal(await side().getByRole("heading", { level: 2 }).innerText(), second);
    assert.equal(await planet(`${second}: `).getAttribute("aria-pressed"), "true");
    await sheet.keyboard.press("Escape");
    assert.equal(await side().getByRole("heading", { level: 2 }).first().innerText(), "What needs a look");
    await side()
      .getByRole("button", { name: `packit, ${worker}` })
      .press("Enter");
    assert.equal(await side().getByRole("heading", { level: 3 }).first().innerText(), worker);
  });

  it("a click on a planet or a moon opens it, one on the sky closes it", async () => {
    await planet("packit: ").locator(".moon.bad").click({ force: true });
    assert.equal(await side().locator("h3.picked").innerText(), worker);
    await sheet.locator("#orrery").click({ position: { x: 8, y: 8 } });
    assert.equal(await side().getByRole("heading", { level: 2 }).first().innerText(), "What needs a look");
  });

  it("the planets turn slowly, and stand still where reduced motion is asked for", async () => {
    const at = (): Promise<string | null> => planet("prow: ").getAttribute("transform");
    const before = await at();
    await sheet.waitForTimeout(1500);
    assert.equal(await at(), before);
    await sheet.emulateMedia({ reducedMotion: "no-preference" });
    await eventually("it turns", at, (seen) => seen !== before, 20);
  });

  it("the page fits a phone, and light and dark mode", async () => {
    await sheet.setViewportSize({ width: 375, height: 667 });
    // The page draws a frame or more after its size changed.
    await eventually(
      "all labels are in the window",
      async () =>
        await sheet
          .locator(".planet text")
          .evaluateAll((all) =>
            all
              .map((one) =>
                (one as { getBoundingClientRect(): { left: number; right: number } }).getBoundingClientRect(),
              )
              .map(({ left, right }) => [left, right] as const),
          ),
      (labels) => labels.length > 0 && labels.every(([left, right]) => left >= 0 && right <= 375),
    );
    assert.equal(
      await sheet.evaluate("document.documentElement.scrollWidth"),
      375,
      "the page scrolls sideways as a whole",
    );
    const colour = (): Promise<unknown> => sheet.evaluate("getComputedStyle(document.body).color");
    assert.equal(await colour(), "rgb(232, 235, 244)");
    await sheet.emulateMedia({ colorScheme: "light" });
    assert.equal(await colour(), "rgb(29, 32, 40)");
  });

  it("several stacks are side by side, each with its own sun, on a phone below each other; keys and clicks tell them apart", async () => {
    const stage = { ...report, stack: "stage", rows: report.rows.map((row): Row => ({ ...row, state: "ok" })) };
    const served = await serve(0, 30, () => ({ title: "*", reports: [report, stage] }));
    try {
      await sheet.goto(served.url);
      assert.equal(await sheet.getByRole("heading", { level: 1 }).innerText(), "*");
      assert.equal(await sheet.locator("#orrery .planet").count(), 2 * (report.systems.length + 1));
      assert.match((await planet("prod, packit: ").getAttribute("aria-label")) ?? "", /: bad; 1 bad$/);
      assert.match((await planet("stage, packit: ").getAttribute("aria-label")) ?? "", /parts in order$/);
      await planet("stage, packit: ").press("Enter");
      assert.equal(await side().getByRole("heading", { level: 2 }).innerText(), "stage, packit");
      assert.equal(await planet("prod, packit: ").getAttribute("aria-pressed"), "false");
      await sheet.keyboard.press("Escape");
      await side()
        .getByRole("button", { name: `prod, packit, ${worker}` })
        .click();
      assert.equal(await side().locator("h3.picked").innerText(), worker);
      assert.match(await sheet.title(), /^◆ \*: 1 bad, 1 warning, 1 unknown$/);
      await sheet.setViewportSize({ width: 375, height: 667 });
      // The page draws a frame or more after its size changed.
      await eventually(
        "one below the other",
        async () =>
          await Promise.all(["prod", "stage"].map((one) => planet(`${one}, what all systems share`).boundingBox())),
        ([above, below]) => (below?.y ?? 0) > (above?.y ?? 0) + (above?.height ?? Infinity),
      );
      assert.equal(await sheet.evaluate("document.documentElement.scrollWidth"), 375);
    } finally {
      await served.close();
    }
  });

  it("a served page follows what its server says, and tells when that is silent", async () => {
    let now = { ...report, at: new Date().toISOString() };
    const served: Served = await serve(0, 1, () => ({ title: "prod", reports: [now] }));
    await sheet.goto(served.url);
    assert.equal(await sheet.locator("#counts .bad").innerText(), "◆ 1 bad");
    await planet("packit: ").press("Enter");
    const rows = report.rows.map((row): Row =>
      row.part === worker ? { ...row, state: "ok", text: "1 of 1 pods are ready" } : row,
    );
    now = { ...report, rows, at: new Date(Date.now() + 1000).toISOString() };
    await sheet.locator("#counts .bad", { hasText: "0 bad" }).waitFor();
    assert.equal(await planet("packit: ").getAttribute("aria-pressed"), "true", "what was open stays open");
    await served.close();
    await sheet.locator("#time.stale", { hasText: /no answer from the server for \d+ s/ }).waitFor({ timeout: 60_000 });
    complaints.splice(0); // the browser's own words about the closed server
  });

  it("a picture of the page can be taken, and is the docs' on request", async () => {
    const picture = await sheet.screenshot();
    assert.ok(picture.length > 20_000);
    // A picture differs with the machine's fonts; so it is only updated on request.
    if (process.env.UPDATE_PICTURE === "1") writeFileSync(path.join(projectDir, "docs", "status.png"), picture);
  });
});
