/** The review's page in a real browser: Debian's Chromium without a window. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { type Browser, chromium, type Page } from "playwright-core";
import { keepSystems, put } from "../../config/stackEdit.ts";
import { projectDir, stackPath } from "../../config/stackFile.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import type { StackChanges } from "../../review/compareCommits.ts";
import { summaryLine } from "../../review/report/markdown.ts";
import { page } from "../../review/report/page.ts";
import { type Rendered, renderForComparison, type Replacements } from "../../review/evaluate/render.ts";
import { withReplacements } from "../../review/diff/replacements.ts";

describe("the review's page in Chromium", function () {
  this.timeout(600_000);
  let dir: string;
  let browser: Browser;
  let sheet: Page;
  let address: string;
  const asked: string[] = [];
  const complaints: string[] = [];

  /** Two systems of a stack before and after some edits of its file. */
  async function edited(
    stack: string,
    edits: readonly (readonly [readonly string[], unknown])[],
  ): Promise<StackChanges> {
    const [old, file] = ["old", "new"].map((side) => path.join(dir, `Pulumi.${stack}.${side}.yaml`)) as [
      string,
      string,
    ];
    const text = keepSystems(readFileSync(stackPath(stack), "utf8"), ["clusters", "dials", "thoth"]);
    writeFileSync(old, text);
    writeFileSync(
      file,
      edits.reduce((so, [at, value]) => put(so, ["config", ...at], value), text),
    );
    const nothing = { urns: [], secrets: [] };
    const base = await renderForComparison(stack, nothing, old);
    if (edits.length === 0) return { stack, changes: [], moved: [], arrived: [], resources: base };
    const resources = await renderForComparison(stack, nothing, file);
    const again = (renewed: Replacements): Promise<readonly Rendered[]> =>
      renewed.urns.length === 0 ? Promise.resolve(resources) : renderForComparison(stack, renewed, file);
    return { stack, changes: await withReplacements(base, again, []), moved: [], arrived: [], resources };
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
    writeFileSync(path.join(dir, "review.html"), page("Orrery: 4f1c09aa2e to 8d02c7b1f3", summaryLine(stacks), stacks));
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
    sheet.setDefaultTimeout(120_000);
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

  it("the page opens on the changed resources, and shows the changes in each", async () => {
    assert.ok((await nodes()).some((label) => label.startsWith("prod")));
    assert.ok(!(await nodes()).some((label) => label.startsWith("test")), "nothing changes there");
    assert.ok(
      (await nodes()).some((label) => label.startsWith("PersistentVolumeClaim")),
      "few changes are seen at once",
    );
    await sheet.getByLabel("Search").fill("eos-storage");
    const claim = sheet.getByRole("treeitem", { name: /PersistentVolumeClaim cms-dials-prod\/eos-storage/ });
    assert.match((await claim.getAttribute("class")) ?? "", /replace.*risky/);
    await claim.click();
    const detail = sheet.getByLabel("Details", { exact: true });
    assert.match(await detail.innerText(), /replaces a resource that holds data, because of spec.storageClassName/);
    assert.deepEqual(await detail.locator(".removed").allTextContents(), ["- eos"]);
    assert.deepEqual(await detail.locator(".added").allTextContents(), ["+ another"]);
  });

  it("the page can be searched, and filtered by stack, system and change", async () => {
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

  it("the page can be used by keyboard alone", async () => {
    await sheet.keyboard.press("/");
    await sheet.keyboard.type("eos-storage");
    await sheet.getByRole("treeitem").first().focus();
    await sheet.keyboard.press("End");
    await sheet.keyboard.press("Enter");
    assert.match(await sheet.getByLabel("Details", { exact: true }).innerText(), /spec.storageClassName/);
    await sheet.keyboard.press("Escape");
    assert.equal(await sheet.getByLabel("Details", { exact: true }).isVisible(), false);
    await sheet.keyboard.press("/");
    await sheet.keyboard.press("ControlOrMeta+a");
    await sheet.keyboard.press("Delete");
    await sheet.getByRole("treeitem").first().focus();
    const all = (await nodes()).length;
    await sheet.keyboard.press("ArrowLeft");
    assert.ok((await nodes()).length < all);
    await sheet.keyboard.press("ArrowRight");
    assert.equal((await nodes()).length, all);
    await sheet.keyboard.press("ArrowRight");
    const level = await sheet.locator("[role=treeitem]:focus").getAttribute("aria-level");
    assert.equal(level, "2");
  });

  it("the page fits a phone, and light and dark mode", async () => {
    await sheet.setViewportSize({ width: 375, height: 667 });
    await sheet.getByRole("treeitem").last().click();
    const wide = await sheet.evaluate("document.documentElement.scrollWidth");
    assert.equal(wide, 375, "the page scrolls sideways as a whole");
    const box = await sheet.getByLabel("Details", { exact: true }).boundingBox();
    assert.ok(box !== null && box.width === 375 && box.y > 200, JSON.stringify(box));
    const background = (): Promise<unknown> => sheet.evaluate("getComputedStyle(document.body).backgroundColor");
    await sheet.emulateMedia({ colorScheme: "light" });
    assert.equal(await background(), "rgb(255, 255, 255)");
    await sheet.emulateMedia({ colorScheme: "dark" });
    assert.equal(await background(), "rgb(21, 24, 29)");
  });

  it("a picture of the page can be taken, and is the docs' on request", async function () {
    await sheet.getByRole("treeitem", { name: /PersistentVolumeClaim cms-dials-prod\/eos-storage/ }).click();
    const picture = await sheet.screenshot();
    assert.ok(picture.length > 20_000);
    // A picture differs with the machine's fonts; so it is only updated on request.
    if (process.env.UPDATE_PICTURE === "1") writeFileSync(path.join(projectDir, "docs", "review.png"), picture);
  });
});
