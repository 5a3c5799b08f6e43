/** The review's page in a real browser: Debian's Chromium without a window. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { type Browser, chromium, type Page } from "playwright-core";
import { put } from "../../config/stackEdit.ts";
import { projectDir, stackPath } from "../../config/stackFile.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import type { StackChanges } from "../../review/between.ts";
import { page } from "../../review/page.ts";
import { renderForComparison } from "../../review/render.ts";
import { changesBetween } from "../../review/verdict.ts";

describe("the review's page in Chromium", function () {
  this.timeout(300_000);
  let dir: string;
  let browser: Browser;
  let sheet: Page;
  let address: string;
  const asked: string[] = [];
  const complaints: string[] = [];

  /** A stack before and after some edits of its file. */
  async function edited(
    stack: string,
    edits: readonly (readonly [readonly string[], unknown])[],
  ): Promise<StackChanges> {
    const file = path.join(dir, `Pulumi.${stack}.yaml`);
    const text = readFileSync(stackPath(stack), "utf8");
    writeFileSync(
      file,
      edits.reduce((so, [at, value]) => put(so, ["config", ...at], value), text),
    );
    const base = await renderForComparison(stack, { urns: [], secrets: [] });
    const resources = await renderForComparison(stack, { urns: [], secrets: [] }, file);
    const changes = await changesBetween(base, (renewed) => renderForComparison(stack, renewed, file), []);
    return { stack, changes, resources };
  }

  before(async () => {
    await installPackages(["chromium"], () => undefined);
    dir = mkdtempSync(path.join(tmpdir(), "orrery-page-"));
    const stacks = [
      await edited("prod", [
        [["dials:settings", "etl", "priorityEra"], "Run2025"],
        [["dials:settings", "eos", "storageClass"], "another"],
      ]),
      await edited("test", []),
    ];
    address = pathToFileURL(path.join(dir, "review.html")).href;
    writeFileSync(path.join(dir, "review.html"), page("Orrery: a to b", "1 to replace", stacks));
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  });
  after(async () => {
    await browser.close();
    rmSync(dir, { recursive: true });
  });
  beforeEach(async () => {
    sheet = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    sheet.on("request", (request) => asked.push(request.url()));
    sheet.on("pageerror", (error) => complaints.push(error.message));
    sheet.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    await sheet.goto(address);
  });
  afterEach(async () => {
    await sheet.close();
    assert.deepEqual(complaints.splice(0), []);
    assert.deepEqual(
      asked.splice(0).filter((url) => url !== address),
      [],
      "the page asked for something",
    );
  });

  const nodes = (): Promise<string[]> => sheet.getByRole("treeitem").allTextContents();

  it("opens on what changes, and shows what changes in it", async () => {
    assert.ok((await nodes()).some((label) => label.startsWith("prod")));
    assert.ok(!(await nodes()).some((label) => label.startsWith("test")), "nothing changes there");
    await sheet.getByLabel("Search").fill("eos-storage");
    const claim = sheet.getByRole("treeitem", { name: /PersistentVolumeClaim cms-dials-prod\/eos-storage/ });
    assert.match((await claim.getAttribute("class")) ?? "", /replace.*blocking/);
    await claim.click();
    const detail = sheet.getByLabel("Details");
    assert.match(await detail.innerText(), /replaces what holds data, because of spec.storageClassName/);
    assert.deepEqual(await detail.locator(".removed").allTextContents(), ["- eos"]);
    assert.deepEqual(await detail.locator(".added").allTextContents(), ["+ another"]);
  });

  it("searches, and filters by stack, by system and by change", async () => {
    await sheet.getByLabel("Search").fill("common-redbeat");
    assert.deepEqual((await nodes()).filter((label) => label.startsWith("Deployment")).length > 0, true);
    assert.ok(!(await nodes()).some((label) => label.includes("csc-bulk")));
    await sheet.getByLabel("Search").fill("no such thing");
    assert.deepEqual(await nodes(), []);
    assert.ok(await sheet.getByText("Nothing fits.").isVisible());
    await sheet.getByLabel("Search").fill("");
    await sheet.getByLabel("only changes").uncheck();
    assert.ok((await nodes()).some((label) => label.startsWith("test")));
    await sheet.locator("#stack").selectOption("test");
    await sheet.locator("#system").selectOption("thoth");
    await sheet.getByLabel("Search").fill("sesheta");
    const found = await nodes();
    assert.ok(found.length > 3 && !found.some((label) => /^prod|cms-dials/.test(label)), found.join());
  });

  it("is used by keyboard alone", async () => {
    await sheet.keyboard.press("/");
    await sheet.keyboard.type("dials-db-init");
    await sheet.getByRole("treeitem").first().focus();
    await sheet.keyboard.press("End");
    await sheet.keyboard.press("Enter");
    assert.match(await sheet.getByLabel("Details").innerText(), /dials-db-init/);
    await sheet.getByLabel("Search").fill("");
    await sheet.getByRole("treeitem").first().focus();
    const before_ = (await nodes()).length;
    await sheet.keyboard.press("ArrowLeft");
    assert.ok((await nodes()).length < before_);
    await sheet.keyboard.press("ArrowRight");
    assert.equal((await nodes()).length, before_);
    await sheet.keyboard.press("ArrowRight");
    const level = await sheet.locator("[role=treeitem]:focus").getAttribute("aria-level");
    assert.equal(level, "2");
  });

  it("fits a phone, and both lights", async () => {
    await sheet.setViewportSize({ width: 375, height: 667 });
    await sheet.getByRole("treeitem").last().click();
    const wide = await sheet.evaluate("document.documentElement.scrollWidth");
    assert.equal(wide, 375, "the page scrolls sideways as a whole");
    const box = await sheet.getByLabel("Details").boundingBox();
    assert.ok(box !== null && box.width === 375 && box.y > 200, JSON.stringify(box));
    const ground = (): Promise<unknown> => sheet.evaluate("getComputedStyle(document.body).backgroundColor");
    await sheet.emulateMedia({ colorScheme: "light" });
    assert.equal(await ground(), "rgb(255, 255, 255)");
    await sheet.emulateMedia({ colorScheme: "dark" });
    assert.equal(await ground(), "rgb(21, 24, 29)");
  });

  it("looks like its picture in the docs", async function () {
    await sheet.getByLabel("Search").fill("eos");
    await sheet.getByRole("treeitem", { name: /PersistentVolumeClaim cms-dials-prod\/eos-storage/ }).click();
    await sheet.getByLabel("Search").fill("");
    const picture = await sheet.screenshot();
    assert.ok(picture.length > 20_000);
    // A picture differs with the machine's fonts; so it is only made anew when that is asked for.
    if (process.env.UPDATE_PICTURE === "1") writeFileSync(path.join(projectDir, "docs", "review.png"), picture);
  });
});
